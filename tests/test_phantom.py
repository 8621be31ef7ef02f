"""The phantom: deterministic, on a real grid, with lesions of the promised size and kinetics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from breastwidget.errors import VolumeError
from breastwidget.metrics import component_count, longest_diameter_mm
from breastwidget.phantom import KINDS, Phantom, make_phantom
from breastwidget.phantom_anatomy import Grid, smooth_noise
from breastwidget.phantom_lesions import make_lesion, stamp_tube
from breastwidget.volume import Plane

SMALL = {"shape": (96, 88, 30), "spacing_mm": (1.9, 2.0, 4.0)}


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """The default case."""
    return make_phantom()


class TestDefaultCase:
    def test_three_phases_on_one_grid(self, phantom: Phantom) -> None:
        for number, phase in enumerate(phantom.phases):
            assert phase.shape == (256, 256, 60)
            assert phase.data.dtype == np.int16
            assert phase.data.min() >= 0
            assert phase.spacing_mm == pytest.approx((0.7, 0.7, 2.0))
            assert np.array_equal(phase.affine, phantom.phases[0].affine)
            assert phase.source.files == ()
            assert phase.source.phase == number

    def test_is_sagittal_and_stored_against_the_display(self, phantom: Phantom) -> None:
        stack = phantom.phases[0].stack()
        assert stack.plane is Plane.SAGITTAL
        assert stack.shape == (60, 256, 256)
        # Voxel axes run to posterior, superior, left: rows are stored bottom up.
        assert phantom.phases[0].orientation.tolist() == [[1, -1], [2, 1], [0, -1]]

    def test_the_lesion_is_20_to_30_mm_on_12_to_20_slices(self, phantom: Phantom) -> None:
        (lesion,) = phantom.lesions
        extent = [
            np.ptp(np.flatnonzero(lesion.any(axis=axes))) + 1 for axes in ((1, 2), (0, 2), (0, 1))
        ] * np.array([0.7, 0.7, 2.0])
        assert (extent >= 20).all()
        assert (extent <= 30).all()
        assert 12 <= int(lesion.any(axis=(0, 1)).sum()) <= 20
        assert longest_diameter_mm(lesion, (0.7, 0.7, 2.0)) < 34
        assert component_count(lesion) == 1
        assert np.array_equal(phantom.reference, lesion)

    def test_the_lesion_washes_in_and_out(self, phantom: Phantom) -> None:
        before, peak, late = (phase.data[phantom.reference].mean() for phase in phantom.phases)
        assert peak > 1.5 * before
        assert before < late < peak

    def test_its_surroundings_enhance_less_but_do_enhance(self, phantom: Phantom) -> None:
        shell = ndimage.binary_dilation(phantom.reference, iterations=8)
        shell &= ~ndimage.binary_dilation(phantom.reference, iterations=3)
        gain = phantom.subtraction(1).data
        lesion = gain[phantom.reference].mean()
        assert gain[shell].mean() < 0.35 * lesion
        # Glandular tissue or a vessel near by reaches the lesion's own enhancement somewhere.
        assert np.percentile(gain[shell], 99) > 0.6 * lesion

    def test_air_is_rician_noise(self, phantom: Phantom) -> None:
        air = phantom.phases[0].data[:6, 200:, :10]  # In front of the breast, at its top.
        assert 8 < air.mean() < 18
        # A Rayleigh distribution's mean is 1.91 times its standard deviation.
        assert air.mean() / air.std() == pytest.approx(1.91, abs=0.15)

    def test_subtraction(self, phantom: Phantom) -> None:
        for number in (1, 2):
            volume = phantom.subtraction(number)
            expected = phantom.phases[number].data.astype(int) - phantom.phases[0].data
            assert np.array_equal(volume.data, expected)
            assert volume.data.min() < 0
            assert volume.source.subtraction == number

    @pytest.mark.parametrize("n", [0, 3, -1])
    def test_other_subtractions_are_refused(self, phantom: Phantom, n: int) -> None:
        with pytest.raises(VolumeError, match="phases 0, 1 and 2"):
            phantom.subtraction(n)


class TestKinds:
    @pytest.mark.parametrize(("kind", "count"), [("single", 1), ("several", 3), ("scattered", 14)])
    def test_lesions(self, kind: str, count: int) -> None:
        # In slices of 2 mm, the scattered ones stay apart.
        made = make_phantom(kind, seed=3, shape=(180, 180, 60), spacing_mm=(1.0, 1.0, 2.0))
        assert len(made.lesions) == count
        assert all(lesion.any() for lesion in made.lesions)
        assert sum(lesion.sum() for lesion in made.lesions) == made.reference.sum()
        assert component_count(made.reference) == count

    def test_scattered_lesions_are_small(self) -> None:
        made = make_phantom("scattered", seed=1, shape=(180, 180, 60), spacing_mm=(1.0, 1.0, 2.0))
        diameters = [longest_diameter_mm(m, (1.0, 1.0, 2.0)) for m in made.lesions]
        assert max(diameters) < 18
        assert np.median(diameters) < 12

    def test_an_unknown_kind_lists_the_known(self) -> None:
        with pytest.raises(VolumeError, match="single, several, scattered"):
            make_phantom("many")

    def test_a_grid_too_small_is_refused(self) -> None:
        with pytest.raises(VolumeError, match="at least 8 voxels"):
            make_phantom(shape=(256, 256, 1))


class TestSeeds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_seed_gives_the_same_phantom(self, kind: str) -> None:
        first, second = make_phantom(kind, 5, **SMALL), make_phantom(kind, 5, **SMALL)
        for one, other in zip(first.phases, second.phases, strict=True):
            assert np.array_equal(one.data, other.data)
        assert np.array_equal(first.reference, second.reference)

    def test_another_seed_gives_another(self) -> None:
        first, second = make_phantom(seed=5, **SMALL), make_phantom(seed=6, **SMALL)
        assert not np.array_equal(first.reference, second.reference)

    def test_the_lesion_keeps_its_size_in_mm_on_another_grid(self) -> None:
        fine = make_phantom(seed=2)
        coarse = make_phantom(seed=2, shape=(128, 128, 40), spacing_mm=(1.4, 1.4, 3.0))
        volumes = [p.reference.sum() * p.phases[0].voxel_volume_ml for p in (fine, coarse)]
        assert volumes[0] == pytest.approx(volumes[1], rel=0.5)


class TestParts:
    def test_noise_is_standard_and_smooth(self) -> None:
        noise = smooth_noise(np.random.default_rng(0), (40, 50, 30), (1.0, 1.0, 2.0), 10.0)
        assert noise.shape == (40, 50, 30)
        assert float(noise.mean()) == pytest.approx(0, abs=1e-4)
        assert float(noise.std()) == pytest.approx(1, abs=1e-4)
        assert np.abs(np.diff(noise, axis=0)).mean() < 0.25

    def test_a_straight_tube_has_its_radius(self) -> None:
        grid = Grid((60, 40, 40), (0.5, 0.5, 0.5))
        field = np.zeros(grid.shape, dtype=np.float32)
        points = [(np.array([x, 10.0, 10.0]), 2.0) for x in np.arange(4, 26, 0.4)]
        stamp_tube(field, grid, points)
        area = (field[30] > 0.5).sum() * 0.25
        assert area == pytest.approx(np.pi * 4, rel=0.1)
        assert field[30, 20, 20] > 0.99
        assert field[30, 30, 30] == 0

    def test_a_tube_that_leaves_the_grid_is_cut(self) -> None:
        grid = Grid((10, 10, 10), (1.0, 1.0, 1.0))
        field = np.zeros(grid.shape, dtype=np.float32)
        stamp_tube(
            field, grid, [(np.array([-0.5, 5.0, 5.0]), 1.5), (np.array([40, 5.0, 5.0]), 1.0)]
        )
        assert field[0].max() > 0.5
        assert field[5:].max() == 0

    def test_lesions_are_about_as_large_as_asked(self) -> None:
        grid, centre = Grid((50, 50, 20), (0.7, 0.7, 2.0)), np.array([17.5, 17.5, 20.0])
        shapes = [
            make_lesion(np.random.default_rng(seed), grid, centre, 5.0, 0) for seed in range(12)
        ]
        volumes = [float(shape.cover.sum()) * 0.98 for shape in shapes]
        assert np.mean(volumes) == pytest.approx(4 / 3 * np.pi * 125, rel=0.25)
        for shape in shapes:
            assert 0 <= shape.cover.min() <= shape.cover.max() <= 1
            assert shape.core.max() > 0.55
            assert shape.core[shape.cover < 0.01].max() < 0.05

    def test_spicules_reach_further(self) -> None:
        grid, centre = Grid((50, 50, 20), (0.7, 0.7, 2.0)), np.array([17.5, 17.5, 20.0])
        smooth, spiky = (
            make_lesion(np.random.default_rng(4), grid, centre, 5.0, count).cover > 0.5
            for count in (0, 12)
        )
        assert spiky.sum() > smooth.sum()
        assert not (smooth & ~spiky).any()

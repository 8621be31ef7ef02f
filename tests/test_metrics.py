"""Metrics on toy masks whose answers are known by hand, and against a second library."""

import math

import numpy as np
import pytest
import surface_distance
from scipy import ndimage
from scipy.spatial import cKDTree

from breastwidget import metrics

SPACING = (0.7, 0.7, 2.0)


def empty(shape: tuple[int, int, int] = (12, 12, 12)) -> np.ndarray:
    return np.zeros(shape, dtype=bool)


def voxel(i: int, j: int, k: int) -> np.ndarray:
    mask = empty()
    mask[i, j, k] = True
    return mask


def block(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    mask = empty()
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def ball(radius_mm: float, spacing: tuple[float, float, float], shift: float = 0.0) -> np.ndarray:
    counts = [int(np.ceil((radius_mm + 4) / step)) for step in spacing]
    axes = [np.arange(-n, n + 1) * step for n, step in zip(counts, spacing, strict=True)]
    i, j, k = np.meshgrid(*axes, indexing="ij")
    return (i - shift) ** 2 + j**2 + k**2 <= radius_mm**2


def blob(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(30, 28, 16))
    return ndimage.gaussian_filter(noise, 3) > 0.01


class TestDice:
    def test_half_overlap(self) -> None:
        # 8 and 8 voxels, 4 shared.
        assert metrics.dice(block((2, 2, 2), (4, 4, 4)), block((2, 2, 3), (4, 4, 5))) == 0.5

    def test_apart_and_same(self) -> None:
        assert metrics.dice(voxel(1, 1, 1), voxel(2, 1, 1)) == 0.0
        assert metrics.dice(voxel(1, 1, 1), voxel(1, 1, 1)) == 1.0

    def test_empty(self) -> None:
        assert metrics.dice(empty(), empty()) == 1.0
        assert metrics.dice(voxel(1, 1, 1), empty()) == 0.0
        assert metrics.dice(empty(), voxel(1, 1, 1)) == 0.0

    def test_other_shapes_are_refused(self) -> None:
        with pytest.raises(ValueError, match="one shape"):
            metrics.dice(empty(), empty((3, 3, 3)))


class TestHausdorff:
    @pytest.mark.parametrize(("axis", "expected"), [(0, 2.1), (1, 2.1), (2, 6.0)])
    def test_two_voxels_three_apart(self, axis: int, expected: float) -> None:
        place = [4, 4, 4]
        place[axis] += 3
        distance = metrics.hd95_mm(voxel(4, 4, 4), voxel(*place), SPACING)
        assert distance == pytest.approx(expected, rel=1e-6)

    def test_is_symmetric_and_takes_the_larger_direction(self) -> None:
        # Every voxel of the near block is in the far one, whose farthest voxel is 5 away.
        near, far = block((2, 2, 2), (4, 4, 4)), block((2, 2, 2), (4, 4, 9))
        there = metrics.hd95_mm(near, far, (1.0, 1.0, 1.0))
        assert there == metrics.hd95_mm(far, near, (1.0, 1.0, 1.0))
        assert there == pytest.approx(5.0)

    def test_whole_millimetres_as_integers(self) -> None:
        assert metrics.hd95_mm(voxel(4, 4, 4), voxel(4, 4, 7), (0.7, 1, 2)) == pytest.approx(6.0)

    def test_empty(self) -> None:
        diagonal = math.sqrt((12 * 0.7) ** 2 + (12 * 0.7) ** 2 + 24.0**2)
        assert metrics.hd95_mm(empty(), empty(), SPACING) == 0.0
        assert metrics.hd95_mm(voxel(1, 1, 1), empty(), SPACING) == pytest.approx(diagonal)
        assert metrics.hd95_mm(empty(), voxel(1, 1, 1), SPACING) == pytest.approx(diagonal)

    @pytest.mark.parametrize("seed", range(3))
    def test_by_brute_force(self, seed: int) -> None:
        first, second = blob(seed), blob(seed + 10)
        edges = [
            np.argwhere(mask & ~ndimage.binary_erosion(mask)) * SPACING for mask in (first, second)
        ]
        there = cKDTree(edges[1]).query(edges[0])[0]
        back = cKDTree(edges[0]).query(edges[1])[0]
        expected = max(np.percentile(there, 95), np.percentile(back, 95))
        assert metrics.hd95_mm(first, second, SPACING) == pytest.approx(expected, rel=1e-5)

    def test_second_library_agrees_on_shifted_balls(self) -> None:
        first, second = ball(9, SPACING), ball(9, SPACING, shift=3.5)
        distances = surface_distance.compute_surface_distances(first, second, SPACING)
        other = surface_distance.compute_robust_hausdorff(distances, 95)
        # That library weights by area and places the surface between voxels.
        assert metrics.hd95_mm(first, second, SPACING) == pytest.approx(other, abs=0.7)

    def test_the_challenge_measures_in_voxels(self) -> None:
        assert metrics.hd95_challenge_voxels(voxel(4, 4, 4), voxel(4, 4, 7)) == pytest.approx(3.0)

    def test_the_challenge_caps_at_150(self) -> None:
        mask, other = empty((3, 3, 400)), empty((3, 3, 400))
        mask[1, 1, 1], other[1, 1, 398] = True, True
        assert metrics.hd95_challenge_voxels(mask, other) == 150.0
        assert metrics.hd95_challenge_voxels(mask, empty((3, 3, 400))) == 150.0
        assert metrics.hd95_challenge_voxels(empty(), empty()) == 0.0


class TestSurfaceDice:
    def test_tolerance_decides(self) -> None:
        first, second = block((2, 2, 2), (6, 6, 6)), block((2, 2, 2), (6, 6, 6))
        assert metrics.surface_dice(first, second, (1.0, 1.0, 1.0)) == 1.0
        far = block((2, 2, 9), (6, 6, 12))
        assert metrics.surface_dice(first, far, (1.0, 1.0, 1.0), tolerance_mm=2.0) == 0.0
        assert metrics.surface_dice(first, far, (1.0, 1.0, 1.0), tolerance_mm=8.0) == 1.0

    def test_the_spacing_of_the_right_axis_counts(self) -> None:
        apart_in_plane = metrics.surface_dice(voxel(4, 4, 4), voxel(6, 4, 4), SPACING)
        apart_across = metrics.surface_dice(voxel(4, 4, 4), voxel(4, 4, 6), SPACING)
        assert apart_in_plane == 1.0  # 1.4 mm
        assert apart_across < 0.6  # 4 mm

    def test_empty(self) -> None:
        assert metrics.surface_dice(empty(), empty(), SPACING) == 1.0
        assert metrics.surface_dice(voxel(1, 1, 1), empty(), SPACING) == 0.0
        assert metrics.surface_dice(empty(), voxel(1, 1, 1), SPACING) == 0.0

    @pytest.mark.parametrize("seed", range(3))
    def test_second_library_agrees(self, seed: int) -> None:
        first = np.pad(blob(seed), 4)
        second = np.roll(first, (2, 1, 0), axis=(0, 1, 2))
        distances = surface_distance.compute_surface_distances(first, second, SPACING)
        expected = surface_distance.compute_surface_dice_at_tolerance(distances, 1.0)
        assert 0 < expected < 1
        ours = metrics.surface_dice(first, second, SPACING, tolerance_mm=1.0)
        assert ours == pytest.approx(expected, abs=1e-5)


class TestSize:
    def test_volume(self) -> None:
        assert metrics.volume_ml(block((0, 0, 0), (2, 3, 4)), 0.5) == 12.0
        assert metrics.volume_ml(empty(), 0.5) == 0.0

    def test_diameter_of_one_voxel_is_its_largest_spacing(self) -> None:
        assert metrics.longest_diameter_mm(voxel(3, 3, 3), SPACING) == pytest.approx(2.0)
        assert metrics.longest_diameter_mm(voxel(0, 11, 0), (5.0, 1.0, 1.0)) == pytest.approx(5.0)

    def test_diameter_of_a_line_is_its_length(self) -> None:
        line = block((1, 5, 5), (11, 6, 6))
        assert metrics.longest_diameter_mm(line, (0.5, 0.5, 0.5)) == pytest.approx(5.0)

    def test_diameter_of_a_flat_square(self) -> None:
        # Side-face centres: from (0, 0.5) to (10, 9.5) along the square's two sides.
        square = block((1, 1, 5), (11, 11, 6))
        expected = math.hypot(10, 9)
        assert metrics.longest_diameter_mm(square, (1.0, 1.0, 1.0)) == pytest.approx(expected)

    def test_diameter_of_a_ball(self) -> None:
        # The outermost voxels' centres lie at 12 mm, their outer faces half a voxel further.
        spacing = (0.5, 0.5, 0.5)
        assert metrics.longest_diameter_mm(ball(12, spacing), spacing) == pytest.approx(24.5)

    def test_diameter_spans_separate_pieces(self) -> None:
        mask = voxel(0, 5, 5) | voxel(10, 5, 5)
        assert metrics.longest_diameter_mm(mask, (1.0, 1.0, 1.0)) == pytest.approx(11.0)

    def test_diameter_of_nothing(self) -> None:
        assert metrics.longest_diameter_mm(empty(), SPACING) == 0.0

    def test_components_touch_at_corners(self) -> None:
        assert metrics.component_count(empty()) == 0
        assert metrics.component_count(voxel(1, 1, 1) | voxel(2, 2, 2)) == 1
        assert metrics.component_count(voxel(1, 1, 1) | voxel(3, 1, 1) | voxel(11, 11, 11)) == 3


class TestScores:
    def test_one_row(self) -> None:
        mask, reference = block((2, 2, 2), (4, 4, 5)), block((2, 2, 2), (4, 4, 4))
        scores = metrics.score_masks(mask, reference, (1.0, 1.0, 1.0), 0.001)
        assert scores.dice == pytest.approx(16 / 20)
        assert scores.hd95_mm == pytest.approx(1.0)
        assert scores.surface_dice_2mm == 1.0
        assert scores.volume_ml == pytest.approx(0.012)
        assert scores.reference_volume_ml == pytest.approx(0.008)
        assert scores.volume_error_percent == pytest.approx(50.0)
        assert scores.note == ""

    def test_both_empty_says_so(self) -> None:
        scores = metrics.score_masks(empty(), empty(), (1.0, 1.0, 1.0), 0.001)
        assert (scores.dice, scores.hd95_mm, scores.surface_dice_2mm) == (1.0, 0.0, 1.0)
        assert scores.note == "empty mask and reference"
        assert math.isnan(scores.volume_error_percent)

    def test_a_missed_lesion_is_scored_and_said(self) -> None:
        scores = metrics.score_masks(empty(), voxel(1, 1, 1), (1.0, 1.0, 1.0), 0.001)
        assert scores.dice == 0.0
        assert scores.volume_error_percent == -100.0
        assert scores.note == "empty mask"

    def test_table(self) -> None:
        good = metrics.score_masks(voxel(1, 1, 1), voxel(1, 1, 1), SPACING, 0.001)
        missed = metrics.score_masks(empty(), voxel(1, 1, 1), SPACING, 0.001)
        table = metrics.score_table({"top-to-bottom": good})
        assert list(table.index) == ["top-to-bottom"]
        assert "note" not in table.columns
        table = metrics.score_table({"a": good, "b": missed})
        assert table.loc["b", "note"] == "empty mask"
        assert table["dice"].tolist() == [1.0, 0.0]

    def test_the_conventions_name_every_score(self) -> None:
        for name in ("Dice", "HD95", "Surface Dice", "Longest diameter", "diagonal", "2 mm"):
            assert name in metrics.CONVENTIONS


class TestLargestPart:
    def test_a_speck_does_not_decide_the_diameter(self) -> None:
        mask = np.zeros((20, 12, 12), dtype=bool)
        mask[2:6, 3:6, 3:6] = True
        mask[18, 10, 10] = True
        part = metrics.largest_part(mask)
        assert int(part.sum()) == 36
        assert not part[18, 10, 10]
        assert not metrics.largest_part(np.zeros((3, 3, 3), dtype=bool)).any()

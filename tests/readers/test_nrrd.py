from __future__ import annotations

import nrrd
import numpy as np
import pytest

from breastwidget.errors import VolumeError
from breastwidget.readers import load, write_volume
from breastwidget.volume import same_grid

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def save(path, data, **header):
    nrrd.write(str(path), data, header)
    return path


def test_lps_becomes_ras(tmp_path, voxels):
    path = save(
        tmp_path / "scan.nrrd",
        voxels,
        space="left-posterior-superior",
        **{"space directions": np.diag([0.7, 0.8, 2.5]), "space origin": [10.0, 20.0, 30.0]},
    )
    volume = load(path)
    assert np.array_equal(volume.data, voxels)
    assert volume.data.dtype == np.int16
    # The voxel (1, 2, 3) lies at LPS (10.7, 21.6, 37.5).
    assert volume.affine @ (1, 2, 3, 1) == pytest.approx([-10.7, -21.6, 37.5, 1])


def test_oblique_directions_are_kept(tmp_path, voxels, oblique, save_nifti):
    lps = LPS @ oblique
    path = save(
        tmp_path / "scan.nrrd",
        voxels,
        space="LPS",
        **{"space directions": lps[:3, :3].T, "space origin": lps[:3, 3]},
    )
    assert same_grid(load(path), load(save_nifti("scan.nii.gz", voxels, oblique)))


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("right-anterior-superior", (1, 1, 1)),
        ("left-anterior-superior", (-1, 1, 1)),
        ("LPS", (-1, -1, 1)),
    ],
)
def test_each_space(tmp_path, voxels, space, signs):
    header = {"space directions": np.eye(3), "space origin": [1.0, 2.0, 3.0]}
    volume = load(save(tmp_path / "scan.nrrd", voxels, space=space, **header))
    assert volume.affine[:3, 3] == pytest.approx(np.array(signs) * (1, 2, 3))
    assert np.diag(volume.affine)[:3] == pytest.approx(signs)


def test_no_space_is_taken_as_lps(tmp_path, voxels):
    volume = load(save(tmp_path / "scan.nrrd", voxels, spacings=[0.5, 0.6, 2.0]))
    assert np.allclose(volume.affine, np.diag([-0.5, -0.6, 2.0, 1.0]))


@pytest.mark.parametrize("phase_axis", [0, 3])
def test_4d_has_phases(tmp_path, voxels, phase_axis):
    data = np.stack([voxels, voxels * 2], axis=phase_axis)
    directions = np.insert(np.diag([0.7, 0.8, 2.5]), phase_axis, np.nan, axis=0)
    kinds = ["domain"] * 3
    kinds.insert(phase_axis, "list")
    header = {"space directions": directions, "space origin": [0.0, 0.0, 0.0], "kinds": kinds}
    path = save(tmp_path / "scan.nrrd", data, space="LPS", **header)
    with pytest.raises(VolumeError, match=r"2 phases.*--phase"):
        load(path)
    assert np.array_equal(load(path, phase=1).data, voxels * 2)
    assert np.array_equal(load(path, subtraction=1).data, voxels)
    assert load(path, phase=0).spacing_mm == pytest.approx((0.7, 0.8, 2.5))


def test_a_detached_header_is_read_and_its_data_counts_in_the_digest(tmp_path, voxels):
    header = {"space directions": np.eye(3), "space origin": [0.0, 0.0, 0.0], "encoding": "raw"}
    path = save(tmp_path / "scan.nhdr", voxels, space="LPS", **header)
    first = load(path)
    assert np.array_equal(first.data, voxels)
    (tmp_path / "scan.raw").write_bytes((voxels + 1).tobytes(order="F"))
    assert load(path).source.sha256 != first.source.sha256


def test_nifti_to_nrrd_keeps_the_grid(save_nifti, tmp_path, voxels, oblique):
    source = load(save_nifti("scan.nii.gz", voxels, oblique))
    write_volume(tmp_path / "copy.nrrd", source)
    copy = load(tmp_path / "copy.nrrd")
    assert same_grid(source, copy, tolerance_mm=1e-6)
    assert np.array_equal(copy.data, voxels)


class TestRefused:
    def test_text(self, tmp_path):
        (tmp_path / "text.nrrd").write_text("no voxels")
        with pytest.raises(VolumeError, match="expected an NRRD file"):
            load(tmp_path / "text.nrrd")

    @pytest.mark.parametrize("encoding", ["raw", "gzip"])
    def test_truncated(self, tmp_path, voxels, encoding):
        path = save(tmp_path / "scan.nrrd", voxels, spacings=[1.0, 1.0, 1.0], encoding=encoding)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(VolumeError, match="truncated"):
            load(path)

    def test_missing_data_file(self, tmp_path, voxels):
        path = save(tmp_path / "scan.nhdr", voxels, spacings=[1.0, 1.0, 1.0], encoding="raw")
        (tmp_path / "scan.raw").unlink()
        with pytest.raises(VolumeError, match="cannot be read"):
            load(path)

    @pytest.mark.parametrize("size", [0.0, -1.0])
    def test_spacing_that_is_not_above_zero(self, tmp_path, voxels, size):
        with pytest.raises(VolumeError, match="above 0 mm"):
            load(save(tmp_path / "scan.nrrd", voxels, spacings=[1.0, size, 1.0]))

    def test_zero_direction(self, tmp_path, voxels):
        header = {"space directions": np.diag([1.0, 0.0, 1.0]), "space origin": [0.0, 0.0, 0.0]}
        with pytest.raises(VolumeError, match="above 0 mm"):
            load(save(tmp_path / "scan.nrrd", voxels, space="LPS", **header))

    def test_no_voxel_sizes(self, tmp_path, voxels):
        with pytest.raises(VolumeError, match="neither"):
            load(save(tmp_path / "scan.nrrd", voxels))

    def test_2d(self, tmp_path):
        data = np.arange(12, dtype=np.int16).reshape(3, 4)
        with pytest.raises(VolumeError, match="2-D"):
            load(save(tmp_path / "flat.nrrd", data, spacings=[1.0, 1.0]))

    def test_colours(self, tmp_path):
        data = np.zeros((3, 4, 5, 6), np.uint8)
        header = {
            "space directions": np.insert(np.eye(3), 0, np.nan, axis=0),
            "space origin": [0.0, 0.0, 0.0],
            "kinds": ["RGB-color", "domain", "domain", "domain"],
        }
        with pytest.raises(VolumeError, match="gray"):
            load(save(tmp_path / "rgb.nrrd", data, space="LPS", **header), phase=0)

    def test_unknown_space(self, tmp_path, voxels):
        header = {"space directions": np.eye(3), "space origin": [0.0, 0.0, 0.0]}
        with pytest.raises(VolumeError, match="scanner-xyz"):
            load(save(tmp_path / "scan.nrrd", voxels, space="scanner-xyz", **header))

from __future__ import annotations

import errno
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from breastwidget.errors import OutputError
from breastwidget.readers import load, load_mask, write_mask, write_volume
from breastwidget.volume import Volume, same_grid


@pytest.fixture
def mask(voxels) -> np.ndarray:
    return voxels > 300


@pytest.mark.parametrize(("sform_code", "qform_code"), [(1, 1), (0, 1), (4, 0), (2, 1)])
@pytest.mark.parametrize("image_class", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_mask_has_its_sources_geometry(
    tmp_path, voxels, oblique, mask, sform_code, qform_code, image_class
):
    image = image_class(voxels, oblique)
    image.header.set_sform(oblique, sform_code)
    image.header.set_qform(oblique, qform_code)
    image.header.set_slope_inter(2.0, 1.0)
    image.header.set_dim_info(slice=1)
    nib.save(image, tmp_path / "scan.nii.gz")
    volume = load(tmp_path / "scan.nii.gz")
    write_mask(tmp_path / "mask.nii.gz", mask, volume)

    source, written = nib.load(tmp_path / "scan.nii.gz"), nib.load(tmp_path / "mask.nii.gz")
    assert type(written) is image_class
    assert np.array_equal(written.affine, source.affine)
    for field in ("sform_code", "qform_code", "srow_x", "srow_y", "srow_z"):
        assert np.array_equal(written.header[field], source.header[field]), field
    assert np.array_equal(written.header["pixdim"][:4], source.header["pixdim"][:4])
    assert written.header.get_dim_info() == (None, None, 1)
    assert written.get_data_dtype() == np.uint8
    assert np.array_equal(np.asarray(written.dataobj), mask.astype(np.uint8))
    assert written.header.get_intent()[0] == "label"


def test_a_mask_of_one_phase_is_3d(tmp_path, voxels, oblique, mask, save_nifti):
    path = save_nifti("dynamic.nii.gz", np.stack([voxels, voxels * 3], -1), oblique)
    volume = load(path, subtraction=1)
    write_mask(tmp_path / "mask.nii.gz", mask, volume)
    written = nib.load(tmp_path / "mask.nii.gz")
    assert written.shape == (6, 5, 4)
    assert np.array_equal(written.affine, nib.load(path).affine)


@pytest.mark.parametrize("name", ["mask.nii.gz", "mask.nii", "mask.nrrd"])
def test_a_volume_without_a_header(tmp_path, voxels, oblique, mask, name):
    volume = Volume(voxels, oblique, slice_axis=2)  # as from DICOM
    write_mask(tmp_path / name, mask, volume)
    assert np.array_equal(load_mask(tmp_path / name, volume), mask)
    assert same_grid(load(tmp_path / name), volume, tolerance_mm=1e-4)
    if name.startswith("mask.nii"):
        header = nib.load(tmp_path / name).header
        assert (header["sform_code"], header["qform_code"]) == (1, 1)
        assert np.allclose(header.get_qform(), oblique, atol=1e-4)


def test_a_header_of_another_grid_is_not_used(tmp_path, voxels, mask, save_nifti):
    volume = load(save_nifti("scan.nii", voxels))
    moved = Volume(voxels, np.diag([2.0, 2.0, 2.0, 1.0]), header=volume.header)
    write_mask(tmp_path / "mask.nii", mask, moved)
    assert np.array_equal(nib.load(tmp_path / "mask.nii").affine, moved.affine)


def test_the_same_mask_gives_the_same_bytes(tmp_path, voxels, mask):
    volume = Volume(voxels, np.eye(4))
    for name in ("a.nii.gz", "b.nii.gz"):
        write_mask(tmp_path / name, mask, volume)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        (np.int16, np.int16),
        (np.uint16, np.uint16),
        (np.int32, np.int32),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float64),
        (np.float16, np.float32),
        (bool, np.uint8),
    ],
)
@pytest.mark.parametrize("name", ["copy.nii.gz", "copy.nrrd"])
def test_voxels_survive_writing(tmp_path, oblique, dtype, stored, name):
    data = (np.arange(60).reshape(3, 4, 5) % 7).astype(dtype)
    volume = Volume(data, oblique)
    write_volume(tmp_path / name, volume)
    copy = load(tmp_path / name)
    assert copy.data.dtype == stored
    assert np.array_equal(copy.data, data)
    assert same_grid(copy, volume, tolerance_mm=1e-4)


def full_disk(path: Path, content: bytes) -> int:
    with path.open("wb") as stream:
        stream.write(content[: len(content) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class TestRefused:
    def test_a_full_disk_leaves_nothing_behind(self, tmp_path, voxels, mask, monkeypatch):
        volume = Volume(voxels, np.eye(4))
        monkeypatch.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(OutputError, match="No space left"):
            write_mask(tmp_path / "mask.nii.gz", mask, volume)
        assert list(tmp_path.iterdir()) == []

    def test_a_full_disk_keeps_the_old_file(self, tmp_path, voxels, mask, monkeypatch):
        volume = Volume(voxels, np.eye(4))
        write_mask(tmp_path / "mask.nii.gz", mask, volume)
        monkeypatch.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(OutputError):
            write_mask(tmp_path / "mask.nii.gz", ~mask, volume)
        monkeypatch.undo()
        assert np.array_equal(load_mask(tmp_path / "mask.nii.gz", volume), mask)

    def test_a_rename_that_fails_keeps_the_old_file(self, tmp_path, voxels, mask, monkeypatch):
        def refuse(*_: object) -> None:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))

        volume = Volume(voxels, np.eye(4))
        write_mask(tmp_path / "mask.nii.gz", mask, volume)
        monkeypatch.setattr(os, "replace", refuse)
        with pytest.raises(OutputError, match="Permission denied"):
            write_mask(tmp_path / "mask.nii.gz", ~mask, volume)
        assert [path.name for path in tmp_path.iterdir()] == ["mask.nii.gz"]
        assert np.array_equal(load_mask(tmp_path / "mask.nii.gz", volume), mask)

    @pytest.mark.parametrize("folder", ["none", "file"])
    def test_a_folder_that_is_not_there(self, tmp_path, voxels, mask, folder):
        (tmp_path / "file").touch()
        with pytest.raises(OutputError, match="Could not write"):
            write_mask(tmp_path / folder / "mask.nii.gz", mask, Volume(voxels, np.eye(4)))

    def test_another_shape(self, tmp_path, voxels, mask):
        with pytest.raises(OutputError, match=r"\(6, 5, 4\), got \(4, 5, 6\)"):
            write_mask(tmp_path / "mask.nii.gz", mask.T, Volume(voxels, np.eye(4)))

    def test_another_suffix(self, tmp_path, voxels, mask):
        with pytest.raises(OutputError, match=r"\.nii\.gz, \.nii or \.nrrd"):
            write_mask(tmp_path / "mask.mha", mask, Volume(voxels, np.eye(4)))

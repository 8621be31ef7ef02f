from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
import pytest

from breastwidget.errors import VolumeError
from breastwidget.readers import load


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "Scan.NII.GZ"])
def test_voxels_affine_and_dtype_are_the_files_own(save_nifti, voxels, oblique, name):
    path = save_nifti(name, voxels, oblique)
    volume = load(path)
    assert volume.data.dtype == np.int16
    assert np.array_equal(volume.data, voxels)
    assert np.array_equal(volume.affine, nib.load(path).affine)
    assert volume.name == name.split(".", maxsplit=1)[0]
    assert volume.source.files == (str(path),)
    assert volume.source.phase is None
    assert volume.data.flags.writeable


def test_big_endian_voxels_become_native(tmp_path, voxels):
    image = nib.Nifti1Image(voxels, np.eye(4)).as_reoriented(np.array([[0, 1], [1, 1], [2, 1]]))
    swapped = nib.Nifti1Image(image.dataobj, image.affine, image.header.as_byteswapped(">"))
    nib.save(swapped, tmp_path / "big.nii")
    assert (tmp_path / "big.nii").read_bytes()[:4] == b"\x00\x00\x01\x5c"
    volume = load(tmp_path / "big.nii")
    assert volume.data.dtype.isnative
    assert np.array_equal(volume.data, voxels)


def test_scaled_voxels_become_float32(tmp_path, voxels):
    image = nib.Nifti1Image(voxels, np.eye(4))
    image.header.set_slope_inter(0.5, 3)
    path = tmp_path / "scaled.nii.gz"
    nib.save(image, path)
    stored = nib.load(path)
    slope, inter = stored.dataobj.slope, stored.dataobj.inter
    assert (slope, inter) == (0.5, 3)
    volume = load(path)
    assert volume.data.dtype == np.float32
    assert np.array_equal(volume.data, np.asarray(stored.dataobj.get_unscaled()) * 0.5 + 3)


def test_nifti_2_is_read(tmp_path, voxels):
    nib.save(nib.Nifti2Image(voxels, np.eye(4)), tmp_path / "two.nii.gz")
    assert np.array_equal(load(tmp_path / "two.nii.gz").data, voxels)


def test_the_headers_slice_axis_is_used(tmp_path, voxels):
    image = nib.Nifti1Image(voxels, np.eye(4))
    image.header.set_dim_info(slice=0)
    nib.save(image, tmp_path / "scan.nii")
    assert load(tmp_path / "scan.nii").slice_axis == 0


def test_a_trailing_axis_of_one_is_no_phase(save_nifti, voxels):
    volume = load(save_nifti("scan.nii.gz", voxels[..., None]))
    assert np.array_equal(volume.data, voxels)


def test_few_nan_are_kept(save_nifti, voxels):
    data = voxels.astype(np.float32)
    data[0, 0, 0] = np.nan
    assert np.isnan(load(save_nifti("scan.nii.gz", data)).data[0, 0, 0])


class TestRefused:
    def test_missing_file(self, tmp_path):
        with pytest.raises(VolumeError, match="no such file"):
            load(tmp_path / "none.nii.gz")

    @pytest.mark.parametrize(
        ("name", "message"), [("text.nii.gz", "not gzip"), ("text.nii", "expected a NIfTI image")]
    )
    def test_text_file(self, tmp_path, name, message):
        (tmp_path / name).write_text("these are no voxels\n" * 100)
        with pytest.raises(VolumeError, match=message):
            load(tmp_path / name)

    def test_gzipped_text(self, tmp_path):
        (tmp_path / "text.nii.gz").write_bytes(gzip.compress(b"no voxels" * 100))
        with pytest.raises(VolumeError, match="expected a NIfTI image"):
            load(tmp_path / "text.nii.gz")

    def test_empty_file(self, tmp_path):
        (tmp_path / "empty.nii.gz").touch()
        with pytest.raises(VolumeError, match="empty"):
            load(tmp_path / "empty.nii.gz")

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
    @pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nii"])
    def test_truncated(self, save_nifti, voxels, name, kept):
        path = save_nifti(
            name, np.random.default_rng(0).permutation(voxels.ravel()).reshape(6, 5, 4)
        )
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept)])
        with pytest.raises(VolumeError, match=r"truncated|header cannot be read"):
            load(path)

    def test_damaged_gzip(self, save_nifti, voxels):
        path = save_nifti("scan.nii.gz", voxels)
        content = bytearray(path.read_bytes())
        content[-6] ^= 0xFF  # in gzip's checksum: only reading to the end finds it
        path.write_bytes(content)
        with pytest.raises(VolumeError, match="damaged"):
            load(path)

    @pytest.mark.parametrize("shape", [(8, 9), (8, 9, 1)])
    def test_2d(self, save_nifti, shape):
        data = np.arange(72, dtype=np.int16).reshape(shape)
        with pytest.raises(VolumeError, match="expected a 3-D image"):
            load(save_nifti("flat.nii.gz", data))

    def test_5d(self, save_nifti):
        with pytest.raises(VolumeError, match="5-D"):
            load(save_nifti("vector.nii.gz", np.zeros((3, 4, 5, 1, 3), np.float32)))

    def test_colours(self, tmp_path):
        rgb = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
        nib.save(nib.Nifti1Image(rgb, np.eye(4)), tmp_path / "rgb.nii")
        with pytest.raises(VolumeError, match="one number per voxel"):
            load(tmp_path / "rgb.nii")

    @pytest.mark.parametrize("size", [0.0, -0.7, np.nan])
    def test_spacing_that_is_not_above_zero(self, save_nifti, voxels, size):
        path = save_nifti("scan.nii", voxels)
        content = bytearray(path.read_bytes())
        content[84:88] = np.float32(size).tobytes()  # pixdim[2]
        path.write_bytes(content)
        with pytest.raises(VolumeError, match="above 0 mm"):
            load(path)

    def test_an_sform_that_has_no_depth(self, tmp_path, voxels):
        image = nib.Nifti1Image(voxels, np.eye(4))
        image.header["srow_z"] = 0
        image.header["sform_code"] = 1
        (tmp_path / "scan.nii").write_bytes(
            image.header.binaryblock + b"\0" * 4 + voxels.tobytes(order="F")
        )
        with pytest.raises(VolumeError, match="above 0 mm"):
            load(tmp_path / "scan.nii")

    @pytest.mark.parametrize("value", [0, 7])
    def test_constant(self, save_nifti, value):
        with pytest.raises(VolumeError, match=f"every voxel has the value {value}"):
            load(save_nifti("flat.nii.gz", np.full((4, 5, 6), value, np.int16)))

    @pytest.mark.parametrize("share", [0.6, 1.0])
    def test_mostly_nan(self, save_nifti, voxels, share):
        data = voxels.astype(np.float32).ravel()
        data[: int(share * data.size)] = np.nan
        with pytest.raises(VolumeError, match="NaN"):
            load(save_nifti("nan.nii.gz", data.reshape(voxels.shape)))

    def test_unknown_suffix_lists_what_is_read(self, tmp_path):
        (tmp_path / "scan.mha").write_bytes(b"x")
        with pytest.raises(VolumeError, match=r"'\.mha'.*\.nii\.gz.*\.nrrd.*DICOM"):
            load(tmp_path / "scan.mha")

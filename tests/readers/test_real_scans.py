"""Scans that no one here made."""

from __future__ import annotations

import shutil

import nibabel as nib
import numpy as np
import pytest

from breastwidget.errors import VolumeError
from breastwidget.readers import find_case, load, load_mask, write_mask
from breastwidget.volume import Plane, same_grid

SARCOMAS = ("STS_003", "STS_012", "STS_024", "STS_035", "STS_043")


@pytest.fixture
def nact(real_data):
    return real_data / "breast_nact"


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_dicom_and_nifti_of_nact_06_are_one_scan(nact, phase):
    nifti = load(nact / "images" / "NACT_06", phase=phase)
    dicom = load(nact / "dicom" / "image_dce_3dfgre_orig", phase=phase)
    assert same_grid(nifti, dicom, tolerance_mm=1e-4)
    assert nifti.data.dtype == dicom.data.dtype == np.int16
    assert np.array_equal(nifti.data, dicom.data)
    assert nifti.native_plane is dicom.native_plane is Plane.SAGITTAL


def test_subtraction_of_nact_06(nact):
    folder = nact / "images" / "NACT_06"
    files = [folder / f"nact_06_000{n}.nii.gz" for n in range(2)]
    before, after = (np.asarray(nib.load(path).dataobj).astype(np.int64) for path in files)
    for source in (folder, files, nact / "dicom" / "image_dce_3dfgre_orig"):
        assert np.array_equal(load(source, subtraction=1).data, after - before)


def test_the_ftv_reference_of_nact_06(nact):
    volume = load(nact / "images" / "NACT_06")
    mask = load_mask(nact / "segmentations" / "ftv" / "nact_06.nii.gz", volume)
    areas = volume.stack().from_voxels(mask).sum(axis=(1, 2))
    assert volume.shape == (256, 256, 60)
    assert mask.sum() == 39594
    assert tuple(np.flatnonzero(areas)[[0, -1]]) == (12, 50)
    assert areas.argmax() == 21
    whole = load_mask(nact / "segmentations" / "ftv" / "nact_06_with_specks.nii.gz", volume)
    assert whole.sum() * volume.voxel_volume_ml == pytest.approx(40.6, abs=0.05)


def test_a_mask_written_for_dicom_overlays_the_nifti(nact, tmp_path):
    dicom = load(nact / "dicom" / "image_dce_3dfgre_orig")
    reference = nact / "segmentations" / "ftv" / "nact_06.nii.gz"
    mask = load_mask(reference, dicom)
    write_mask(tmp_path / "mask.nii.gz", mask, dicom)
    nifti = load(nact / "images" / "NACT_06")
    assert np.array_equal(load_mask(tmp_path / "mask.nii.gz", nifti), mask)
    assert np.allclose(nib.load(tmp_path / "mask.nii.gz").affine, nib.load(reference).affine)


def test_a_mask_written_for_nifti_has_its_affine_bit_by_bit(nact, tmp_path):
    volume = load(nact / "images" / "NACT_06")
    write_mask(tmp_path / "mask.nii.gz", volume.data > 100, volume)
    source = nib.load(nact / "images" / "NACT_06" / "nact_06_0001.nii.gz")
    assert np.array_equal(nib.load(tmp_path / "mask.nii.gz").affine, source.affine)


def test_an_axial_copy_takes_the_same_reference(nact, tmp_path):
    """The scan reordered to axial storage still gets the reference, voxel by voxel."""
    source = nib.load(nact / "images" / "NACT_06" / "nact_06_0001.nii.gz")
    nib.save(nib.as_closest_canonical(source), tmp_path / "ras.nii.gz")
    canonical = load(tmp_path / "ras.nii.gz")
    reference = nact / "segmentations" / "ftv" / "nact_06.nii.gz"
    mask = load_mask(reference, canonical)
    expected = np.asarray(nib.as_closest_canonical(nib.load(reference)).dataobj) > 0
    assert np.array_equal(mask, expected)
    native = load(nact / "images" / "NACT_06")
    for plane in ("axial", "coronal", "sagittal"):
        pictures = canonical.stack(plane).pixels, native.stack(plane).pixels
        turned = pictures[1] if np.array_equal(*pictures) else pictures[1][::-1]
        assert np.array_equal(pictures[0], turned)


def test_find_case(nact):
    case = find_case(nact / "images" / "NACT_06")
    assert case.case_id == "nact_06"
    assert list(case.phases) == [0, 1, 2]
    assert case.segmentations["ftv"].name == "nact_06.nii.gz"


def test_a_file_taken_from_the_dicom_series_is_missed(nact, tmp_path):
    series = nact / "dicom" / "image_dce_3dfgre_orig"
    for path in sorted(series.iterdir()):
        if path.name != "1-013.dcm":
            shutil.copy(path, tmp_path)
    with pytest.raises(VolumeError, match=r"missing.*2 at 133\.80 mm"):
        load(tmp_path)


def test_breast_crop(real_data):
    volume = load(real_data / "breast_crop" / "breast1_image.nrrd")
    mask = load_mask(real_data / "breast_crop" / "breast1_label.nrrd", volume)
    assert (volume.shape, volume.data.dtype) == ((45, 120, 21), np.int16)
    assert volume.spacing_mm == pytest.approx((0.664, 0.664, 2.1), abs=1e-3)
    assert nib.aff2axcodes(volume.affine) == ("L", "P", "S")
    assert mask.sum() == 143
    assert np.count_nonzero(mask.any(axis=(0, 1))) == 3


@pytest.mark.parametrize("case", SARCOMAS)
def test_sarcomas(real_data, case):
    volume = load(real_data / "sarcoma_mr" / case / "MR_T1_image.nii.gz")
    mask = load_mask(real_data / "sarcoma_mr" / case / "MR_T1_mask.nii.gz", volume)
    assert volume.data.dtype == np.float32
    assert volume.native_plane is Plane.AXIAL
    assert 20 <= np.count_nonzero(mask.any(axis=(0, 1))) <= 38

"""Reference masks: another storage order is undone, another grid refused."""

from __future__ import annotations

from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import apply_orientation, inv_ornt_aff

from breastwidget.errors import ReferenceMaskError
from breastwidget.readers import load_mask, write_volume
from breastwidget.volume import Volume

ORDERS = [
    np.column_stack([order, signs])
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]


@pytest.fixture
def volume(voxels, oblique) -> Volume:
    return Volume(voxels, oblique, "scan")


@pytest.fixture
def mask() -> np.ndarray:
    """An L of four voxels, which no flip or turn maps onto itself."""
    mask = np.zeros((6, 5, 4), bool)
    mask[1, 1, 1] = mask[2, 1, 1] = mask[1, 2, 1] = mask[1, 1, 3] = True
    return mask


def test_the_same_grid(volume, mask, save_nifti):
    loaded = load_mask(save_nifti("mask.nii.gz", mask.astype(np.uint8), volume.affine), volume)
    assert loaded.dtype == bool
    assert np.array_equal(loaded, mask)


@pytest.mark.parametrize("orientation", ORDERS, ids=lambda o: str(o.tolist()).replace(" ", ""))
def test_any_other_storage_order_is_undone(volume, mask, save_nifti, orientation):
    stored = apply_orientation(mask.astype(np.uint8), orientation)
    affine = volume.affine @ inv_ornt_aff(orientation, mask.shape)
    path = save_nifti("mask.nii", np.ascontiguousarray(stored), affine)
    assert np.array_equal(load_mask(path, volume), mask)


def test_nrrd_beside_nifti(volume, mask, tmp_path):
    write_volume(tmp_path / "mask.nrrd", volume.with_data(mask))
    assert np.array_equal(load_mask(tmp_path / "mask.nrrd", volume), mask)


def test_every_label_counts(volume, mask, save_nifti):
    labels = mask * np.arange(1, 121).reshape(mask.shape)
    path = save_nifti("labels.nii.gz", labels.astype(np.int16), volume.affine)
    assert np.array_equal(load_mask(path, volume), mask)


class TestRefused:
    def test_empty(self, volume, save_nifti):
        path = save_nifti("mask.nii", np.zeros(volume.shape, np.uint8), volume.affine)
        with pytest.raises(ReferenceMaskError, match="empty mask"):
            load_mask(path, volume)

    def test_other_shape(self, volume, save_nifti):
        path = save_nifti("mask.nii", np.ones((6, 5, 3), np.uint8), volume.affine)
        with pytest.raises(
            ReferenceMaskError, match=r"\(6, 5, 3\) where the image has \(6, 5, 4\)"
        ):
            load_mask(path, volume)

    def test_other_place(self, volume, mask, save_nifti):
        moved = volume.affine.copy()
        moved[:3, 3] += (3, 0, 4)
        path = save_nifti("mask.nii", mask.astype(np.uint8), moved)
        with pytest.raises(ReferenceMaskError, match=r"corners up to 5\.00 mm away"):
            load_mask(path, volume)

    def test_other_spacing(self, volume, mask, save_nifti):
        path = save_nifti("mask.nii", mask.astype(np.uint8), volume.affine @ np.diag([1, 1, 2, 1]))
        # The last of four slices, 2.5 mm apart, lies 7.5 mm too far.
        with pytest.raises(ReferenceMaskError, match=r"corners up to 7\.50 mm away"):
            load_mask(path, volume)

    def test_missing(self, volume, tmp_path):
        with pytest.raises(ReferenceMaskError, match="no such file"):
            load_mask(tmp_path / "none.nii.gz", volume)

    def test_text(self, volume, tmp_path):
        (tmp_path / "mask.nii.gz").write_text("no mask")
        with pytest.raises(ReferenceMaskError, match="not gzip"):
            load_mask(tmp_path / "mask.nii.gz", volume)

    def test_a_folder(self, volume, tmp_path):
        with pytest.raises(ReferenceMaskError, match="got a folder"):
            load_mask(tmp_path, volume)

    def test_4d(self, volume, mask, save_nifti):
        path = save_nifti("mask.nii", np.stack([mask, mask], -1).astype(np.uint8), volume.affine)
        with pytest.raises(ReferenceMaskError, match="3-D reference mask"):
            load_mask(path, volume)

    def test_flat(self, volume, tmp_path):
        nib.save(nib.Nifti1Image(np.ones((6, 5), np.uint8), volume.affine), tmp_path / "m.nii")
        with pytest.raises(ReferenceMaskError, match="3-D"):
            load_mask(tmp_path / "m.nii", volume)

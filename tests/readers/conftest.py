"""Small images, and DICOM folders made from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_series import DicomSeries


@pytest.fixture
def voxels() -> np.ndarray:
    """(6, 5, 4) int16, each voxel another value, negative ones among them."""
    return (np.arange(120, dtype=np.int16) * 7 - 100).reshape(6, 5, 4)


@pytest.fixture
def oblique() -> np.ndarray:
    """An affine with three different voxel sizes, turned by 20 degrees, one axis flipped."""
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[-c, -s, 0], [s, -c, 0], [0, 0, 1]]) @ np.diag([0.7, 0.8, 2.5])
    affine[:3, 3] = (60, -40, 15)
    return affine


SaveNifti = Callable[..., Path]


@pytest.fixture
def save_nifti(tmp_path: Path) -> SaveNifti:
    def save(name: str, data: np.ndarray, affine: np.ndarray | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(data, np.eye(4) if affine is None else affine), path)
        return path

    return save


@pytest.fixture
def series(tmp_path: Path) -> DicomSeries:
    return DicomSeries(tmp_path / "series")

"""Reference masks: read, put into the volume's voxel order, and checked against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation
from numpy.typing import NDArray

from breastwidget.errors import ReferenceMaskError, VolumeError
from breastwidget.readers.files import open_file
from breastwidget.volume import Volume, same_grid

__all__ = ["load_mask", "onto_grid"]


def load_mask(path: str | Path, volume: Volume) -> NDArray[np.bool_]:
    """Read a reference segmentation (NIfTI or NRRD) onto the grid of `volume`.

    Returns (i, j, k) bool in the volume's voxel order; every value above 0 counts as tumour. The
    mask must share the volume's grid, but may store it in another axis order or direction: that
    is undone exactly, without resampling. Raises `ReferenceMaskError` for a file that cannot be
    read, another grid, or an empty mask.
    """
    return onto_grid(_read(Path(path)), volume, str(path))


def onto_grid(mask: Volume, volume: Volume, label: str) -> NDArray[np.bool_]:
    """`mask` as (i, j, k) bool in the voxel order of `volume`; `label` names it in errors."""
    inside = np.asarray(_aligned(mask, volume, label).data > 0)
    if not inside.any():
        raise ReferenceMaskError(
            f"{label}: expected a segmentation, got an empty mask (no voxel above 0); give the "
            "mask of this image."
        )
    return inside


def _read(path: Path) -> Volume:
    try:
        phases = open_file(path)
        if len(phases.numbers) > 1:
            raise ReferenceMaskError(
                f"{path}: expected a 3-D reference mask, got {phases.description}; give one mask."
            )
        return phases.read(0)
    except VolumeError as error:
        raise ReferenceMaskError(f"The reference mask could not be read. {error}") from error


def _aligned(mask: Volume, volume: Volume, label: str) -> Volume:
    """`mask` with its axes permuted and flipped to run as the volume's do."""
    # Mask voxels → volume voxels: a signed permutation where both store one grid.
    between = np.linalg.inv(volume.affine) @ mask.affine
    orientation = io_orientation(between)
    if np.isnan(orientation).any():
        raise _misfit(mask, volume, label)
    data = apply_orientation(mask.data, orientation)
    affine = mask.affine @ inv_ornt_aff(orientation, mask.shape)
    aligned = Volume(data, affine, mask.name)
    if not same_grid(aligned, volume):
        raise _misfit(aligned, volume, label)
    return aligned


def _misfit(mask: Volume, volume: Volume, label: str) -> ReferenceMaskError:
    if mask.shape != volume.shape:
        came = f"shape {mask.shape} where the image has {volume.shape}"
    else:
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in mask.shape], [1], indexing="ij"))
        moved = ((mask.affine - volume.affine) @ corners.reshape(4, -1))[:3]
        distance = float(np.sqrt((moved**2).sum(axis=0)).max())
        came = f"the same shape {mask.shape}, but corners up to {distance:.2f} mm away"
    return ReferenceMaskError(
        f"{label}: expected a mask on the grid of {volume.name}, got {came}; resample the mask "
        "onto the image, or give the mask that was drawn on it."
    )

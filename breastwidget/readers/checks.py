"""Whether voxels can be used as an image, and in what form they are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError
from breastwidget.volume import Volume

__all__ = ["check_image", "native_array"]


def check_image(volume: Volume) -> None:
    """Raise `VolumeError` unless `volume` shows something that can be segmented.

    At least two voxels along every axis, more than half of the voxels finite, and the finite ones
    not all equal. Fewer NaN or infinite voxels are accepted and left as they are: whoever windows
    the image treats them as its darkest value.
    """
    if min(volume.shape) < 2:
        raise VolumeError(
            f"{volume.name}: expected a 3-D image, got a single slice (shape {volume.shape}); "
            "give the whole series."
        )
    data = volume.data
    lowest, highest, finite = _finite_range(data)
    if 2 * finite < data.size:
        raise VolumeError(
            f"{volume.name}: expected voxel values, but {data.size - finite} of {data.size} voxels "
            "are NaN or infinite; export the image again."
        )
    if lowest == highest:
        raise VolumeError(
            f"{volume.name}: expected an image, but every voxel has the value {lowest:g}; "
            "check that the right file or phase was given."
        )


def _finite_range(data: NDArray[Any]) -> tuple[float, float, int]:
    """Lowest and highest finite value, and how many values are finite."""
    if data.dtype.kind != "f":
        return float(data.min()), float(data.max()), data.size
    finite = np.isfinite(data)
    count = int(np.count_nonzero(finite))
    if count == 0:
        return np.nan, np.nan, 0
    lowest = data.min(where=finite, initial=np.inf)
    highest = data.max(where=finite, initial=-np.inf)
    return float(lowest), float(highest), count


def native_array(data: NDArray[Any], name: str) -> NDArray[Any]:
    """`data` with the same values and kind, as torch and VTK can take it.

    Native byte order, writable, at most 64 bits. Raises `VolumeError` for voxels that are not one
    real number each (complex, RGB).
    """
    if data.dtype.kind not in "biuf":
        raise VolumeError(
            f"{name}: expected one number per voxel, got voxels of type {data.dtype}; "
            "export the image in gray values."
        )
    dtype = data.dtype.newbyteorder("=")
    if dtype.kind == "f" and dtype.itemsize > 8:
        dtype = np.dtype(np.float64)
    data = data.astype(dtype, copy=False)
    return data if data.flags.writeable else data.copy(order="K")

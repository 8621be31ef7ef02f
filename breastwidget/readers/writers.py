"""Masks and volumes → NIfTI or NRRD files that overlay their source."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import OutputError
from breastwidget.readers.nifti import encode_nifti
from breastwidget.readers.nrrd import encode_nrrd
from breastwidget.readers.paths import suffix
from breastwidget.volume import Volume

__all__ = ["write_mask", "write_volume"]


def write_mask(path: str | Path, mask: NDArray[Any], volume: Volume) -> None:
    """Write an (i, j, k) bool mask on the grid of `volume` as uint8 0 and 1.

    `path` ends in .nii.gz, .nii or .nrrd. A mask of a NIfTI source carries the source's sform,
    qform and their codes. The file appears whole or not at all. Raises `OutputError` where it
    cannot be written, or where the mask has another shape.
    """
    if mask.shape != volume.shape:
        raise OutputError(
            f"{path}: expected a mask of the volume's shape {volume.shape}, got {mask.shape}."
        )
    _write(Path(path), (np.asarray(mask) != 0).astype(np.uint8), volume, label=True)


def write_volume(path: str | Path, volume: Volume) -> None:
    """Write a volume's voxels with its geometry, as `write_mask` does.

    The dtype is kept where the format has it; bool becomes uint8, float16 float32, and 64-bit
    integers, which few viewers read, float64.
    """
    _write(Path(path), _storable(volume.data), volume, label=False)


def _storable(data: NDArray[Any]) -> NDArray[Any]:
    if data.dtype.kind == "b":
        return data.astype(np.uint8)
    if data.dtype == np.float16:
        return data.astype(np.float32)
    if data.dtype.kind in "iu" and data.dtype.itemsize == 8:
        return data.astype(np.float64)
    return data


def _write(path: Path, data: NDArray[Any], volume: Volume, *, label: bool) -> None:
    kind = suffix(path)
    if kind == ".nrrd":
        content = encode_nrrd(data, volume)
    elif kind in (".nii", ".nii.gz"):
        content = encode_nifti(data, volume, compress=kind == ".nii.gz", label=label)
    else:
        raise OutputError(f"{path}: expected a name ending in .nii.gz, .nii or .nrrd; rename it.")
    _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename: a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        raise OutputError(
            f"Could not write {path}: {error.strerror or error}. Free some space or choose another "
            "place; nothing was left behind."
        ) from error
    finally:
        with suppress(OSError):  # The error above says it all.
            beside.unlink(missing_ok=True)

"""NRRD files: read into volumes (LPS to RAS), and voxels back into bytes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError
from breastwidget.readers.checks import native_array
from breastwidget.readers.paths import file_bytes, stem
from breastwidget.readers.phases import Phases, single
from breastwidget.volume import Affine, Volume

__all__ = ["encode_nrrd", "open_nrrd"]

# Sign of each world axis on the way to RAS+. A file without `space` is taken as LPS, as ITK does.
_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
}
_NO_SPACE = "lps"
# Kinds of an axis along which whole images follow each other.
_PHASE_KINDS = ("list", "time", "domain", "space", "???", "none")


def open_nrrd(path: Path) -> Phases:
    """Open a .nrrd or .nhdr file; one non-spatial axis counts as phases.

    The affine is made from `space directions` (oblique ones included) and `space origin`, or from
    `spacings`; a file without a `space` field is taken as LPS, as ITK does. Raises `VolumeError`
    for a file that is not NRRD, is damaged, or does not say where its voxels lie.
    """
    data, header = _read(path)
    data, directions, phase_axis = _split_axes(path, data, header)
    affine = _affine(path, header, directions)
    files = _files(path, header)
    name = stem(path)
    if phase_axis is not None and data.shape[phase_axis] == 1:
        data, phase_axis = data.squeeze(phase_axis), None
    if phase_axis is None:
        return single(name, partial(_volume, data, affine, name), files)

    def read(phase: int) -> Volume:
        return _volume(data.take(phase, axis=phase_axis), affine, name)

    numbers = tuple(range(data.shape[phase_axis]))
    what = f"a 4-D one of shape {data.shape}"
    return Phases(name, numbers, read, lambda _: files, None, what)


def _volume(data: NDArray[Any], affine: Affine, name: str) -> Volume:
    return Volume(native_array(data, name), affine, name)


def _read(path: Path) -> tuple[NDArray[Any], Mapping[str, Any]]:
    import nrrd

    if file_bytes(path)[:4] != b"NRRD":
        raise VolumeError(f"{path}: expected an NRRD file, got something else; check the file.")
    try:
        data, header = nrrd.read(str(path), index_order="F")
    except (nrrd.NRRDError, ValueError, OSError, EOFError, zlib.error, KeyError) as error:
        raise VolumeError(
            f"{path}: the NRRD file cannot be read ({error}); it may be truncated, damaged, or "
            "lack its data file. Copy or export it again."
        ) from error
    return data, header


def _files(path: Path, header: Mapping[str, Any]) -> tuple[Path, ...]:
    """The file, and the data file that a detached header names."""
    named = str(header.get("data file", header.get("datafile", "")))
    beside = path.parent / named
    return (path, beside) if named and beside.is_file() else (path,)


def _split_axes(
    path: Path, data: NDArray[Any], header: Mapping[str, Any]
) -> tuple[NDArray[Any], Affine, int | None]:
    """Voxels, the (3, 3) directions of the three spatial axes (as rows), and the phase axis."""
    directions = _directions(path, header, data.ndim)
    if directions.shape[1] != 3:
        raise VolumeError(
            f"{path}: expected a space of 3 dimensions, got {directions.shape[1]}; export the "
            "image with 3-D space directions."
        )
    spatial = np.isfinite(directions).all(axis=1)
    others = np.flatnonzero(~spatial)
    if np.count_nonzero(spatial) != 3 or len(others) > 1:
        raise VolumeError(
            f"{path}: expected a 3-D image (or a 4-D one with phases), got {data.ndim}-D of shape "
            f"{data.shape} with {np.count_nonzero(spatial)} spatial axes."
        )
    if len(others) == 0:
        return data, directions, None
    axis = int(others[0])
    kind = str((header.get("kinds") or ["list"] * data.ndim)[axis])
    if kind.lower() not in _PHASE_KINDS:
        raise VolumeError(
            f"{path}: expected one gray value per voxel, got an axis of kind {kind!r}; export the "
            "image in gray values."
        )
    return data, directions[spatial], axis


def _directions(path: Path, header: Mapping[str, Any], dimension: int) -> Affine:
    """One row per axis: its step in world mm, NaN for an axis that is not spatial."""
    if (given := header.get("space directions")) is not None:
        width = max((len(row) for row in given if row is not None), default=0)
        rows = [np.full(width, np.nan) if row is None else np.asarray(row) for row in given]
        return np.asarray(rows, dtype=np.float64)
    if (spacings := header.get("spacings")) is None:
        raise VolumeError(
            f"{path}: expected voxel sizes, but the header has neither 'space directions' nor "
            "'spacings'; export the image with them."
        )
    sizes = np.asarray(spacings, dtype=np.float64)
    # Axes without a spacing, or a fourth one with a spacing in time, are not spatial.
    spatial = [axis for axis in range(dimension) if np.isfinite(sizes[axis])][:3]
    if (sizes[spatial] <= 0).any():
        raise VolumeError(
            f"{path}: expected voxel sizes above 0 mm, got {tuple(sizes.tolist())} ('spacings'); "
            "repair the file's header."
        )
    rows_of = np.full((dimension, 3), np.nan)
    for world, axis in enumerate(spatial):
        rows_of[axis] = np.eye(3)[world] * sizes[axis]
    return rows_of


def _affine(path: Path, header: Mapping[str, Any], directions: Affine) -> Affine:
    """4x4 map from voxel indices to mm in RAS+."""
    space = str(header.get("space", _NO_SPACE)).lower()
    if space not in _TO_RAS:
        raise VolumeError(
            f"{path}: expected a patient space (LPS, RAS or LAS), got {space!r}; export the image "
            "in one of these."
        )
    signs = np.array(_TO_RAS[space], dtype=np.float64)
    affine = np.eye(4)
    affine[:3, :3] = directions.T * signs[:, None]
    origin = np.asarray(header.get("space origin", np.zeros(3)), dtype=np.float64)
    affine[:3, 3] = np.where(np.isfinite(origin), origin, 0.0) * signs
    return affine


def encode_nrrd(data: NDArray[Any], volume: Volume) -> bytes:
    """NRRD bytes (gzip, LPS) of (i, j, k) `data` on the grid of `volume`."""
    import nrrd

    to_lps = np.array([-1.0, -1.0, 1.0])
    header = {
        "space": "left-posterior-superior",
        "space directions": (volume.affine[:3, :3] * to_lps[:, None]).T,
        "space origin": volume.affine[:3, 3] * to_lps,
        "kinds": ["domain"] * 3,
        "encoding": "gzip",
    }
    buffer = io.BytesIO()
    nrrd.write(buffer, data, header, index_order="F")
    return buffer.getvalue()

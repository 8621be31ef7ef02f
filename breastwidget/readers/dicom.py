"""A folder of DICOM files → volumes, one per phase."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError
from breastwidget.readers.checks import native_array
from breastwidget.readers.dicom_frames import DicomFrame, read_frames
from breastwidget.readers.dicom_layout import DicomLayout, arrange
from breastwidget.readers.phases import Phases, default_phase
from breastwidget.volume import Source, Volume

__all__ = ["open_dicom_folder", "source_frames"]

_SLICE_AXIS = 2


def open_dicom_folder(folder: Path) -> Phases | None:
    """Open the one DICOM series in `folder`; None where the folder holds no DICOM file.

    Voxels are (i = column, j = row, k = slice along the normal), in the stored dtype, or float32
    where a file rescales them. Several phases may share the series; classic files with one image
    each and enhanced multi-frame files are read. Raises `VolumeError` for several series, a
    missing or duplicate slice, uneven spacing, or a file that cannot be decoded.
    """
    frames, dicom_files = read_frames(folder)
    if dicom_files == 0:
        return None
    name = folder.resolve().name
    if not frames:
        raise VolumeError(
            f"{folder}: expected DICOM images with position and orientation, but none of its "
            f"{dicom_files} DICOM files has them; point at the folder of an image series."
        )
    layout = arrange(frames, str(folder))
    numbers = tuple(range(len(layout.phases)))
    return Phases(
        name,
        numbers,
        partial(_volume, layout, name),
        partial(_files, layout),
        default_phase(numbers),
    )


def source_frames(source: Source) -> tuple[DicomFrame, ...] | None:
    """The frames that a volume's voxels came from, one for each slice k, without pixels.

    A subtraction's are those of its later phase. None where the volume was not read from DICOM
    folders. Raises `VolumeError` where the folder cannot be read any more.
    """
    number = source.phase if source.subtraction is None else source.subtraction
    number = number or 0
    # Several paths are the phases of one scan, in order; one folder may hold them all.
    several = len(source.files) > 1
    if not source.files or (several and number >= len(source.files)):
        return None
    folder = Path(source.files[number if several else 0])
    if not folder.is_dir():
        return None
    frames, _ = read_frames(folder)
    if not frames:
        return None
    phases = arrange(frames, str(folder)).phases
    at = 0 if several else number
    return phases[at] if at < len(phases) else None


def _files(layout: DicomLayout, phase: int) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(frame.path for frame in layout.phases[phase]))


def _volume(layout: DicomLayout, name: str, phase: int) -> Volume:
    slices = _pixels(layout.phases[phase])
    # (slice, row, column) in memory, seen as (column, row, slice).
    data = np.stack(slices).transpose(2, 1, 0)
    return Volume(native_array(data, name), layout.affine, name, slice_axis=_SLICE_AXIS)


def _pixels(frames: Sequence[DicomFrame]) -> list[NDArray[Any]]:
    """The (rows, columns) pixels of each frame; a multi-frame file is decoded once."""
    pixels: list[NDArray[Any]] = []
    path: Path | None = None
    dataset: Any = None
    decoded: NDArray[Any] = np.empty((0, 0, 0))
    for frame in frames:
        if frame.path != path:
            path = frame.path
            dataset, decoded = _decode(path)
        columns, rows = frame.shape
        image = decoded.reshape((-1, rows, columns))[frame.index]
        pixels.append(_rescaled(image, *_rescaling(dataset, frame.index)))
    return pixels


def _decode(path: Path) -> tuple[Any, NDArray[Any]]:
    from pydicom import dcmread

    try:
        dataset = dcmread(path)
    except Exception as error:  # A damaged file can make the parser fail in any way.
        raise _undecodable(path, error) from error
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    try:
        return dataset, np.asarray(dataset.pixel_array)
    except Exception as error:  # So can a damaged picture, and each decoder in its own.
        if syntax is not None and syntax.is_compressed:
            raise VolumeError(
                f"{path}: the pixels are compressed as {syntax.name}, which could not be decoded "
                f"({_first_line(error)}); install a decoder (pip install pylibjpeg "
                "pylibjpeg-libjpeg pylibjpeg-openjpeg), or export the series uncompressed."
            ) from error
        raise _undecodable(path, error) from error


def _undecodable(path: Path, error: Exception) -> VolumeError:
    return VolumeError(
        f"{path}: the DICOM pixels cannot be read ({_first_line(error)}); the file may be "
        "truncated: copy or export it again."
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _rescaling(dataset: Any, index: int) -> tuple[float, float]:
    """Slope and intercept of a frame: from the file, or an enhanced file's functional groups."""
    holders = [dataset]
    shared = dataset.get("SharedFunctionalGroupsSequence", ())
    own = dataset.get("PerFrameFunctionalGroupsSequence", ())
    for group in (*own[index : index + 1], *shared[:1]):
        holders.extend(group.get("PixelValueTransformationSequence", ()))
    for holder in holders:
        if "RescaleSlope" in holder:
            return float(holder.RescaleSlope), float(holder.get("RescaleIntercept", 0))
    return 1.0, 0.0


def _rescaled(image: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    """Stored values as they are, or float32 where they are rescaled."""
    if (slope, intercept) == (1.0, 0.0):
        return image
    return (image * slope + intercept).astype(np.float32)

"""DICOM files → frames: what each image says about its place, its time and its series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError

__all__ = ["TIME_KEYS", "DicomFrame", "read_frames"]

# What may tell the phases of one series apart, in the order in which it is believed.
TIME_KEYS = (
    "TemporalPositionIdentifier",
    "AcquisitionNumber",
    "TriggerTime",
    "AcquisitionTime",
    "ContentTime",
    "InstanceNumber",
)
_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")


@dataclass(frozen=True, eq=False)
class DicomFrame:
    """One 2-D image of a DICOM file, without its pixels.

    `origin_mm` (3,) is the centre of its first pixel in LPS; `directions` (2, 3) are the unit
    vectors along which columns, then rows, are counted; `spacing_mm` the distances between columns
    and between rows; `shape` the numbers of columns and rows. `times` has a number for those of
    `TIME_KEYS` that the file gives; `contrast` what else can differ at one position (echo time,
    b value, image type).
    """

    path: Path
    index: int
    uid: str
    series_uid: str
    series_description: str
    origin_mm: NDArray[np.float64]
    directions: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    shape: tuple[int, int]
    times: Mapping[str, float]
    contrast: tuple[str, ...]


def read_frames(folder: Path) -> tuple[list[DicomFrame], int]:
    """The images of the DICOM files in `folder` (not its subfolders), and how many files are DICOM.

    Hidden files, files that are not DICOM and DICOM objects without a placed image (reports,
    presentation states) are passed over. Raises `VolumeError` for a file named as DICOM that
    cannot be read.
    """
    frames: list[DicomFrame] = []
    dicom_files = 0
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        dataset = _header(path)
        if dataset is not None:
            dicom_files += 1
            frames.extend(_frames(dataset, path))
    return frames, dicom_files


def _header(path: Path) -> Any:
    """The file's data set without pixels; None where it is no DICOM file."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        return dcmread(path, stop_before_pixels=True)
    except InvalidDicomError as error:
        if path.suffix.lower() not in _DICOM_SUFFIXES:
            return None
        raise _unreadable(path, error) from error
    except Exception as error:  # A damaged file can make the parser fail in any way.
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> VolumeError:
    return VolumeError(
        f"{path}: the DICOM file cannot be read ({error}); copy it again, or take it out of the "
        "folder if it is no image."
    )


def _frames(dataset: Any, path: Path) -> Iterator[DicomFrame]:
    """The frames of one data set: one, or those of an enhanced multi-frame object."""
    if "Rows" not in dataset or int(dataset.get("SamplesPerPixel", 1)) != 1:
        return
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        if "ImagePositionPatient" in dataset and "ImageOrientationPatient" in dataset:
            yield _frame(dataset, dataset, path, 0)
        return
    shared = dataset.get("SharedFunctionalGroupsSequence", [None])[0]
    for index, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        merged = _merged_groups(shared, group)
        if "ImagePositionPatient" in merged and "ImageOrientationPatient" in merged:
            yield _frame(dataset, merged, path, index)


def _merged_groups(shared: Any, own: Any) -> dict[str, Any]:
    """The elements of the shared and the frame's own functional groups, one level, flat."""
    merged: dict[str, Any] = {}
    for groups in (shared, own):
        for element in groups or ():
            if element.VR == "SQ" and len(element.value) > 0:
                merged.update({item.keyword: item.value for item in element.value[0]})
    merged["AcquisitionNumber"] = merged.get("FrameAcquisitionNumber")
    merged["TemporalPositionIdentifier"] = merged.get("TemporalPositionIndex")
    merged["AcquisitionDateTime"] = merged.get("FrameAcquisitionDateTime")
    merged["EchoTime"] = merged.get("EffectiveEchoTime")
    merged["ImageType"] = merged.get("FrameType")
    return merged


def _frame(dataset: Any, placed: Any, path: Path, index: int) -> DicomFrame:
    """A frame whose place and time are in `placed`, all else in `dataset`."""
    spacing = placed.get("PixelSpacing")
    try:
        rows_mm, columns_mm = (float(value) for value in spacing)
        origin = np.array(placed.get("ImagePositionPatient"), dtype=np.float64).reshape(3)
        directions = np.array(placed.get("ImageOrientationPatient"), dtype=np.float64)
        directions = directions.reshape(2, 3)
    except (TypeError, ValueError) as error:
        raise VolumeError(
            f"{path}: expected a pixel spacing, position and orientation, got {spacing!r}, "
            f"{placed.get('ImagePositionPatient')!r} and {placed.get('ImageOrientationPatient')!r};"
            " export the series again."
        ) from error
    if not min(rows_mm, columns_mm) > 0:
        raise VolumeError(
            f"{path}: expected a pixel spacing above 0 mm, got {rows_mm} and {columns_mm}; repair "
            "the series."
        )
    return DicomFrame(
        path=path,
        index=index,
        uid=str(dataset.get("SOPInstanceUID", path)),
        series_uid=str(dataset.get("SeriesInstanceUID", "")),
        series_description=str(dataset.get("SeriesDescription", "")),
        origin_mm=origin,
        directions=directions,
        spacing_mm=(columns_mm, rows_mm),
        shape=(int(dataset.Columns), int(dataset.Rows)),
        times=_times(placed, index),
        contrast=tuple(str(placed.get(k)) for k in ("EchoTime", "DiffusionBValue", "ImageType")),
    )


def _times(placed: Any, index: int) -> dict[str, float]:
    """The numbers for `TIME_KEYS` that can be read from the file."""
    values: dict[str, float | None] = {
        key: _number(placed.get(key))
        for key in ("TemporalPositionIdentifier", "AcquisitionNumber", "TriggerTime")
    }
    acquired = placed.get("AcquisitionDateTime")
    day = placed.get("AcquisitionDate") or placed.get("ContentDate")
    values["AcquisitionTime"] = (
        _seconds(str(acquired)) if acquired else _clock(day, placed.get("AcquisitionTime"))
    )
    values["ContentTime"] = _clock(placed.get("ContentDate"), placed.get("ContentTime"))
    number = _number(placed.get("InstanceNumber"))
    values["InstanceNumber"] = float(index) if number is None else number
    return {key: value for key, value in values.items() if value is not None}


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _clock(date: Any, time: Any) -> float | None:
    """Seconds of a DICOM date and time; a missing date counts as one fixed day."""
    return _seconds(f"{date or '19000101'}{time}") if time else None


def _seconds(stamp: str) -> float | None:
    """Seconds of a DICOM date-time such as 19910808102551.25; None where it is not one."""
    whole, _, fraction = stamp.partition(".")
    digits = "".join(c for c in fraction.split("+")[0].split("-")[0] if c.isdigit())
    try:
        moment = datetime.strptime(whole[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return (moment - datetime(1900, 1, 1)).total_seconds() + float(f"0.{digits or 0}")

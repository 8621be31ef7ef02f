"""One image file, opened by its suffix."""

from __future__ import annotations

from pathlib import Path

from breastwidget.errors import VolumeError
from breastwidget.readers.nifti import open_nifti
from breastwidget.readers.nrrd import open_nrrd
from breastwidget.readers.paths import NIFTI_SUFFIXES, NRRD_SUFFIXES, READABLE, suffix
from breastwidget.readers.phases import Phases

__all__ = ["open_file"]


def open_file(path: Path) -> Phases:
    """Open a NIfTI or NRRD file; raise `VolumeError` naming what is read for anything else."""
    if not path.exists():
        raise VolumeError(f"{path}: there is no such file or folder; check the path.")
    if path.is_dir():
        raise VolumeError(f"{path}: expected an image file, got a folder; give a file.")
    if suffix(path) in NIFTI_SUFFIXES:
        return open_nifti(path)
    if suffix(path) in NRRD_SUFFIXES:
        return open_nrrd(path)
    if _is_dicom(path):
        raise VolumeError(
            f"{path}: a single DICOM file is one slice; give the folder that holds the series."
        )
    raise VolumeError(
        f"{path}: the suffix {suffix(path) or '(none)'!r} is not one that is read; give {READABLE}."
    )


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False

"""Paths of images: their suffixes, names and digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from breastwidget.errors import VolumeError

__all__ = ["NIFTI_SUFFIXES", "NRRD_SUFFIXES", "READABLE", "digest", "file_bytes", "stem", "suffix"]

NIFTI_SUFFIXES = (".nii.gz", ".nii")
NRRD_SUFFIXES = (".nrrd", ".nhdr")
READABLE = (
    "NIfTI (.nii, .nii.gz), NRRD (.nrrd, .nhdr), a folder of DICOM files, or a case folder with "
    "phases named <id>_0000.nii.gz, <id>_0001.nii.gz, ..."
)


def suffix(path: Path) -> str:
    """The image suffix of `path` in lower case (".nii.gz" is one suffix), or its last suffix."""
    name = path.name.lower()
    known = (s for s in NIFTI_SUFFIXES + NRRD_SUFFIXES if name.endswith(s))
    return next(known, path.suffix.lower())


def stem(path: Path) -> str:
    """The name of `path` without its image suffix: "nact_06_0001" for "nact_06_0001.nii.gz"."""
    end = suffix(path)
    return path.name[: -len(end)] if end else path.resolve().name


def digest(files: Iterable[Path]) -> str:
    """SHA-256 (hex) over the bytes of `files`, one after the other."""
    sha256 = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                sha256.update(block)
    return sha256.hexdigest()


def file_bytes(path: Path) -> bytes:
    """The bytes of a file; raises `VolumeError` where it cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VolumeError(
            f"Could not read {path}: {error.strerror or error}; check the path and its permissions."
        ) from error
    if not content:
        raise VolumeError(f"{path} is empty (0 bytes); copy or download it again.")
    return content

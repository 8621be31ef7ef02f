"""Mask files as prompts: by their path, or uploaded from where the browser is."""

from __future__ import annotations

import tempfile
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.api import load_reference
from breastwidget.errors import PromptError, ReferenceMaskError
from breastwidget.readers.files import open_file
from breastwidget.volume import Volume

__all__ = ["read_mask", "read_uploaded_mask"]

_MOST_LABELS = 64
_SAMPLES = 1_000_000
_READING = "The reference mask could not be read. "  # here it is no reference


def read_mask(
    mask: str | Path | Volume | NDArray[Any], volume: Volume, name: str = "the mask"
) -> NDArray[np.bool_]:
    """A mask on the grid of `volume`, as (i, j, k) bool in its voxel order.

    A file (NIfTI, NRRD), a volume, or an (i, j, k) array; every value above 0 counts. Raises
    `PromptError` without a path, `ReferenceMaskError` for what cannot be read, is empty, has
    another grid, or is a picture and no mask.
    """
    if isinstance(mask, str):
        mask = mask.strip().strip("\"'")  # as a file manager copies it
        if not mask:
            raise PromptError(
                "There is no path yet; type that of a mask file (NIfTI or NRRD), or upload one."
            )
    if isinstance(mask, (str, Path)):
        mask = Path(mask).expanduser()
        name = mask.name
    try:
        inside = load_reference(mask, volume)
    except ReferenceMaskError as error:
        raise ReferenceMaskError(str(error).removeprefix(_READING)) from error
    _check_labels(_values(mask), name)
    return inside


def read_uploaded_mask(name: str, content: bytes, volume: Volume) -> NDArray[np.bool_]:
    """The mask in the `content` of a file called `name`; otherwise as `read_mask`."""
    own = PureWindowsPath(name).name  # never a path: it comes from a page
    with tempfile.TemporaryDirectory(prefix="breastwidget-") as folder:
        path = Path(folder) / (own if own.strip(".") else "mask")
        path.write_bytes(content)
        try:
            return read_mask(path, volume)
        except ReferenceMaskError as error:
            raise ReferenceMaskError(str(error).replace(f"{folder}/", "")) from error


def _values(mask: Path | Volume | NDArray[Any]) -> NDArray[Any]:
    if isinstance(mask, Path):
        mask = open_file(mask).read(0)
    return np.asarray(mask.data if isinstance(mask, Volume) else mask)


def _check_labels(values: NDArray[Any], name: str) -> None:
    """Raise `ReferenceMaskError` for an image, in which nearly every voxel would be tumour."""
    flat = values.reshape(-1)
    labels = np.unique(flat[:: max(1, flat.size // _SAMPLES)])
    if labels.size > _MOST_LABELS:
        raise ReferenceMaskError(
            f"{name}: expected a mask (0 outside, a label inside), got an image with more than "
            f"{_MOST_LABELS} different values; give the segmentation, not the scan."
        )

"""Prompts: what a person gives on one slice of a stack.

Picture coordinates are continuous: pixel (row r, column c) covers [r, r+1) x [c, c+1), so boxes
are half-open `[x0, x1) x [y0, y1)` with x in columns and y in rows, float allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import PromptError

__all__ = [
    "BOX_SOURCES",
    "BoxPrompt",
    "Lesion",
    "MaskPrompt",
    "PointPrompt",
    "Prompt",
    "box_from_drag",
    "box_from_reference",
    "check_prompt",
    "loosen",
    "mask_from_reference",
    "prompted_slices",
]

BOX_SOURCES = ("tight", "projected")


@dataclass(frozen=True)
class BoxPrompt:
    """A box on one slice: columns [x0, x1), rows [y0, y1)."""

    slice: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class PointPrompt:
    """A click on one slice at column x, row y; a negative one says "not this"."""

    slice: int
    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, eq=False)
class MaskPrompt:
    """A mask on one slice, shape (rows, columns), bool."""

    slice: int
    mask: NDArray[np.bool_] = field(repr=False)


Prompt: TypeAlias = BoxPrompt | PointPrompt | MaskPrompt


@dataclass(frozen=True, eq=False)
class Lesion:
    """One object with its prompts, on one or several slices."""

    prompts: tuple[Prompt, ...]
    name: str = "lesion 1"

    def on(self, index: int) -> tuple[Prompt, ...]:
        """The prompts given on slice `index`."""
        return tuple(prompt for prompt in self.prompts if prompt.slice == index)


def prompted_slices(lesion: Lesion) -> tuple[int, ...]:
    """The slices of `lesion` that carry a prompt, ascending, each once."""
    return tuple(sorted({prompt.slice for prompt in lesion.prompts}))


def check_prompt(prompt: Prompt, shape: tuple[int, int, int]) -> None:
    """Raise `PromptError` unless `prompt` can prompt a stack of `shape` (slices, rows, columns)."""
    slices, rows, columns = shape
    if not 0 <= prompt.slice < slices:
        raise PromptError(f"Slice {prompt.slice} is out of range; choose one of 0 to {slices - 1}.")
    if isinstance(prompt, BoxPrompt):
        _check_box(prompt, rows, columns)
    elif isinstance(prompt, PointPrompt):
        if not (0 <= prompt.x < columns and 0 <= prompt.y < rows):
            raise PromptError(
                f"The point ({prompt.x}, {prompt.y}) is outside the picture of {columns} columns "
                f"x {rows} rows."
            )
    else:
        if prompt.mask.shape != (rows, columns):
            raise PromptError(
                f"Expected a mask of {rows} rows x {columns} columns, got {prompt.mask.shape}."
            )
        if not prompt.mask.any():
            raise PromptError(f"The mask on slice {prompt.slice} is empty; paint the tumour.")


def _check_box(box: BoxPrompt, rows: int, columns: int) -> None:
    corners = (box.x0, box.y0, box.x1, box.y1)
    if not np.isfinite(corners).all():
        raise PromptError(f"Expected four finite box corners, got {corners}.")
    if box.x1 <= box.x0 or box.y1 <= box.y0:
        raise PromptError(
            f"The box {corners} is empty or inverted; expected x0 < x1 and y0 < y1 "
            "(columns [x0, x1), rows [y0, y1))."
        )
    if box.x0 < 0 or box.y0 < 0 or box.x1 > columns or box.y1 > rows:
        raise PromptError(
            f"The box {corners} reaches outside the picture of {columns} columns x {rows} rows; "
            "expected 0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows."
        )


def box_from_drag(
    index: int,
    start: tuple[float, float],
    end: tuple[float, float],
    shape: tuple[int, int],
) -> BoxPrompt:
    """The box between two picture positions, in either direction, clipped to the picture.

    `start` and `end` are (u, v) as fractions of the picture's width and height, `shape` its
    (rows, columns). Raises `PromptError` for a drag that covers less than one pixel each way.
    """
    rows, columns = shape
    (u0, v0), (u1, v1) = np.clip((start, end), 0.0, 1.0)
    x0, x1 = sorted((float(u0) * columns, float(u1) * columns))
    y0, y1 = sorted((float(v0) * rows, float(v1) * rows))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise PromptError("The box is too small; drag from one corner of the tumour to the other.")
    return BoxPrompt(index, x0, y0, x1, y1)


def box_from_reference(reference: NDArray[Any], index: int, source: str = "tight") -> BoxPrompt:
    """The box that a reference mask gives on slice `index`.

    `reference` is (slice, row, column), nonzero inside. A `tight` box bounds the mask on that
    slice; a `projected` one is the tumour's 3-D bounding box cut there, which is what a 3-D
    annotation gives (both in arXiv 2507.23272's protocol).
    """
    if source not in BOX_SOURCES:
        raise PromptError(f"Unknown box source {source!r}; choose one of {', '.join(BOX_SOURCES)}.")
    picture = reference[index] > 0
    if not picture.any():
        raise PromptError(f"The reference is empty on slice {index}; choose a slice inside it.")
    if source == "projected":
        picture = (reference > 0).any(axis=0)
    rows = np.flatnonzero(picture.any(axis=1))
    columns = np.flatnonzero(picture.any(axis=0))
    x0, x1 = float(columns[0]), float(columns[-1] + 1)
    return BoxPrompt(index, x0, float(rows[0]), x1, float(rows[-1] + 1))


def mask_from_reference(reference: NDArray[Any], index: int) -> MaskPrompt:
    """The mask that a (slice, row, column) reference gives on slice `index`."""
    picture = reference[index] > 0
    if not picture.any():
        raise PromptError(f"The reference is empty on slice {index}; choose a slice inside it.")
    return MaskPrompt(index, np.ascontiguousarray(picture))


def loosen(box: BoxPrompt, fraction: float, shape: tuple[int, int]) -> BoxPrompt:
    """`box` grown by `fraction` of its width and height on each side, within (rows, columns)."""
    rows, columns = shape
    dx, dy = fraction * (box.x1 - box.x0), fraction * (box.y1 - box.y0)
    return BoxPrompt(
        box.slice,
        max(0.0, box.x0 - dx),
        max(0.0, box.y0 - dy),
        min(float(columns), box.x1 + dx),
        min(float(rows), box.y1 + dy),
    )

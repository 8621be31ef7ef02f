"""The report's slices as SVG: gray picture, outlines, prompts."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from breastwidget.display import BOX_COLOUR, contours, to_gray
from breastwidget.prompts import BoxPrompt, PointPrompt, Prompt
from breastwidget.volume import SliceStack

__all__ = ["Outline", "Region", "find_region", "slice_picture"]


@dataclass(frozen=True)
class Region:
    """A part of every slice: rows [row0, row1), columns [column0, column1)."""

    row0: int
    row1: int
    column0: int
    column1: int


@dataclass(frozen=True, eq=False)
class Outline:
    """A mask to outline, (slice, row, column) bool; `key` is its CSS class."""

    mask: NDArray[np.bool_]
    colour: str
    key: str
    dashed: bool = False


def find_region(
    masks: Sequence[NDArray[np.bool_]],
    prompts: Sequence[Prompt],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    margin_mm: float = 14.0,
) -> Region:
    """The part of the slices that holds all masks and prompts, with a margin, within `shape`."""
    seen = np.zeros(shape[1:], dtype=bool)
    for mask in masks:
        seen |= mask.any(axis=0)
    for prompt in prompts:
        if isinstance(prompt, BoxPrompt):
            rows = slice(int(prompt.y0), int(np.ceil(prompt.y1)))
            seen[rows, int(prompt.x0) : int(np.ceil(prompt.x1))] = True
        elif isinstance(prompt, PointPrompt):
            seen[int(prompt.y), int(prompt.x)] = True
        else:
            seen |= prompt.mask
    if not seen.any():
        seen[:] = True
    bounds = []
    for axis, size, step in ((1, shape[1], spacing_mm[1]), (0, shape[2], spacing_mm[2])):
        hits = np.flatnonzero(seen.any(axis=axis))
        margin = int(np.ceil(margin_mm / step))
        bounds += [max(0, int(hits[0]) - margin), min(size, int(hits[-1]) + 1 + margin)]
    return Region(*bounds)


def slice_picture(
    stack: SliceStack,
    index: int,
    region: Region,
    window: tuple[float, float],
    outlines: Sequence[Outline],
    prompts: Sequence[Prompt],
    frame: Region | None = None,
) -> str:
    """One slice's `region` as an SVG with true proportions: gray picture, outlines, prompts.

    `window` is the gray range (lo, hi); `frame` a region to mark with a thin rectangle.
    """
    rows, columns = slice(region.row0, region.row1), slice(region.column0, region.column1)
    gray = to_gray(stack.pixels[index, rows, columns], *window)
    height, width = gray.shape
    _, row_mm, column_mm = stack.spacing_mm
    shapes = [
        f'<path class="{outline.key}" d="{_path(outline.mask[index, rows, columns])}" '
        f'stroke="{outline.colour}"{_DASH if outline.dashed else ""}/>'
        for outline in outlines
        if outline.mask[index, rows, columns].any()
    ]
    shapes += [_prompt_shape(prompt, region) for prompt in prompts if prompt.slice == index]
    if frame is not None:
        shapes.append(
            f'<rect x="{frame.column0 - region.column0}" y="{frame.row0 - region.row0}" '
            f'width="{frame.column1 - frame.column0}" height="{frame.row1 - frame.row0}" '
            f'stroke="#9aa5b1"{_DASH}/>'
        )
    return (
        f'<svg class="slice" role="img" aria-label="slice {index}" '
        f'viewBox="0 0 {width * column_mm:.2f} {height * row_mm:.2f}">'
        f'<g transform="scale({column_mm:.5f} {row_mm:.5f})">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="{_jpeg(gray)}"/>'
        f'<g class="lines">{"".join(shapes)}</g></g></svg>'
    )


_DASH = ' stroke-dasharray="5 3"'


def _prompt_shape(prompt: Prompt, region: Region) -> str:
    dx, dy = region.column0, region.row0
    if isinstance(prompt, BoxPrompt):
        return (
            f'<rect class="prompt" x="{prompt.x0 - dx:.2f}" y="{prompt.y0 - dy:.2f}" '
            f'width="{prompt.x1 - prompt.x0:.2f}" height="{prompt.y1 - prompt.y0:.2f}" '
            f'stroke="{BOX_COLOUR}"/>'
        )
    if isinstance(prompt, PointPrompt):
        dashed = "" if prompt.positive else _DASH
        return (
            f'<circle class="prompt" cx="{prompt.x - dx:.2f}" cy="{prompt.y - dy:.2f}" r="2.5" '
            f'stroke="{BOX_COLOUR}"{dashed}/>'
        )
    part = prompt.mask[region.row0 : region.row1, region.column0 : region.column1]
    return f'<path class="prompt" d="{_path(part)}" stroke="{BOX_COLOUR}"/>'


def _path(mask: NDArray[np.bool_]) -> str:
    lines = ("M" + "L".join(f"{x:g} {y:g}" for x, y in line[:-1]) + "Z" for line in contours(mask))
    return "".join(lines)


def _jpeg(gray: NDArray[np.uint8]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")

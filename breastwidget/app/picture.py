"""What a view shows of the volume: a slice's pixels as a picture, and a place in words."""

from __future__ import annotations

import io
from bisect import bisect_left
from math import floor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from breastwidget.app.intents import Point
from breastwidget.app.model import Window
from breastwidget.display import to_gray
from breastwidget.volume import SliceStack

__all__ = [
    "MAX_BYTES",
    "describe_place",
    "encode_picture",
    "physical_size_mm",
    "place_of_voxel",
    "png_bytes",
    "voxel_at",
]

MAX_BYTES = 60_000
"""A slice picture of up to 512 x 512 pixels stays below this, so that scrolling stays fluid."""

_JPEG_QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95)
_SAMPLED_ROWS = 48


def encode_picture(
    picture: NDArray[np.generic], window: Window, exact: bool = False
) -> tuple[str, bytes]:
    """A (rows, columns) picture as ("png" or "jpeg", bytes).

    PNG shows every gray value as it is. Where it would be larger than `MAX_BYTES`, which noise
    makes of pictures beyond about 300 x 300, JPEG comes in its place at the best quality that
    fits (the lowest one where none does), unless the picture must be `exact`.
    """
    image = Image.fromarray(to_gray(picture, window.lo, window.hi))
    if exact or _fits_as_png(image):
        png = _encoded(image, "PNG", compress_level=1)  # better levels: 2 % smaller, 4 x slower
        if exact or len(png) <= MAX_BYTES:
            return "png", png
    return "jpeg", _largest_jpeg(image)


def physical_size_mm(stack: SliceStack) -> tuple[float, float]:
    """Width and height of the stack's pictures in mm."""
    _, rows, columns = stack.shape
    _, row_mm, column_mm = stack.spacing_mm
    return columns * column_mm, rows * row_mm


def voxel_at(stack: SliceStack, index: int, at: Point) -> tuple[int, int, int]:
    """The voxel (i, j, k) under a point of slice `index`; the nearest one where it is outside."""
    _, rows, columns = stack.shape
    column = min(max(floor(at[0]), 0), columns - 1)
    row = min(max(floor(at[1]), 0), rows - 1)
    return stack.to_voxel_index((index, row, column))


def place_of_voxel(stack: SliceStack, voxel: tuple[int, int, int]) -> tuple[int, Point]:
    """The slice that holds `voxel`, and its centre on the picture."""
    index, row, column = stack.from_voxel_index(voxel)
    return index, (column + 0.5, row + 0.5)


def describe_place(stack: SliceStack, voxel: tuple[int, int, int]) -> tuple[str, str]:
    """A voxel with its intensity, and its centre in mm (RAS+), for people: two short lines."""
    i, j, k = voxel
    intensity = stack.volume.data[i, j, k]
    x, y, z = (stack.volume.affine @ (i, j, k, 1))[:3]
    return (
        f"voxel ({i}, {j}, {k}) = {intensity:.5g}",
        f"({x:.1f}, {y:.1f}, {z:.1f}) mm RAS",
    )


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """A (rows, columns, 3) uint8 colour picture as PNG."""
    return _encoded(Image.fromarray(picture), "PNG")


def _fits_as_png(image: Image.Image) -> bool:
    """Whether trying is worth it, judged by some rows in the middle: PNG of noise is slow."""
    columns, rows = image.size
    if rows <= 2 * _SAMPLED_ROWS:
        return True
    top = (rows - _SAMPLED_ROWS) // 2
    sample = image.crop((0, top, columns, top + _SAMPLED_ROWS))
    # The middle of a breast scan is its fullest part, so the whole may be smaller than this says.
    likely = len(_encoded(sample, "PNG", compress_level=1)) * rows / _SAMPLED_ROWS
    return likely <= 1.5 * MAX_BYTES


def _largest_jpeg(image: Image.Image) -> bytes:
    """By bisection: three or four tries of a millisecond each."""
    tried: dict[int, bytes] = {}

    def size(quality: int) -> int:
        tried[quality] = _encoded(image, "JPEG", quality=quality)
        return len(tried[quality])

    too_large = bisect_left(_JPEG_QUALITIES, MAX_BYTES + 1, key=size)
    best = _JPEG_QUALITIES[max(too_large - 1, 0)]
    return tried.get(best) or _encoded(image, "JPEG", quality=best)


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

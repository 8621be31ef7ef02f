"""What a view shows of the volume: a slice's pixels as a picture, and a place in words."""

from __future__ import annotations

import io
from collections.abc import Mapping
from math import exp, floor, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from breastwidget.app.intents import Point
from breastwidget.app.model import Window
from breastwidget.display import to_gray
from breastwidget.volume import SliceStack

__all__ = [
    "MAX_BYTES",
    "Encoder",
    "describe_place",
    "physical_size_mm",
    "place_of_voxel",
    "png_bytes",
    "voxel_at",
]

MAX_BYTES = 43_000
"""A slice picture of up to 512 x 512 pixels stays below this: with all else that a slice change
sends (outlines, crosshairs, readings) it comes to less than 60 kB, so that scrolling is fluid."""

_SAMPLED_ROWS = 48

# JPEG's own tables smooth fine grain away long before they touch what is coarse; a scan's noise is
# fine grain, and without it a picture looks like another one. One step for all but the coarsest
# frequencies, where the eye would see blocks, is nearer to the scan at the same size.
_FREQUENCIES = np.add.outer(np.arange(8), np.arange(8))
_STEPS = np.minimum(1.0, 0.2 + 0.4 * _FREQUENCIES)
_FIRST_STEP, _COARSEST_STEP = 28.0, 255.0
_MOST_TRIES = 6


class Encoder:
    """Makes pictures of slices. It remembers how coarse the last one had to be: the next one is
    much like it, so that one try is mostly enough."""

    def __init__(self) -> None:
        self._step = _FIRST_STEP

    def encode(
        self, picture: NDArray[np.generic], window: Window, exact: bool = False
    ) -> tuple[str, bytes]:
        """A (rows, columns) picture as ("png" or "jpeg", bytes).

        PNG shows every gray value as it is. Where it would be larger than `MAX_BYTES`, which noise
        makes of pictures beyond about 256 x 256, JPEG comes in its place, about as good as fits
        (the coarsest where none does), unless the picture must be `exact`.
        """
        image = Image.fromarray(to_gray(picture, window.lo, window.hi))
        if exact or _fits_as_png(image):
            png = _encoded(image, "PNG", compress_level=1)  # better ones: 2 % smaller, 4 x slower
            if exact or len(png) <= MAX_BYTES:
                return "png", png
        return "jpeg", self._jpeg(image)

    def _jpeg(self, image: Image.Image) -> bytes:
        """One that nearly fills `MAX_BYTES`."""
        tried: dict[float, bytes] = {}
        step = self._step
        while len(tried) < _MOST_TRIES and step not in tried:
            tried[step] = _as_jpeg(image, step)
            if 0.8 * MAX_BYTES < len(tried[step]) <= MAX_BYTES:
                break
            step = _next_step({step: len(data) for step, data in tried.items()})
        fitting = [step for step, data in tried.items() if len(data) <= MAX_BYTES]
        self._step = min(fitting, default=_COARSEST_STEP)
        return tried.get(self._step) or _as_jpeg(image, self._step)


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


def _next_step(sizes: Mapping[float, int]) -> float:
    """Where the bytes by step tried so far, latest last, say that nine tenths of the room are full.

    The logarithm of the size falls nearly straight with that of the step, about one to one.
    """
    (step, size), *others = reversed([(log(step), log(size)) for step, size in sizes.items()])
    slope = -1.0
    if others and others[0][0] != step:
        slope = min(max((others[0][1] - size) / (others[0][0] - step), -2.0), -0.4)
    wanted = exp(step + (log(0.9 * MAX_BYTES) - size) / slope)
    return min(max(wanted, 1.0), _COARSEST_STEP)


def _as_jpeg(image: Image.Image, step: float) -> bytes:
    table = np.clip(np.rint(step * _STEPS), 1, 255).astype(int).ravel().tolist()
    return _encoded(image, "JPEG", qtables=[table], optimize=True)


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

"""What the slice viewer shows now, resolved from the model by pure functions."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from breastwidget.app.model import AppModel, Window
from breastwidget.display import to_gray
from breastwidget.prompts import BoxPrompt
from breastwidget.volume import SliceStack

__all__ = [
    "MAX_BYTES",
    "Overlay",
    "encode_picture",
    "physical_size_mm",
    "png_bytes",
    "resolve_overlay",
]

MAX_BYTES = 60_000
"""A slice picture of up to 512 x 512 pixels stays below this, so that scrolling stays fluid."""

_JPEG_QUALITIES = (90, 75, 55, 35, 15)


@dataclass(frozen=True, eq=False)
class Overlay:
    """The vectors over one slice: masks are (rows, columns) bool, all in picture coordinates."""

    shape: tuple[int, int]
    mask: NDArray[np.bool_] | None
    reference: NDArray[np.bool_] | None
    box: BoxPrompt | None


def resolve_overlay(model: AppModel) -> Overlay:
    """The overlay of the slice that `model` shows."""
    index = model.slice_index
    box = model.box if model.box is not None and model.box.slice == index else None
    reference = None if model.reference is None else model.reference[index]
    if reference is not None and not reference.any():
        reference = None
    return Overlay(model.stack.shape[1:], model.masks.on(index), reference, box)


def physical_size_mm(stack: SliceStack) -> tuple[float, float]:
    """Width and height of the stack's pictures in mm."""
    _, rows, columns = stack.shape
    _, row_mm, column_mm = stack.spacing_mm
    return columns * column_mm, rows * row_mm


def encode_picture(picture: NDArray[np.generic], window: Window) -> tuple[str, bytes]:
    """A (rows, columns) picture as ("png" or "jpeg", bytes).

    PNG is exact and comes first; where it is larger than `MAX_BYTES`, JPEG at the best quality
    that fits (the lowest one where none does).
    """
    image = Image.fromarray(to_gray(picture, window.lo, window.hi))
    png = _encoded(image, "PNG", compress_level=1)  # 3 ms at 448 x 448; better levels take 20
    if len(png) <= MAX_BYTES:
        return "png", png
    jpeg = b""
    for quality in _JPEG_QUALITIES:
        jpeg = _encoded(image, "JPEG", quality=quality)
        if len(jpeg) <= MAX_BYTES:
            break
    return "jpeg", jpeg


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """A (rows, columns, 3) uint8 colour picture as PNG."""
    return _encoded(Image.fromarray(picture), "PNG")


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

"""Brush strokes on a slice: where the brush went, in mm, as a mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import PromptError

__all__ = ["brushed", "painted"]

Mask = NDArray[np.bool_]
Point = tuple[float, float]


def painted(
    mask: Mask,
    path: Sequence[Point],
    radius_mm: float,
    spacing_mm: tuple[float, float],
    erase: bool,
) -> Mask:
    """A (rows, columns) bool `mask` after a stroke; the arguments are those of `brushed`."""
    stroke = brushed(mask.shape, path, radius_mm, spacing_mm)
    return mask & ~stroke if erase else mask | stroke


def brushed(
    shape: tuple[int, ...], path: Sequence[Point], radius_mm: float, spacing_mm: tuple[float, float]
) -> Mask:
    """The pixels of a picture of `shape` (rows, columns) that a round brush went over.

    `path` are points (x, y) in columns and rows of the picture, joined by straight lines; they may
    leave the picture. A pixel counts where its centre lies within `radius_mm` of the path, or where
    a point of the path lies in it, so that the thinnest brush still paints. `spacing_mm` is the
    distance in mm between (rows, columns).
    """
    points = np.asarray(path, dtype=float).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise PromptError("Expected finite points along the stroke; paint it again.")
    stroke = np.zeros(shape, dtype=bool)
    ends = points[1:] if len(points) > 1 else points
    for start, end in zip(points, ends, strict=False):
        _add_line(stroke, start, end, radius_mm, spacing_mm)
    rows, columns = shape
    x, y = np.floor(points).astype(int).T
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    stroke[y[inside], x[inside]] = True
    return stroke


def _add_line(
    stroke: Mask,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius_mm: float,
    spacing_mm: tuple[float, float],
) -> None:
    """Fill the pixels around one straight piece; only its surroundings are looked at."""
    row_mm, column_mm = spacing_mm
    reach = radius_mm / np.array([column_mm, row_mm])
    low = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
    high = np.ceil(np.maximum(start, end) + reach).astype(int)
    x0, y0 = low
    window = stroke[y0 : max(high[1], 0), x0 : max(high[0], 0)]
    if window.size == 0:
        return
    y = (np.arange(window.shape[0]) + y0 + 0.5)[:, None] * row_mm
    x = (np.arange(window.shape[1]) + x0 + 0.5)[None, :] * column_mm
    (ax, ay), (bx, by) = start * (column_mm, row_mm), end * (column_mm, row_mm)
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length if length else np.zeros_like(x)
    along = np.clip(along, 0.0, 1.0)
    distance = (x - ax - along * (bx - ax)) ** 2 + (y - ay - along * (by - ay)) ** 2
    window |= distance <= radius_mm**2

"""The part of a picture that a network sees, and the resampling to it and back.

Picture coordinates are continuous, as in `prompts`: pixel (r, c) covers [r, r+1) x [c, c+1). A
region is a rectangle in them that may hang over the picture's edge. Resampling is separable, so a
region is reached and left through two small matrices: rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["Bounds", "Region", "from_region", "move", "square_region", "to_region", "whole_region"]

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Region:
    """The rectangle [x0, x0 + width) x [y0, y0 + height) in columns and rows of a picture.

    `extends` says what lies beyond the picture: its edge pixels repeated (a whole picture
    stretched to the network's square), or nothing, which counts as zero.
    """

    x0: float
    y0: float
    width: float
    height: float
    extends: bool = False

    def span(self, bounds: Bounds) -> float:
        """The longer side of `bounds` (x0, y0, x1, y1) as a fraction of this region's side."""
        x0, y0, x1, y1 = bounds
        return max((x1 - x0) / self.width, (y1 - y0) / self.height)

    def holds(self, bounds: Bounds, margin: float = 0.0) -> bool:
        """Whether `bounds` lies inside, `margin` (a fraction of the side) away from the edge."""
        x0, y0, x1, y1 = bounds
        dx, dy = margin * self.width, margin * self.height
        return (
            x0 >= self.x0 + dx
            and y0 >= self.y0 + dy
            and x1 <= self.x0 + self.width - dx
            and y1 <= self.y0 + self.height - dy
        )

    def enlarged(self, factor: float, bounds: Bounds) -> Region:
        """A region `factor` times as large, centred on `bounds`."""
        x0, y0, x1, y1 = bounds
        width, height = self.width * factor, self.height * factor
        return Region((x0 + x1 - width) / 2, (y0 + y1 - height) / 2, width, height, self.extends)


def whole_region(shape: tuple[int, int]) -> Region:
    """All of a picture of `shape` (rows, columns)."""
    rows, columns = shape
    return Region(0.0, 0.0, float(columns), float(rows), extends=True)


def square_region(
    bounds: Bounds, spacing_mm: tuple[float, float], scale: float, min_mm: float
) -> Region:
    """The square, in mm, around `bounds` (x0, y0, x1, y1).

    Its side is `scale` times the longer side of `bounds`, at least `min_mm`; `spacing_mm` is the
    distance between rows and between columns.
    """
    x0, y0, x1, y1 = bounds
    row_mm, column_mm = spacing_mm
    side_mm = max(scale * max((x1 - x0) * column_mm, (y1 - y0) * row_mm), min_mm)
    width, height = side_mm / column_mm, side_mm / row_mm
    return Region((x0 + x1 - width) / 2, (y0 + y1 - height) / 2, width, height)


def to_region(pictures: torch.Tensor, region: Region, size: int) -> torch.Tensor:
    """Resample float pictures (..., rows, columns) to (..., size, size) of `region`.

    Bilinear, with a triangle filter as wide as the output's pixels when shrinking; what lies
    outside the picture is zero, or its edge repeated (`Region.extends`). For a whole picture this
    is `torch.nn.functional.interpolate(mode="bilinear", antialias=True)`.
    """
    rows, columns = pictures.shape[-2:]
    down = _reading(region.y0, region.height, size, rows, region.extends)
    across = _reading(region.x0, region.width, size, columns, region.extends)
    return down.to(pictures.device) @ pictures @ across.to(pictures.device).T


def from_region(
    logits: torch.Tensor, region: Region, shape: tuple[int, int], outside: float
) -> torch.Tensor:
    """Resample float maps (..., size, size) of `region` to pictures (..., rows, columns).

    Bilinear, as `torch.nn.functional.interpolate` without antialiasing; pixels whose centre lies
    outside the region get `outside`.
    """
    rows, columns = shape
    size = logits.shape[-1]
    down, row_inside = _writing(region.y0, region.height, size, rows)
    across, column_inside = _writing(region.x0, region.width, size, columns)
    pictures = down.to(logits.device) @ logits @ across.to(logits.device).T
    inside = (row_inside[:, None] & column_inside[None, :]).to(logits.device)
    return torch.where(inside, pictures, outside)


def move(logits: torch.Tensor, region: Region, target: Region, outside: float) -> torch.Tensor:
    """Resample float maps (..., size, size) of `region` to the same size over `target`."""
    size = logits.shape[-1]
    pitch_x, pitch_y = target.width / size, target.height / size
    seen = Region(
        (region.x0 - target.x0) / pitch_x,
        (region.y0 - target.y0) / pitch_y,
        region.width / pitch_x,
        region.height / pitch_y,
    )
    return from_region(logits, seen, (size, size), outside)


@lru_cache(maxsize=64)
def _reading(start: float, length: float, size: int, count: int, extends: bool) -> torch.Tensor:
    """(size, count) weights of `count` pixels in each of `size` samples along one axis."""
    step = length / size
    reach = max(step, 1.0)
    centres = start + (np.arange(size) + 0.5) * step
    margin = int(np.ceil(reach)) + 1
    first = int(np.floor(min(centres[0], 0.0))) - margin
    last = int(np.ceil(max(centres[-1], count))) + margin
    pixels = np.arange(first, last) + 0.5
    weights = np.clip(1.0 - np.abs(pixels[None, :] - centres[:, None]) / reach, 0.0, None)
    inside = weights[:, -first : count - first]
    total = (inside if extends else weights).sum(axis=1, keepdims=True)
    return _tensor(inside / np.maximum(total, 1e-12))


@lru_cache(maxsize=64)
def _writing(
    start: float, length: float, size: int, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(count, size) bilinear weights of `size` samples in each pixel, and which lie inside."""
    centres = (np.arange(count) + 0.5 - start) / length
    where = np.clip(centres * size - 0.5, 0.0, size - 1.0)
    lower = np.minimum(where.astype(np.int64), size - 2)
    weights = np.zeros((count, size))
    weights[np.arange(count), lower] = 1.0 - (where - lower)
    weights[np.arange(count), lower + 1] = where - lower
    return _tensor(weights), torch.from_numpy((centres >= 0.0) & (centres <= 1.0))


def _tensor(weights: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(weights, dtype=np.float32))

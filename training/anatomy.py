"""Cross-sections of a body: compartments of nearly one gray with septa, fat, bone, skin, air.

All pictures are float32 (frames, size, size), roughly in [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from training.draw import Draw
from training.lesions import Extents, Grid


@dataclass(frozen=True)
class Palette:
    """Grays of the tissues, as one kind of acquisition shows them."""

    flesh: float
    fat: float
    cortex: float
    marrow: float


def draw_palette(draw: Draw) -> Palette:
    """Grays as in T1 (fat bright), fat-suppressed or T2 MR, as in CT, or any at all."""
    kind = draw.uniform(0.0, 1.0)
    if kind < 0.45:
        fat = draw.uniform(0.7, 1.0)
        return Palette(draw.uniform(0.15, 0.4), fat, draw.uniform(0.0, 0.1), fat)
    if kind < 0.65:
        fat = draw.uniform(0.05, 0.2)
        return Palette(draw.uniform(0.15, 0.45), fat, draw.uniform(0.0, 0.1), fat)
    if kind < 0.8:
        return Palette(draw.uniform(0.4, 0.6), draw.uniform(0.2, 0.35), 1.0, draw.uniform(0.5, 0.8))
    flesh, fat, cortex, marrow = (draw.uniform(0.0, 1.0) for _ in range(4))
    return Palette(flesh, fat, cortex, marrow)


def _compartments(grid: Grid, draw: Draw, palette: Palette) -> torch.Tensor:
    """Muscles, lobes or gyri: patches that meet at septa of fat."""
    frames, size, _ = grid.shape
    coarse = (frames, max(64, size // 2), max(64, size // 2))
    count = draw.integer(2, 7)
    cells = draw.log_uniform(2.0, 7.0)
    along = draw.uniform(2.0, 4.0)
    change = draw.uniform(0.1, 0.8)
    still = (1, *coarse[1:])
    fields = torch.stack(
        [
            draw.smooth(still, cells) + change * draw.smooth(coarse, cells, along)
            for _ in range(count)
        ]
    )
    (first, second), (label, _) = fields.topk(2, dim=0)
    spread = draw.log_uniform(0.004, 0.05) if draw.chance(0.75) else draw.uniform(0.05, 0.25)
    grays = palette.flesh + spread * draw.white((count,))
    picture = grays[label]
    width = draw.log_uniform(0.04, 0.35)
    there = torch.sigmoid((draw.smooth(coarse, 4.0, 3) + draw.uniform(-1.0, 1.5)) / 0.3)
    septa = torch.exp(-(((first - second) / width) ** 2)) * there * draw.uniform(0.2, 1.0)
    picture = torch.lerp(picture, torch.full_like(picture, palette.fat), septa)
    full = functional.interpolate(picture[:, None], (size, size), mode="bilinear")[:, 0]
    fibres = draw.smooth(grid.shape, draw.uniform(12.0, 50.0), draw.uniform(2.0, 6.0))
    return full + draw.uniform(0.0, 0.04) * fibres


def _radius(grid: Grid, draw: Draw, row: float, column: float, flatness: float) -> torch.Tensor:
    """Distance from a centre that drifts along the slices, as for an ellipse of area π."""
    frames = max(grid.shape[0], 2)
    row_drift, column_drift = (draw.uniform(-0.08, 0.08) / frames for _ in range(2))
    rows = grid.rows - row - row_drift * grid.slices
    columns = grid.columns - column - column_drift * grid.slices
    angle = draw.uniform(0.0, math.pi)
    first = math.cos(angle) * columns + math.sin(angle) * rows
    second = math.cos(angle) * rows - math.sin(angle) * columns
    return torch.hypot(first / math.sqrt(flatness), second * math.sqrt(flatness))


def _bone(
    grid: Grid, draw: Draw, size: float, away: float, tone: Palette, picture: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A bone, cortex around marrow, `away` from the middle: the picture with it, and its cover."""
    bearing = draw.uniform(0.0, 2 * math.pi)
    row, column = 0.5 + away * math.sin(bearing), 0.5 + away * math.cos(bearing)
    distance = _radius(grid, draw, row, column, draw.log_uniform(0.6, 1.6))
    distance = distance + 0.1 * size * draw.smooth(grid.shape, 5.0, 2)
    edge = 0.006
    outer = torch.sigmoid((size - distance) / edge)
    inner = torch.sigmoid((size * draw.uniform(0.55, 0.85) - distance) / edge)
    picture = torch.lerp(picture, torch.full_like(picture, tone.cortex), outer)
    return torch.lerp(picture, torch.full_like(picture, tone.marrow), inner), outer


def wrapped_bone(
    picture: torch.Tensor, grid: Grid, draw: Draw, tone: Palette, lesion: Extents
) -> tuple[torch.Tensor, torch.Tensor]:
    """A bone that the lesion lies around, as a crescent does: the picture, and the bone's cover."""
    size = lesion.radius * draw.uniform(0.35, 0.9)
    return _bone(grid, draw, size, lesion.radius * draw.uniform(0.3, 1.1), tone, picture)


def _outline(picture: torch.Tensor, grid: Grid, draw: Draw, tone: Palette) -> torch.Tensor:
    """Fat under the skin and air beyond it; the scene's middle lies inside the body."""
    radius = draw.uniform(0.3, 0.9)
    depth = draw.uniform(0.0, 0.9) * radius
    bearing = draw.uniform(0.0, 2 * math.pi)
    row, column = 0.5 + depth * math.sin(bearing), 0.5 + depth * math.cos(bearing)
    distance = _radius(grid, draw, row, column, draw.log_uniform(0.6, 1.6))
    distance = distance + draw.uniform(0.0, 0.04) * draw.smooth(grid.shape, 3.0, 2)
    layer = draw.log_uniform(0.01, 0.3)
    inner = (radius - layer - distance) + 0.3 * layer * draw.smooth(grid.shape, 4.0, 2)
    under = torch.sigmoid(-inner / draw.log_uniform(0.004, 0.03))
    fat = tone.fat + draw.uniform(0.0, 0.06) * draw.smooth(grid.shape, draw.uniform(10.0, 40.0), 4)
    picture = torch.lerp(picture, fat, under)
    if draw.chance(0.6):
        rim = torch.exp(-(((radius - distance) / draw.log_uniform(0.005, 0.015)) ** 2))
        picture = torch.lerp(picture, torch.full_like(picture, draw.uniform(0.1, 0.9)), rim)
    return picture * torch.sigmoid((radius - distance) / 0.006)


def anatomy(grid: Grid, draw: Draw, lesion: Extents) -> tuple[torch.Tensor, Palette]:
    """A picture of a limb, a trunk or an organ around the middle, and its palette."""
    tone = draw_palette(draw)
    picture = _compartments(grid, draw, tone)
    for _ in range(draw.integer(0, 2)):
        size = draw.uniform(0.04, 0.16)
        away = lesion.radius + size * draw.uniform(0.6, 2.5)
        picture, _ = _bone(grid, draw, size, away, tone, picture)
    if draw.chance(0.75):
        picture = _outline(picture, grid, draw, tone)
    return picture, tone

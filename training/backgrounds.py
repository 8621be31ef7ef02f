"""Surroundings of synthetic lesions: tissue, vessels, look-alikes, skin and air.

All pictures are float32 (frames, size, size), roughly in [0, 1].
"""

from __future__ import annotations

import math

import torch

from training.draw import Draw
from training.lesions import Extents, Grid, ellipsoid


def tissues(grid: Grid, draw: Draw) -> torch.Tensor:
    """Anatomical contrast: regions of nearly constant gray with sharp or soft borders."""
    picture = torch.full(grid.shape, draw.uniform(0.05, 0.6))
    for _ in range(draw.integer(1, 4)):
        field = draw.smooth(grid.shape, draw.log_uniform(2.0, 14.0), draw.uniform(2.0, 4.0))
        softness = draw.log_uniform(0.03, 0.6)
        border = torch.sigmoid((field - draw.uniform(-0.6, 1.4)) / softness)
        if draw.chance(0.5):
            picture = picture + draw.uniform(-0.35, 0.35) * border
        else:
            picture = torch.lerp(picture, torch.full_like(picture, draw.uniform(0.0, 0.8)), border)
    return picture + draw.uniform(0.0, 0.06) * draw.smooth(grid.shape, draw.uniform(15.0, 60.0), 6)


def subtraction(grid: Grid, draw: Draw) -> torch.Tensor:
    """A subtraction image: dark and nearly flat, with patches of enhancing parenchyma."""
    picture = torch.full(grid.shape, draw.uniform(0.02, 0.2))
    picture = picture + draw.uniform(0.0, 0.06) * draw.smooth(
        grid.shape, draw.uniform(2.0, 12.0), 3
    )
    for _ in range(draw.integer(0, 2)):
        coarse = draw.smooth(grid.shape, draw.uniform(3.0, 8.0), 3)
        fine = draw.smooth(grid.shape, draw.uniform(10.0, 40.0), draw.uniform(3.0, 8.0))
        patches = torch.sigmoid((coarse + 0.7 * fine - draw.uniform(0.5, 2.0)) / 0.3)
        picture = picture + draw.uniform(0.05, 0.35) * patches
    return picture


def _tube(grid: Grid, draw: Draw) -> torch.Tensor:
    """How much of each sample a winding vessel covers, in [0, 1]."""
    angle, width = draw.uniform(0.0, math.pi), draw.log_uniform(0.008, 0.05)
    cosine, sine = math.cos(angle), math.sin(angle)
    across = (grid.columns - draw.uniform(0.1, 0.9)) * cosine + (grid.rows - 0.5) * sine
    if draw.chance(0.5):  # through the slices: a spot that wanders
        along = (grid.rows - draw.uniform(0.1, 0.9)) * cosine - (grid.columns - 0.5) * sine
        wander = draw.uniform(0.0, 0.03) * grid.slices
        squared = (across - wander) ** 2 + along**2
    else:  # within the slices: a winding line on a few of them
        bend = 0.06 * draw.smooth(grid.shape, draw.uniform(2.0, 5.0), 2)
        reach = draw.uniform(0.7, 3.0)
        middle = draw.uniform(float(grid.slices.min()), float(grid.slices.max()))
        squared = (across + bend) ** 2 + (width * (grid.slices - middle) / reach) ** 2
    return torch.sigmoid((1.0 - squared / width**2) * 3.0)


def add_vessels(picture: torch.Tensor, grid: Grid, draw: Draw, level: float) -> torch.Tensor:
    """Lay up to five vessels of about the gray ``level`` over the picture."""
    for _ in range(draw.integer(0, 5)):
        gray = torch.full_like(picture, level * draw.uniform(0.5, 1.3))
        picture = torch.lerp(picture, gray, _tube(grid, draw))
    return picture


def add_look_alikes(
    picture: torch.Tensor, grid: Grid, draw: Draw, lesion: Extents, level: float
) -> torch.Tensor:
    """Lay up to four blobs beside the lesion, some touching it, some as bright as it."""
    for _ in range(draw.integer(0, 4)):
        radius = max(0.015, lesion.radius * draw.log_uniform(0.15, 1.2))
        distance = radius * draw.uniform(0.3, 1.5) + lesion.radius * draw.uniform(0.9, 2.2)
        bearing = draw.uniform(0.0, 2.0 * math.pi)
        moved = Grid(
            grid.rows - distance * math.sin(bearing),
            grid.columns - distance * math.cos(bearing),
            grid.slices,
        )
        middle = draw.uniform(float(grid.slices.min()), float(grid.slices.max()))
        field = ellipsoid(moved, draw, Extents(radius, draw.log_uniform(1.0, 12.0), middle))
        gray = torch.full_like(picture, level * draw.uniform(0.5, 1.2))
        picture = torch.lerp(picture, gray, torch.sigmoid(field / draw.log_uniform(0.03, 0.3)))
    return picture


def add_air(picture: torch.Tensor, grid: Grid, draw: Draw, level: float) -> torch.Tensor:
    """Cut the picture by a skin line: dark air outside, at times a bright rim."""
    angle = draw.uniform(0.0, 2.0 * math.pi)
    across = (grid.columns - 0.5) * math.cos(angle) + (grid.rows - 0.5) * math.sin(angle)
    depth = across + draw.uniform(0.0, 0.08) * draw.smooth(grid.shape, 3.0, 2)
    depth = depth - draw.uniform(0.2, 0.55)
    if draw.chance(0.6):
        rim = torch.exp(-((depth / draw.log_uniform(0.008, 0.03)) ** 2))
        picture = torch.lerp(picture, torch.full_like(picture, level * draw.uniform(0.3, 1.2)), rim)
    return picture * torch.sigmoid(-depth / 0.006)

"""Shapes of synthetic lesions: a field over a clip that is positive inside the lesion.

Lengths within a slice are fractions of the scene's side; along the slices they
are counted in slices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from training.draw import Draw

OUTSIDE = -3.0
"""The least value of a lesion field, far away from the lesion."""


@dataclass(frozen=True)
class Grid:
    """Where the samples of a clip lie.

    ``rows`` and ``columns`` are float32 (size, size) in [0, 1]; ``slices`` is
    float32 (frames, 1, 1), the slice number relative to the prompted one.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    slices: torch.Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows, columns."""
        return self.slices.shape[0], *self.rows.shape

    @classmethod
    def square(cls, size: int, offsets: list[int]) -> Grid:
        """A grid of size × size samples on the slices ``offsets``."""
        axis = (torch.arange(size) + 0.5) / size
        rows, columns = torch.meshgrid(axis, axis, indexing="ij")
        return cls(rows, columns, torch.tensor(offsets, dtype=torch.float32).view(-1, 1, 1))


@dataclass(frozen=True)
class Extents:
    """Size and place of a lesion.

    Attributes:
        radius: largest radius within a slice, as a fraction of the scene's side.
        half_slices: half the extent along the slices.
        centre_slice: the lesion's middle relative to the prompted slice.
    """

    radius: float
    half_slices: float
    centre_slice: float


def draw_extents(draw: Draw) -> Extents:
    """Choose a lesion so that the *prompted* cross-section suits the region rule.

    The prompted slice lies anywhere along the lesion, its tips included. Small
    prompted cross-sections come from small lesions as well as from tips.
    """
    half_slices = draw.log_uniform(1.4, 18.0)
    depth = draw.uniform(-0.97, 0.97)
    if depth < -0.5 and draw.chance(0.6):
        # A strategy that starts at a tip runs into the lesion, seldom out of it.
        depth = -depth
    shrink = math.sqrt(1.0 - depth**2)
    middling = draw.chance(0.55)
    at_prompt = draw.uniform(0.09, 0.18) if middling else draw.log_uniform(0.025, 0.17)
    radius = min(at_prompt / shrink, draw.uniform(0.18, 0.45))
    return Extents(max(radius, at_prompt), half_slices, depth * half_slices)


def ellipsoid(grid: Grid, draw: Draw, extents: Extents, drift: float = 0.5) -> torch.Tensor:
    """A noisy, tilted ellipsoid: 1 at its centre, 0 on its surface; like the grid."""
    flatness, angle = draw.log_uniform(0.6, 1.7), draw.uniform(0.0, math.pi)
    along = grid.slices - extents.centre_slice
    tilt = extents.radius / max(extents.half_slices, 1.0)
    # The lesion's axis passes the middle of the scene at the prompted slice.
    row = grid.rows - 0.5 - draw.uniform(-drift, drift) * tilt * grid.slices
    column = grid.columns - 0.5 - draw.uniform(-drift, drift) * tilt * grid.slices
    if draw.chance(0.5):
        warp = draw.uniform(0.1, 0.6) * extents.radius
        cells = draw.uniform(0.7, 1.8) / extents.radius
        row = row + warp * draw.smooth(grid.shape, cells, 3)
        column = column + warp * draw.smooth(grid.shape, cells, 3)
    cosine, sine = math.cos(angle), math.sin(angle)
    first = (cosine * column + sine * row) / (extents.radius * math.sqrt(flatness))
    second = (cosine * row - sine * column) * math.sqrt(flatness) / extents.radius
    return 1.0 - first**2 - second**2 - (along / extents.half_slices) ** 2


def _roughness(grid: Grid, draw: Draw, extents: Extents) -> torch.Tensor:
    """Lobes, spicules or a ragged threshold edge, added to a lesion's field."""
    per_radius = 1.0 / extents.radius
    slice_cells = max(2.0, 1.5 * grid.shape[0] / max(extents.half_slices, 1.0))
    rough = draw.uniform(0.0, 0.45) * draw.smooth(
        grid.shape, per_radius * draw.uniform(0.8, 2.2), slice_cells
    )
    kind = draw.uniform(0.0, 1.0)
    if kind < 0.35:
        strength, cells = draw.uniform(0.1, 0.35), per_radius * draw.uniform(3.0, 6.0)
        rough = rough + strength * draw.smooth(grid.shape, cells, 2 * slice_cells)
    elif kind < 0.45:
        strength, cells = draw.uniform(0.3, 0.6), per_radius * draw.uniform(4.0, 9.0)
        rough = rough + strength * draw.smooth(grid.shape, cells, grid.shape[0])
    return rough


def _spicules(grid: Grid, draw: Draw) -> torch.Tensor:
    """Thin rays around the centre, fading outward."""
    row, column = grid.rows - 0.5, grid.columns - 0.5
    angle = torch.atan2(row, column) + 0.6 * draw.smooth(grid.shape, 4.0, 3)
    rays = torch.cos(angle * draw.integer(4, 11) + draw.uniform(0.0, 6.0))
    return draw.uniform(0.2, 0.6) * torch.relu(rays) ** 3


def lesion_field(grid: Grid, draw: Draw, extents: Extents) -> torch.Tensor:
    """The whole lesion: one or several parts, lobed, rough or spiculated.

    Returns:
        float32 (frames, size, size), positive inside, at least ``OUTSIDE``.
    """
    field = ellipsoid(grid, draw, extents)
    for _ in range(draw.integer(1, 4) if draw.chance(0.4) else 0):
        scale = draw.uniform(0.25, 0.8)
        part = Extents(
            extents.radius * scale,
            max(1.0, extents.half_slices * scale),
            extents.centre_slice + draw.uniform(-0.8, 0.8) * extents.half_slices,
        )
        distance, bearing = draw.uniform(0.4, 1.3) * extents.radius, draw.uniform(0.0, 6.3)
        moved = Grid(
            grid.rows - distance * math.sin(bearing),
            grid.columns - distance * math.cos(bearing),
            grid.slices,
        )
        field = torch.maximum(field, ellipsoid(moved, draw, part))
    envelope = field
    field = field + _roughness(grid, draw, extents)
    if draw.chance(0.2):
        field = field + _spicules(grid, draw)
    return torch.where(envelope < -1.2, OUTSIDE, field).clamp(min=OUTSIDE)

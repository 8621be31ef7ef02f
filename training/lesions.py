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
        bluntness: 2 for an ellipsoid; more for one whose ends are cut off more abruptly, as those
            of contours drawn by hand are.
    """

    radius: float
    half_slices: float
    centre_slice: float
    bluntness: float = 2.0


def draw_extents(draw: Draw) -> Extents:
    """Choose a lesion so that the *prompted* cross-section suits the region rule.

    The prompted slice lies anywhere along the lesion; in two of five lesions it is a tip, from
    which the clip runs into the lesion, as a strategy does that starts at one end; a third of them
    are prompted near their middle. Small
    prompted cross-sections come from small lesions as well as from tips.
    """
    bluntness = draw.log_uniform(2.0, 7.0)
    # From slice to slice most lesions change little: they are many slices long.
    half_slices = draw.log_uniform(5.0, 26.0) if draw.chance(0.7) else draw.log_uniform(1.4, 7.0)
    if draw.chance(0.4):
        shrink = draw.uniform(0.12, 0.65)
        depth = (1.0 - shrink**2) ** (1.0 / bluntness)
        radius = draw.uniform(0.08, 0.3)
        return Extents(radius, max(half_slices, 2.5), depth * half_slices, bluntness)
    depth = draw.uniform(-0.3, 0.3) if draw.chance(0.5) else draw.uniform(-0.97, 0.97)
    shrink = math.sqrt(1.0 - abs(depth) ** bluntness)
    middling = draw.chance(0.55)
    at_prompt = draw.uniform(0.09, 0.2) if middling else draw.log_uniform(0.025, 0.17)
    radius = min(at_prompt / shrink, draw.uniform(0.18, 0.45))
    return Extents(max(radius, at_prompt), half_slices, depth * half_slices, bluntness)


def _slice_cells(grid: Grid, extents: Extents) -> float:
    """Grid cells along the slices for what changes over a lesion's length."""
    return max(2.0, 1.5 * grid.shape[0] / max(extents.half_slices, 1.0))


def ellipsoid(grid: Grid, draw: Draw, extents: Extents, drift: float = 0.5) -> torch.Tensor:
    """A noisy, tilted ellipsoid: 1 at its centre, 0 on its surface; like the grid."""
    slender = draw.chance(0.25)
    flatness = draw.log_uniform(1.5, 3.0) if slender else draw.log_uniform(0.6, 1.7)
    angle = draw.uniform(0.0, math.pi)
    along = grid.slices - extents.centre_slice
    tilt = extents.radius / max(extents.half_slices, 1.0)
    # The lesion's axis passes the middle of the scene at the prompted slice.
    row = grid.rows - 0.5 - draw.uniform(-drift, drift) * tilt * grid.slices
    column = grid.columns - 0.5 - draw.uniform(-drift, drift) * tilt * grid.slices
    if draw.chance(0.5):
        warp = draw.uniform(0.1, 0.6) * extents.radius
        cells = draw.uniform(0.7, 1.8) / extents.radius
        along_cells = _slice_cells(grid, extents)
        row = row + warp * draw.smooth(grid.shape, cells, along_cells)
        column = column + warp * draw.smooth(grid.shape, cells, along_cells)
    cosine, sine = math.cos(angle), math.sin(angle)
    long, short = cosine * column + sine * row, cosine * row - sine * column
    if slender:  # bent, as around a bone
        bend = draw.uniform(-0.7, 0.7) / (extents.radius * flatness)
        short = short + bend * (long**2 - 0.3 * extents.radius**2)
    first = long / (extents.radius * math.sqrt(flatness))
    second = short * math.sqrt(flatness) / extents.radius
    within = (along / extents.half_slices).abs() ** extents.bluntness
    return 1.0 - first**2 - second**2 - within


def _roughness(grid: Grid, draw: Draw, extents: Extents, smooth: bool) -> torch.Tensor:
    """Lobes, spicules or a ragged threshold edge, added to a lesion's field."""
    per_radius = 1.0 / extents.radius
    slice_cells = _slice_cells(grid, extents)
    rough = draw.uniform(0.0, 0.45) * draw.smooth(
        grid.shape, per_radius * draw.uniform(0.8, 2.2), slice_cells
    )
    kind = draw.uniform(0.0, 1.0)
    if smooth:
        return rough
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


def lesion_field(grid: Grid, draw: Draw, extents: Extents, smooth: bool = False) -> torch.Tensor:
    """The whole lesion: one or several parts, lobed, rough or spiculated.

    Args:
        grid: where to compute it.
        draw: where the choices come from.
        extents: size and place.
        smooth: an outline as drawn by hand, neither ragged nor spiculated.

    Returns:
        float32 (frames, size, size), positive inside, at least ``OUTSIDE``.
    """
    field = ellipsoid(grid, draw, extents)
    for _ in range(draw.integer(1, 4) if draw.chance(0.2 if smooth else 0.4) else 0):
        scale = draw.uniform(0.25, 0.8)
        part = Extents(
            extents.radius * scale,
            max(1.0, extents.half_slices * scale),
            extents.centre_slice + draw.uniform(-0.8, 0.8) * extents.half_slices,
            extents.bluntness,
        )
        distance, bearing = draw.uniform(0.4, 1.3) * extents.radius, draw.uniform(0.0, 6.3)
        moved = Grid(
            grid.rows - distance * math.sin(bearing),
            grid.columns - distance * math.cos(bearing),
            grid.slices,
        )
        field = torch.maximum(field, ellipsoid(moved, draw, part))
    envelope = field
    field = field + _roughness(grid, draw, extents, smooth)
    if not smooth and draw.chance(0.2):
        field = field + _spicules(grid, draw)
    return torch.where(envelope < -1.2, OUTSIDE, field).clamp(min=OUTSIDE)

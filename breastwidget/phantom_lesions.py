"""What grows in the synthetic breast: vessels and lesions.

Positions are mm from the grid's corner along its voxel axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from breastwidget.phantom_anatomy import Grid, partial_volume, smooth_noise

__all__ = ["LesionShape", "grow_vessel", "make_lesion", "stamp_tube"]

Field = NDArray[np.float32]
Vector = NDArray[np.float64]


def grow_vessel(
    rng: np.random.Generator, start: Vector, goal: Vector, radius_mm: float, branches: int = 3
) -> list[tuple[Vector, float]]:
    """Points (x, y, z) in mm and radii of a winding, tapering, branching vessel to `goal`."""
    points: list[tuple[Vector, float]] = []
    position, course = start.copy(), goal - start
    total = float(np.linalg.norm(course))
    course = course / max(total, 1e-6)
    step = 0.6
    sprouts = set(rng.integers(8, max(9, int(total / step)), size=branches).tolist())
    for index in range(int(1.6 * total / step)):
        remaining = goal - position
        distance = float(np.linalg.norm(remaining))
        if distance < 1.5 * step:
            break
        pull = min(0.5, 0.03 + step / distance)
        course = (1 - pull) * course + pull * remaining / distance + rng.normal(0, 0.11, 3)
        course /= np.linalg.norm(course)
        position = position + step * course
        radius = radius_mm * (1 - 0.45 * min(1.0, index * step / total))
        points.append((position, radius))
        if index in sprouts and radius > 0.55:
            side = course + rng.normal(0, 0.9, 3)
            end = position + side / np.linalg.norm(side) * rng.uniform(12, 32)
            points += grow_vessel(rng, position, end, 0.7 * radius, branches=1)
    return points


def stamp_tube(field: Field, grid: Grid, points: list[tuple[Vector, float]]) -> None:
    """Draw points (mm from the grid's corner) with radii into `field` with partial volume."""
    if not points:
        return
    spacing = np.asarray(grid.spacing_mm)
    centres = np.array([position for position, _ in points])
    radii = np.array([radius for _, radius in points])[:, None]
    reach = np.ceil((radii.max() + 1.0) / spacing).astype(int)
    offsets = np.stack(np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij"), -1)
    base = np.floor(centres / spacing).astype(int)
    voxels = base[:, None, :] + offsets.reshape(1, -1, 3)
    gap = (voxels + 0.5) * spacing - centres[:, None, :]
    # A tube thinner than a slice fills only part of it.
    beyond = np.maximum(np.abs(gap) - (spacing - spacing.min()) / 2, 0)
    distance = np.sqrt((beyond**2).sum(axis=-1))
    share = np.minimum(1.0, 2 * radii / spacing.max())
    cover = (share * expit((radii - distance) * (4 / 0.7))).astype(np.float32)
    valid = ((voxels >= 0) & (voxels < grid.shape)).all(axis=-1) & (cover > 0.02)
    flat = np.ravel_multi_index(tuple(voxels[valid].T), grid.shape)
    np.maximum.at(field.reshape(-1), flat, cover[valid])


@dataclass(frozen=True, eq=False)
class LesionShape:
    """One lesion in its box: `cover` and `core` (0 at the rim, 1 deep inside), both in [0, 1]."""

    box: tuple[slice, slice, slice]
    cover: Field
    core: Field


def make_lesion(
    rng: np.random.Generator, grid: Grid, centre_mm: Vector, radius_mm: float, spicules: int
) -> LesionShape:
    """An irregular, lobulated lesion with tapering spicules, integrated over thick slices."""
    spacing = np.asarray(grid.spacing_mm)
    reach = 1.75 * radius_mm + 2
    low = np.clip(np.floor((centre_mm - reach) / spacing).astype(int), 0, np.array(grid.shape) - 1)
    high = np.clip(np.ceil((centre_mm + reach) / spacing).astype(int), low + 1, grid.shape)
    fine = np.maximum(1, np.rint(spacing / 0.6).astype(int))
    counts = (
        int((high[0] - low[0]) * fine[0]),
        int((high[1] - low[1]) * fine[1]),
        int((high[2] - low[2]) * fine[2]),
    )
    step = spacing / fine
    axes = [
        low[a] * spacing[a] + (np.arange(counts[a]) + 0.5) * step[a] - centre_mm[a]
        for a in range(3)
    ]
    offset = np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)
    sizes = (float(step[0]), float(step[1]), float(step[2]))
    radial = np.sqrt((offset**2).sum(axis=-1))
    stretch = rng.uniform(0.82, 1.18, 3)
    squeezed = np.sqrt(((offset / stretch.astype(np.float32)) ** 2).sum(axis=-1))
    lobes = 0.24 * smooth_noise(rng, counts, sizes, 0.75 * radius_mm)
    lobes += 0.06 * smooth_noise(rng, counts, sizes, max(0.3 * radius_mm, 1.0))
    # Lobes must not cut the middle out or grow islands, so they act at the rim only.
    depth = radius_mm * (1 + np.clip(lobes, -0.45, 0.45)) - squeezed
    solid = depth
    for _ in range(spicules):
        course = rng.normal(size=3).astype(np.float32)
        course /= np.linalg.norm(course)
        length = radius_mm * rng.uniform(1.15, 1.6)
        along = offset @ course
        across = np.sqrt(np.maximum(radial**2 - along**2, 0))
        thickness = rng.uniform(1.4, 2.4) * np.clip(1.25 - along / length, 0, 1)
        spike = np.where(along > 0, np.minimum(thickness - across, length - along), -99.0)
        solid = np.maximum(solid, spike)
    blocks = tuple(int(v) for pair in zip(high - low, fine, strict=True) for v in pair)
    cover = partial_volume(solid.astype(np.float32), 1.0).reshape(blocks).mean(axis=(1, 3, 5))
    core = np.clip(depth / radius_mm, 0, 1).astype(np.float32).reshape(blocks).mean(axis=(1, 3, 5))
    box = (
        slice(int(low[0]), int(high[0])),
        slice(int(low[1]), int(high[1])),
        slice(int(low[2]), int(high[2])),
    )
    return LesionShape(box, cover, core)

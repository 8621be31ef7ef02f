"""The synthetic breast's anatomy: noise fields, body, gland.

Coordinates are the canonical field of view of 179 x 179 x 120 mm, along the phantom's own voxel
axes: x from anterior to posterior, y from inferior to superior, z from right to left (a left
breast, so medial is low z). Every map is a float32 array (i, j, k) with values in [0, 1] that say
how much of a voxel a tissue fills.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = [
    "CANONICAL_MM",
    "Body",
    "Grid",
    "make_body",
    "make_gland",
    "partial_volume",
    "smooth_noise",
]

Field = NDArray[np.float32]
Vector = NDArray[np.float64]

CANONICAL_MM = (179.0, 179.0, 120.0)


@dataclass(frozen=True)
class Grid:
    """A voxel grid over the canonical field of view; `spacing_mm` and `shape` are (i, j, k)."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    def axes(self) -> tuple[Field, Field, Field]:
        """Canonical x, y, z of voxel centres, shaped to broadcast to (i, j, k)."""
        x, y, z = (
            ((np.arange(n, dtype=np.float32) + 0.5) * np.float32(length / n))
            for n, length in zip(self.shape, CANONICAL_MM, strict=True)
        )
        return x[:, None, None], y[None, :, None], z[None, None, :]

    def to_mm(self, canonical: Vector) -> Vector:
        """Canonical positions (..., 3) as mm from the grid's corner along its axes."""
        extent = np.multiply(self.shape, self.spacing_mm)
        return np.asarray(canonical * (extent / np.asarray(CANONICAL_MM)))


@dataclass(frozen=True, eq=False)
class Body:
    """Where the patient is: `depth_mm` below the skin (negative outside), and tissue maps."""

    depth_mm: Field
    wall_mm: Field  # distance behind the pectoral muscle's front; negative in the breast
    inside: Field
    skin: Field
    muscle: Field
    ribs: Field
    lung: Field
    heart: Field


def smooth_noise(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    scale_mm: float,
) -> Field:
    """Smooth noise with zero mean and unit variance whose blobs are about `scale_mm` wide.

    A cubic B-spline with random coefficients: three small matrix products, at any scale.
    """
    bases = [_spline_basis(n, step / scale_mm) for n, step in zip(shape, spacing_mm, strict=True)]
    field = rng.standard_normal([basis.shape[1] for basis in bases], dtype=np.float32)
    for basis in bases:  # Each product moves the next axis to the front and its result to the end.
        field = np.tensordot(field, basis, axes=(0, 1))
    field -= field.mean()
    field /= max(float(field.std()), 1e-6)
    return field


def _spline_basis(count: int, step: float) -> Field:
    """Values (count, knots) of the cubic B-splines at `count` points `step` knots apart."""
    at = (np.arange(count) + 0.5) * step
    knots = int(np.ceil(at[-1])) + 4
    distance = np.abs(at[:, None] - (np.arange(knots)[None, :] - 1.0))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


def partial_volume(distance_mm: Field, width_mm: float) -> Field:
    """How much is inside, from 0 to 1, at a distance inside a boundary blurred over `width_mm`."""
    return np.asarray(expit(distance_mm * np.float32(4 / width_mm)), dtype=np.float32)


def _ellipsoid_mm(x: Field, y: Field, z: Field, radii: tuple[float, float, float]) -> Field:
    """About the distance in mm inside an ellipsoid at the origin (negative outside)."""
    a, b, c = (np.float32(radius) for radius in radii)
    k0 = np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)
    k1 = np.sqrt((x / a**2) ** 2 + (y / b**2) ** 2 + (z / c**2) ** 2)
    return np.asarray(k0 * (1 - k0) / np.maximum(k1, 1e-4), dtype=np.float32)


def _smooth_union(a: Field, b: Field, width: float) -> Field:
    """The larger of two inside-distances, rounded where they meet."""
    blend = np.clip(0.5 + (a - b) / np.float32(2 * width), 0, 1)
    return np.asarray(b + (a - b) * blend + np.float32(width) * blend * (1 - blend))


def make_body(rng: np.random.Generator, grid: Grid) -> Body:
    """Breast on torso with nipple, skin, pectoral muscle, ribs, lung and heart."""
    x, y, z = grid.axes()
    size = rng.uniform(0.93, 1.05)
    forward = np.clip((126 - x) / 100, 0, 1.2)
    axis_y = 90 - rng.uniform(6, 13) * forward  # A breast hangs a little, more towards the nipple.
    # Fuller below than above.
    height = np.where(y < axis_y, np.float32(66 * size), np.float32(72 * size))
    rise = np.asarray((y - axis_y) * (66 / height), dtype=np.float32)
    breast = _ellipsoid_mm(x - 126, rise, z - 60, (104, 66, 61 * size))
    front = 116 + 0.005 * (z - 40) ** 2 + 0.0012 * (y - 110) ** 2
    depth = _smooth_union(breast, np.broadcast_to(x - front, breast.shape), 9.0)
    tip_x = 126 - 104 * 0.985
    nipple = _ellipsoid_mm(x - tip_x, y - (axis_y.min() + 1), z - 60, (7, 5, 5))
    depth = _smooth_union(depth, nipple, 2.5)
    depth += np.float32(0.5) * smooth_noise(rng, grid.shape, grid.spacing_mm, 25)

    skin_mm = (
        2.2
        + 1.6 * np.clip((75 - y) / 40, 0, 1)
        + 2.6 * np.exp(-((x - tip_x) ** 2 + (y - 80) ** 2 + (z - 60) ** 2) / 18.0**2)
    )
    inside = partial_volume(depth, 1.4)
    skin = inside * (1 - partial_volume(depth - skin_mm, 1.4))

    slope = 0.13 * (y - 100)  # The pectoral muscle leans forward at the shoulder.
    wall = x - (front + 11 - slope) + 1.2 * smooth_noise(rng, grid.shape, grid.spacing_mm, 18)
    thickness = np.clip(3 + 0.17 * (y - 45), 3, 20) + 1.5 * np.sin(z / 9)
    behind = wall - thickness
    muscle = partial_volume(wall, 1.5) * (1 - partial_volume(behind, 1.5))
    chest = partial_volume(behind - 3, 2.0) * (1 - partial_volume(behind - 15, 2.0))
    wave = np.asarray(np.cos((y - 0.35 * z) * np.float32(2 * np.pi / 24)), dtype=np.float32)
    ribs = chest * partial_volume(wave - 0.1, 0.5)
    heart_mm = _ellipsoid_mm(x - 186, y - 52, z - 25, (40, 44, 42))
    heart = partial_volume(heart_mm, 2.5) * partial_volume(behind - 8, 2.0)
    lung = partial_volume(behind - 16, 2.0) * (1 - heart)
    muscle, ribs, lung, heart = (part * inside for part in (muscle, ribs, lung, heart))
    return Body(depth, wall, inside, skin, muscle, ribs, lung, heart)


def make_gland(rng: np.random.Generator, grid: Grid, body: Body) -> Field:
    """Fibroglandular tissue: a lobed cone behind the nipple, ducts and Cooper's ligaments."""
    x, y, z = grid.axes()
    along = (x - 24) / 78  # 0 behind the nipple, 1 at the cone's base
    centre_y = 78 + 10 * along
    radius = 12 + 30 * np.clip(along, 0, 1)
    across = np.sqrt((y - centre_y) ** 2 + (z - 58) ** 2) / radius
    profile = 1.0 - across**2 - np.clip(along - 0.75, 0, None) * 3 - np.clip(-along, 0, None) * 6
    di, dj, dk = grid.spacing_mm
    drawn_out = (0.55 * di, dj, dk)  # Ducts and ligaments run towards the nipple.
    coarse, middle, fine = (
        smooth_noise(rng, grid.shape, drawn_out, scale) for scale in (15.0, 6.5, 2.8)
    )
    density = rng.uniform(0.8, 1.05)
    field = np.clip(profile, -1.5, 0.6) + 0.75 * coarse + 0.5 * middle + 0.22 * fine - density
    gland = partial_volume(field, 0.8)
    sheets = np.exp(-((0.7 * coarse - 0.7 * middle + 0.12 * fine) ** 2) / 0.008)
    strands = np.float32(0.5) * sheets * partial_volume(profile + 0.8 + 0.3 * middle, 1.6)
    within = partial_volume(body.depth_mm - 4, 2.5) * partial_volume(-3 - body.wall_mm, 4.0)
    return np.asarray(np.maximum(gland, strands) * within, dtype=np.float32)

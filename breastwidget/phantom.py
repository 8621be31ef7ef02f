"""A synthetic breast DCE-MRI with known lesions: skin, fat, gland, vessels, chest wall, noise.

One breast in sagittal slices, fat-suppressed T1, three phases: before contrast, at the wash-in
peak, at wash-out. It is for demonstrations and tests; no patient image went into it, and the
training generator shares no code with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from breastwidget.errors import VolumeError
from breastwidget.phantom_anatomy import Body, Grid, make_body, make_gland, smooth_noise
from breastwidget.phantom_lesions import LesionShape, grow_vessel, make_lesion, stamp_tube
from breastwidget.volume import Source, Volume

__all__ = ["KINDS", "Phantom", "make_phantom"]

Field = NDArray[np.float32]

KINDS = ("single", "several", "scattered")

# Signal (arbitrary units) before contrast, at the wash-in peak and at wash-out.
_FAT = (26.0, 27.0, 27.0)
_SKIN = (125.0, 145.0, 155.0)
_GLAND = (98.0, 98.0, 98.0)  # its own enhancement, the background's, is a field of its own
_MUSCLE = (78.0, 90.0, 92.0)
_RIB = (30.0, 33.0, 34.0)
_LUNG = (4.0, 5.0, 5.0)
_HEART = (85.0, 300.0, 250.0)
_VESSEL = (85.0, 285.0, 250.0)
_RIM = (108.0, 245.0, 215.0)
_CORE = (100.0, 172.0, 195.0)
_NOISE = 10.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic DCE-MRI and the truth about it.

    `phases` are int16 volumes of shape (i, j, k) on one grid. `reference` is their union of
    `lesions`, all bool (i, j, k): the voxels that a lesion fills by at least half.
    """

    phases: tuple[Volume, Volume, Volume]
    reference: NDArray[np.bool_]
    lesions: tuple[NDArray[np.bool_], ...]

    def subtraction(self, n: int = 1) -> Volume:
        """Phase `n` minus phase 0, int16. Raises `VolumeError` unless n is 1 or 2."""
        if n not in (1, 2):
            raise VolumeError(
                f"The phantom has phases 0, 1 and 2; expected a subtraction of 1 or 2, got {n}."
            )
        late, first = self.phases[n], self.phases[0]
        return Volume(
            np.asarray(late.data - first.data, dtype=np.int16),
            first.affine,
            f"{first.name.removesuffix(' phase 0')} subtraction {n}",
            source=Source(subtraction=n),
            slice_axis=first.slice_axis,
        )


def make_phantom(
    kind: str = "single",
    seed: int = 0,
    shape: tuple[int, int, int] = (256, 256, 60),
    spacing_mm: tuple[float, float, float] = (0.7, 0.7, 2.0),
) -> Phantom:
    """Make a phantom with a `single` lesion, `several` or many `scattered` small ones.

    The same arguments give the same phantom. Voxel axes run to posterior, superior and left
    (`shape` and `spacing_mm` in that order); the anatomy fills the field of view, lesions keep
    their size in mm: 20 to 30 mm, 9 to 18 mm, 4 to 9 mm. Raises `VolumeError` for an unknown kind.
    """
    if kind not in KINDS:
        raise VolumeError(f"Unknown phantom {kind!r}; choose one of {', '.join(KINDS)}.")
    if min(shape) < 8 or min(spacing_mm) <= 0:
        raise VolumeError(
            f"Expected at least 8 voxels above 0 mm along each axis, got {shape}, {spacing_mm} mm."
        )
    rng = np.random.default_rng([KINDS.index(kind), seed])
    grid = Grid(shape, spacing_mm)
    body = make_body(rng, grid)
    gland = make_gland(rng, grid, body)
    centres, radii = _place_lesions(rng, kind, grid, body, gland)
    shapes = [
        make_lesion(rng, grid, centre, radius, spicules=int(radius * 0.8))
        for centre, radius in zip(centres, radii, strict=True)
    ]
    vessels = _vessels(rng, grid, body, centres, radii)
    lesions = _masks(shapes, shape)
    signals = _signals(rng, grid, body, gland, vessels, shapes)
    phases = _acquire(rng, grid, signals, f"phantom-{kind}-{seed}")
    return Phantom(phases, np.logical_or.reduce(lesions), lesions)


def _place_lesions(
    rng: np.random.Generator, kind: str, grid: Grid, body: Body, gland: Field
) -> tuple[list[NDArray[np.float64]], list[float]]:
    """Centres (mm from the grid's corner) and radii: in the breast, apart, near the gland."""
    radii = {
        "single": [rng.uniform(10.0, 11.5)],
        "several": list(rng.uniform(4.5, 8.5, 3)),
        "scattered": list(rng.uniform(2.2, 4.2, 14)),
    }[kind]
    centres: list[NDArray[np.float64]] = []
    apart = {"single": 0.0, "several": 3.2, "scattered": 3.0}[kind]
    for radius in radii:
        best, best_score = None, -np.inf
        for _ in range(200):
            canonical = rng.uniform((38, 45, 30), (102, 125, 88))
            centre = grid.to_mm(canonical)
            i, j, k = (int(v) for v in centre // np.asarray(grid.spacing_mm))
            room = min(float(body.depth_mm[i, j, k]), -float(body.wall_mm[i, j, k])) - 1.3 * radius
            gaps = [
                np.linalg.norm(centre - c) - apart * r for c, r in zip(centres, radii, strict=False)
            ]
            score = min(0.0, room - 7) + min(0.0, min(gaps, default=0.0) - radius)
            # Tumours grow where gland is, yet one buried in it wholly would be a coin toss.
            score -= abs(float(gland[i, j, k]) - 0.5)
            if score > best_score:
                best, best_score = centre, score
        assert best is not None
        centres.append(best)
    return centres, radii


def _vessels(
    rng: np.random.Generator,
    grid: Grid,
    body: Body,
    centres: list[NDArray[np.float64]],
    radii: list[float],
) -> Field:
    """Branching vessels from the chest wall and the axilla, one of them to the first lesion."""
    field = np.zeros(grid.shape, dtype=np.float32)
    routes = []
    for _ in range(7):
        start = rng.uniform((100, 40, 15), (122, 150, 105))
        goal = rng.uniform((30, 50, 25), (80, 125, 95))
        routes.append((grid.to_mm(start), grid.to_mm(goal), rng.uniform(0.9, 1.5)))
    side = rng.normal(size=3)
    touch = centres[0] + side / np.linalg.norm(side) * radii[0] * 0.95
    routes.append((grid.to_mm(np.array((112.0, 135.0, 90.0))), touch, 1.6))
    for start, goal, radius in routes:
        stamp_tube(field, grid, grow_vessel(rng, start, goal, radius))
    return np.asarray(field * (body.depth_mm > 2.5) * (body.wall_mm < 8), dtype=np.float32)


def _masks(shapes: list[LesionShape], shape: tuple[int, int, int]) -> tuple[NDArray[np.bool_], ...]:
    """Each lesion's voxels: at least half filled, in one piece, no voxel in two lesions."""
    taken = np.zeros(shape, dtype=bool)
    masks = []
    for lesion in shapes:
        half = lesion.cover >= min(0.5, float(lesion.cover.max()))
        labels, count = ndimage.label(half)
        if count > 1:
            half = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
        mask = np.zeros(shape, dtype=bool)
        mask[lesion.box] = half & ~taken[lesion.box]
        taken |= mask
        masks.append(mask)
    return tuple(masks)


def _signals(
    rng: np.random.Generator,
    grid: Grid,
    body: Body,
    gland: Field,
    vessels: Field,
    shapes: list[LesionShape],
) -> tuple[Field, Field, Field]:
    """Noise-free signal of the three phases, each tissue painted over those before it."""
    patchy = smooth_noise(rng, grid.shape, grid.spacing_mm, 30.0)
    grain = smooth_noise(rng, grid.shape, grid.spacing_mm, 2.4)
    enhancement = np.clip(0.42 + 0.18 * patchy + 0.07 * grain, 0.03, None)
    unsuppressed = np.clip(patchy - 1.1, 0, 1) * 45 + 4 * grain  # where fat suppression failed
    textures = [rng.normal(size=lesion.cover.shape) for lesion in shapes]
    textures = [ndimage.gaussian_filter(t, (2.2, 2.2, 0.8)) for t in textures]
    phases = []
    for phase in range(3):
        signal = body.inside * (_FAT[phase] + unsuppressed)
        glandular = _GLAND[phase] * (1 + 0.08 * grain + (0.0, 1.0, 1.25)[phase] * enhancement)
        for cover, value in (
            (gland, glandular),
            (body.muscle, _MUSCLE[phase] + 9 * grain),
            (body.ribs, _RIB[phase]),
            (body.lung, _LUNG[phase]),
            (body.heart, _HEART[phase]),
            (body.skin, _SKIN[phase]),
            (vessels, _VESSEL[phase]),
        ):
            signal += cover * (value - signal)
        for lesion, texture in zip(shapes, textures, strict=True):
            rim = np.clip(1.6 * lesion.core, 0, 1)
            value = _RIM[phase] + rim * (_CORE[phase] - _RIM[phase])
            value = value * (1 + 0.15 * texture / max(float(texture.std()), 1e-6))
            signal[lesion.box] += lesion.cover * (value - signal[lesion.box])
        phases.append(signal.astype(np.float32))
    return phases[0], phases[1], phases[2]


def _acquire(
    rng: np.random.Generator,
    grid: Grid,
    signals: tuple[Field, Field, Field],
    name: str,
) -> tuple[Volume, Volume, Volume]:
    """Add coil shading, a little motion before contrast, Rician noise; round to int16."""
    x, y, _ = grid.axes()
    shading = 0.3 + 0.95 * np.exp(-(((x - 15) / 95) ** 2) - ((y - 70) / 120) ** 2)
    shading = shading * (1 + 0.07 * smooth_noise(rng, grid.shape, grid.spacing_mm, 60.0))
    di, dj, dk = grid.spacing_mm
    affine = np.array([[0, 0, -dk, -20.0], [-di, 0, 0, 110.0], [0, dj, 0, -90.0], [0, 0, 0, 1.0]])
    volumes = []
    for phase, signal in enumerate(signals):
        shaded = signal * shading
        if phase == 0:  # The patient relaxes between the phases: a fifth of a millimetre.
            shaded = shaded + np.float32(0.2 / di) * (np.roll(shaded, 1, axis=0) - shaded)
        real = shaded + _NOISE * rng.standard_normal(grid.shape, dtype=np.float32)
        imaginary = _NOISE * rng.standard_normal(grid.shape, dtype=np.float32)
        data = np.rint(np.hypot(real, imaginary)).astype(np.int16)
        volumes.append(
            Volume(data, affine, f"{name} phase {phase}", source=Source(phase=phase), slice_axis=2)
        )
    return volumes[0], volumes[1], volumes[2]

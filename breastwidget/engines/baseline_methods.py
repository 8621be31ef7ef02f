"""What the two baselines do on one picture: threshold and connectivity, and the random walker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import random_walker

from breastwidget.engines.gray_regions import (
    GrayClass,
    Mask,
    Picture,
    around,
    filled,
    large_parts,
    mask_bounds,
    parts_at,
    separability,
)

__all__ = ["Found", "Method", "OtsuGrowth", "RandomWalk", "Scene"]

# How far a mask may move outward from one slice to the next. The best of 1.5, 2, 3, 4, 5 mm and
# no limit at all, center-outward on the development cases; 3 to 5 mm differ by 0.001.
_OTSU_REACH_MM = 3.0
_WALK_REACH_MM = 8.0
# Object seeds of the next slice: the previous mask without the outer quarter of its depth.
_WALK_CORE = 0.25
# On a prompted slice only the pixels this near to Otsu's contour, or next to it, are left to the
# walker; 1 and 2 mm give away small ends of lesions.
_WALK_PROMPT_MM = 0.5
# Grady's beta, for gray values scaled to [0, 1]; 90 and 300 leak more, 3000 changes little.
_WALK_BETA = 1000.0
# Up to here an LU factorisation is quicker than conjugate gradients.
_DIRECT_PIXELS = 40_000


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays the same over a lesion's slices: its gray values, where it may be, the grid.

    `limit` is bool (rows, columns): no mask leaves it.
    """

    gray: GrayClass
    limit: Mask
    spacing_mm: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Found:
    """A mask and how good it is thought to be, in [0, 1]."""

    mask: Mask
    quality: float


class Method(Protocol):
    """How a baseline draws a prompted slice and follows the object to the next one."""

    name: str

    def at_prompt(self, picture: Picture, rough: Mask, area: Mask, scene: Scene) -> Found:
        """The object on a prompted slice, from its Otsu mask `rough`; it stays inside `area`."""

    def follow(self, picture: Picture, previous: Mask, scene: Scene) -> Found:
        """The object on a slice beside one where its mask is `previous`, not empty."""


class OtsuGrowth:
    """Region growing: the lesion's class, connected to the slice before, within a few mm of it.

    Quality is `separability`.
    """

    name = "otsu"

    def at_prompt(self, picture: Picture, rough: Mask, area: Mask, scene: Scene) -> Found:  # noqa: ARG002 - the protocol's
        """The Otsu mask itself."""
        return self._found(picture, rough, scene)

    def follow(self, picture: Picture, previous: Mask, scene: Scene) -> Found:
        """What of the lesion's class touches `previous`, no further than 3 mm from it."""
        near = around(previous, _OTSU_REACH_MM, scene.spacing_mm) & scene.limit
        grown = parts_at(filled(scene.gray.holds(picture) & near), previous)
        return self._found(picture, large_parts(grown), scene)

    def _found(self, picture: Picture, mask: Mask, scene: Scene) -> Found:
        return Found(mask, separability(picture, mask, scene.gray.bright, scene.spacing_mm))


class RandomWalk:
    """Grady's random walker (IEEE TPAMI 28(11), 2006), slice by slice; scikit-image's.

    Quality is the expected IoU, were each pixel the object's with the walker's probability.
    """

    name = "random-walker"

    def at_prompt(self, picture: Picture, rough: Mask, area: Mask, scene: Scene) -> Found:
        """The Otsu mask with its contour drawn anew by the walker."""
        if not rough.any():
            return Found(rough, 0.0)
        depth = ndimage.distance_transform_edt(rough, sampling=scene.spacing_mm)
        core = depth > min(_WALK_PROMPT_MM, 0.5 * float(depth.max()))
        free = around(rough, _WALK_PROMPT_MM, scene.spacing_mm) & area
        return _walked(picture, core, free | rough, scene)

    def follow(self, picture: Picture, previous: Mask, scene: Scene) -> Found:
        """Seeded inside by the core of `previous` (its class only), outside beyond 8 mm."""
        depth = ndimage.distance_transform_edt(previous, sampling=scene.spacing_mm)
        core = (depth > _WALK_CORE * float(depth.max())) & scene.gray.holds(picture)
        free = around(previous, _WALK_REACH_MM, scene.spacing_mm) & scene.limit
        found = _walked(picture, core & free, free, scene)
        return Found(filled(large_parts(parts_at(found.mask, previous))), found.quality)


def _walked(picture: Picture, core: Mask, free: Mask, scene: Scene) -> Found:
    """Walk over `free`, whose part `core` is the object; all outside it is background."""
    nothing = Found(np.zeros_like(free), 0.0)
    if not core.any():
        return nothing
    if free.all():  # a picture smaller than the limit: its background is the other class
        free = scene.gray.holds(picture) | core
    x0, y0, x1, y1 = (int(edge) for edge in mask_bounds(free))
    crop = (slice(max(y0 - 1, 0), y1 + 1), slice(max(x0 - 1, 0), x1 + 1))
    # The object's own gray counts too: a small one is less than a hundredth of the pixels.
    typical = float(np.median(picture[core]))
    low, high = np.percentile(picture[crop], (1, 99))
    low, high = min(float(low), typical), max(float(high), typical)
    if high <= low:
        return nothing
    labels = np.where(core[crop], 1, np.where(free[crop], 0, 2)).astype(np.int32)
    scaled = np.clip((picture[crop] - low) / (high - low), 0.0, 1.0)
    probability = np.zeros(free.shape)
    probability[crop] = _solve(scaled, labels, scene.spacing_mm)
    mask = probability > 0.5
    union = float(mask.sum()) + float(probability[~mask].sum())
    return Found(mask, float(probability[mask].sum()) / union if union else 0.0)


def _solve(
    picture: NDArray[np.float32], labels: NDArray[np.int32], spacing_mm: tuple[float, float]
) -> NDArray[np.float64]:
    """The probability of label 1 at each pixel; `labels` are 1, 2, and 0 where it is asked."""
    if (labels != 0).all() or not (labels == 2).any():
        return np.asarray(labels != 2, dtype=np.float64)
    finest = min(spacing_mm)
    solved = random_walker(
        picture,
        labels,
        beta=_WALK_BETA,
        mode="bf" if labels.size <= _DIRECT_PIXELS else "cg_j",
        spacing=[step / finest for step in spacing_mm],
        return_full_prob=True,
    )
    return np.asarray(solved[0], dtype=np.float64)

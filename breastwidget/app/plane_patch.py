"""The part of a slice that the scene shows as a plane: where it lies, and its gray picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from breastwidget.display import to_gray
from breastwidget.volume import Plane, SliceStack

if TYPE_CHECKING:
    from breastwidget.scene_items import ScenePlane

__all__ = ["PlanePatch", "patch_around"]

_MOST_PIXELS = 128
_MARGIN = 0.1


@dataclass(frozen=True)
class PlanePatch:
    """Every `thinning`-th of the rows [r0, r1) and columns [c0, c1) of a slice of `plane`, made
    for slice `index`."""

    plane: Plane
    index: int
    r0: int
    r1: int
    c0: int
    c1: int
    thinning: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return -(-(self.r1 - self.r0) // self.thinning), -(-(self.c1 - self.c0) // self.thinning)

    def picture(self, stack: SliceStack, index: int, lo: float, hi: float) -> NDArray[np.uint8]:
        """(rows, columns) uint8 of slice `index` under the window `lo` to `hi`."""
        rows, columns = slice(self.r0, self.r1), slice(self.c0, self.c1)
        thin = stack.pixels[index, rows, columns][:: self.thinning, :: self.thinning]
        return np.ascontiguousarray(to_gray(thin, lo, hi))

    def offset_mm(self, stack: SliceStack, index: int) -> tuple[float, float, float]:
        """How far slice `index` lies from the one that the patch was made for, in mm (RAS+)."""
        x, y, z = (float(value) * (index - self.index) for value in stack.affine[:3, 0])
        return x, y, z

    def scene_plane(self, stack: SliceStack, lo: float, hi: float, opacity: float) -> ScenePlane:
        """As an item of a scene."""
        from breastwidget.scene_items import ScenePlane

        top, left = self.r0 - 0.5, self.c0 - 0.5
        bottom, right = self.r1 - 0.5, self.c1 - 0.5
        corners = [(self.index, top, left), (self.index, top, right), (self.index, bottom, left)]
        corners_mm = np.asarray(corners) @ stack.affine[:3, :3].T + stack.affine[:3, 3]
        picture = self.picture(stack, self.index, lo, hi)
        return ScenePlane(corners_mm, picture, opacity=opacity)


def patch_around(
    stack: SliceStack, index: int, low: tuple[float, float], high: tuple[float, float]
) -> PlanePatch:
    """A patch of slice `index` that reaches a little beyond (row, column) `low` and `high`."""
    _, rows, columns = stack.shape
    margin = _MARGIN * max(high[0] - low[0], high[1] - low[1]) + 1
    r0, c0 = (max(0, int(at - margin)) for at in low)
    r1, c1 = int(high[0] + margin) + 1, int(high[1] + margin) + 1
    r1, c1 = min(r1, rows), min(c1, columns)
    thinning = -(-max(r1 - r0, c1 - c0) // _MOST_PIXELS)
    return PlanePatch(stack.plane, index, r0, r1, c0, c1, thinning)

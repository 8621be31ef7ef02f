"""What a scene can show: coloured surfaces, a slice as a plane with its picture, lines.

All coordinates are mm in RAS+. Values only; `breastwidget.scene_actors` gives them to VTK.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from breastwidget.display import REFERENCE_COLOUR, result_colour, to_gray, window_range
from breastwidget.parts import bounds

if TYPE_CHECKING:
    from breastwidget.surface import Surface
    from breastwidget.volume import SliceStack

__all__ = ["SceneItem", "SceneLine", "SceneMesh", "ScenePlane", "as_items", "slice_plane"]

# A texture any larger makes the page heavy and shows no more on a plane that is 300 pixels wide.
_MOST_PICTURE_PIXELS = 256
_SHELL_OPACITY = 0.35
_MARGIN_MM = 25.0


@dataclass(frozen=True, eq=False)
class SceneMesh:
    """A surface in one `colour` (#rrggbb), or in `vertex_colours` (n, 3) uint8, one per vertex.

    `opacity` runs from 0 to 1; `name` goes into files that have names.
    """

    surface: Surface
    colour: str = result_colour(0)
    opacity: float = 1.0
    vertex_colours: NDArray[np.uint8] | None = None
    name: str = "lesion"

    @property
    def points_mm(self) -> NDArray[np.float64]:
        """All that must be seen of it, (n, 3)."""
        return self.surface.points


@dataclass(frozen=True, eq=False)
class SceneLine:
    """A line through `points_mm`, (n, 3), such as a diameter; `width` in pixels."""

    points_mm: NDArray[np.float64]
    colour: str = "#000000"
    width: float = 3.0


@dataclass(frozen=True, eq=False)
class ScenePlane:
    """A rectangle: `corners_mm` (3, 3) are its picture's top left, top right and bottom left.

    `picture` is (rows, columns) uint8 gray; without one the plane has one `colour`.
    """

    corners_mm: NDArray[np.float64]
    picture: NDArray[np.uint8] | None = None
    colour: str = "#7f8c99"
    opacity: float = 0.5

    @property
    def points_mm(self) -> NDArray[np.float64]:
        """Its four corners, (4, 3), round from the top left."""
        origin, right, down = self.corners_mm
        return np.stack([origin, right, right + down - origin, down])


SceneItem: TypeAlias = "Surface | tuple[Surface, str, float] | SceneMesh | SceneLine | ScenePlane"
"""A surface, its colour and its opacity, or another item; a bare surface gets the usual look."""


def as_items(items: Sequence[SceneItem]) -> list[SceneMesh | SceneLine | ScenePlane]:
    """Every item in full; of bare surfaces the first is the result, the others are references."""
    full: list[SceneMesh | SceneLine | ScenePlane] = []
    for index, item in enumerate(items):
        if isinstance(item, tuple):
            full.append(SceneMesh(*item))
        elif isinstance(item, SceneMesh | SceneLine | ScenePlane):
            full.append(item)
        elif index == 0:
            full.append(SceneMesh(item))
        else:
            full.append(SceneMesh(item, REFERENCE_COLOUR, _SHELL_OPACITY, name="reference"))
    return full


def slice_plane(
    stack: SliceStack,
    index: int,
    window: tuple[float, float] | None = None,
    *,
    around: NDArray[np.bool_] | None = None,
    picture: bool = True,
    opacity: float = 1.0,
) -> ScenePlane:
    """Slice `index` of `stack` where it lies in the patient, with its picture or without.

    `window` is the gray range (lo, hi), by default one that shows the slice well. With `around`, a
    (slice, row, column) bool mask, only the part around what it holds anywhere, and 25 mm more, so
    that a lesion is not lost before a whole slice. Pictures larger than 256 pixels are thinned.
    """
    rows, columns = _part(stack, around)
    # The outer edges of the corner pixels: half a pixel beyond their centres.
    top, bottom = rows.start - 0.5, rows.stop - 0.5
    left, right = columns.start - 0.5, columns.stop - 0.5
    corners = np.array([(index, top, left), (index, top, right), (index, bottom, left)])
    corners_mm = corners @ stack.affine[:3, :3].T + stack.affine[:3, 3]
    if not picture:
        return ScenePlane(corners_mm, opacity=min(opacity, 0.5))
    pixels = stack.pixels[index]
    gray = to_gray(pixels, *(window or window_range(pixels)))[rows, columns]
    step = -(-max(gray.shape) // _MOST_PICTURE_PIXELS)
    return ScenePlane(corners_mm, np.ascontiguousarray(gray[::step, ::step]), opacity=opacity)


def _part(stack: SliceStack, around: NDArray[np.bool_] | None) -> tuple[slice, slice]:
    """The rows and columns to show."""
    _, *sizes = stack.shape
    if around is None or not around.any():
        return slice(0, sizes[0]), slice(0, sizes[1])
    parts = []
    for box, size, step in zip(bounds(around)[1:], sizes, stack.spacing_mm[1:], strict=True):
        margin = math.ceil(_MARGIN_MM / step)
        parts.append(slice(max(0, box.start - margin), min(size, box.stop + margin)))
    return parts[0], parts[1]

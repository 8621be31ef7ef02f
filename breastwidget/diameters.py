"""How long and how broad a lesion is, and from where to where: lines that can be drawn.

Boundary points are where the mask's isosurface at 0.5 crosses between voxel centres, the middles of
the faces between inside and outside: IBSI's maximum 3-D diameter, and the same on one slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from breastwidget.parts import crop, largest_part

__all__ = ["Bidirectional", "Line", "bidirectional", "bidirectional_on", "longest_diameter"]

Mask: TypeAlias = NDArray[np.bool_]
Spacing: TypeAlias = tuple[float, float, float]
Point: TypeAlias = tuple[float, float, float]
_Points: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A straight line between two points in array indices, whole numbers at voxel centres.

    Its axes are those of the mask that it was measured in: (i, j, k) or (slice, row, column).
    Pictures count from a pixel's corner: add 0.5 to row and column to draw it on a slice.
    """

    start: Point
    end: Point
    length_mm: float

    def ends_mm(self, affine: NDArray[np.float64]) -> _Points:
        """Both ends in mm, (2, 3); `affine` is 4x4, from those indices (a stack's, a volume's)."""
        ends = np.array([self.start, self.end], dtype=np.float64)
        return np.asarray(ends @ affine[:3, :3].T + affine[:3, 3])


@dataclass(frozen=True)
class Bidirectional:
    """The two diameters that a reader draws on one slice, in (slice, row, column).

    `longest` is the longest diameter in the plane, `perpendicular` the longest line at right angles
    to it that lies wholly inside the mask (RECIST 1.1's long and short axis; WHO multiplies them).
    """

    slice: int
    longest: Line
    perpendicular: Line

    @property
    def product_mm2(self) -> float:
        """WHO's bidimensional product in mm²."""
        return self.longest.length_mm * self.perpendicular.length_mm


def longest_diameter(mask: Mask, spacing_mm: Spacing) -> Line | None:
    """The longest line between two boundary points of a 3-D mask, in its own axes; None if empty.

    `mask` is bool, `spacing_mm` in the same axis order. It spans separate parts, and may leave the
    mask in between; give it `largest_part` to measure that alone. One voxel's is its largest
    spacing.
    """
    inside = np.asarray(mask, dtype=bool)
    if not inside.any():
        return None
    cropped, low = crop(inside)
    faces = []
    for axis in range(3):
        where = np.argwhere(np.diff(cropped.astype(np.int8), axis=axis) != 0).astype(np.float64)
        where[:, axis] += 0.5
        faces.append(where)
    return _longest(np.concatenate(faces) + low, spacing_mm)


def bidirectional(mask: Mask, spacing_mm: Spacing) -> Bidirectional | None:
    """The two diameters on the slice where the longest one is longest; None for an empty mask.

    `mask` is (slice, row, column) bool, `spacing_mm` in that order. Only its largest connected part
    counts, as for the 3-D diameter, and on each slice that part's largest piece.
    """
    part = largest_part(np.asarray(mask, dtype=bool))
    longest = {
        int(index): _longest_on(_outlines(part[index]), int(index), spacing_mm)
        for index in np.flatnonzero(part.any(axis=(1, 2)))
    }
    if not longest:
        return None
    index = max(longest, key=lambda each: longest[each].length_mm)
    return bidirectional_on(part, index, spacing_mm)


def bidirectional_on(mask: Mask, index: int, spacing_mm: Spacing) -> Bidirectional | None:
    """The two diameters of the largest piece on slice `index`; None where the slice is empty.

    `mask` is (slice, row, column) bool, `spacing_mm` in that order.
    """
    if not mask[index].any():
        return None
    outlines = _outlines(mask[index])
    longest = _longest_on(outlines, index, spacing_mm)
    return Bidirectional(index, longest, _perpendicular(outlines, longest, spacing_mm))


def _longest(points: _Points, spacing_mm: tuple[float, ...]) -> Line:
    """The longest line between two of (n, 3) points on slices, or in space."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import cdist

    # In index units even one voxel's faces span all dimensions (on a slice: two of them), so the
    # hull always exists; convexity survives the scaling to mm.
    flat = bool(np.ptp(points[:, 0]) == 0)
    corners = points[ConvexHull(points[:, 1:] if flat else points).vertices]
    distances = cdist(corners * spacing_mm, corners * spacing_mm)
    first, second = np.unravel_index(int(distances.argmax()), distances.shape)
    start, end = (tuple(float(value) for value in corners[each]) for each in (first, second))
    return Line(
        (start[0], start[1], start[2]), (end[0], end[1], end[2]), float(distances[first, second])
    )


def _outlines(picture: Mask) -> list[_Points]:
    """Closed outlines of the largest piece on a slice, (n, 2) rows and columns; holes included."""
    from skimage.measure import find_contours

    piece = largest_part(picture[None])[0]
    cropped, low = crop(piece)
    # Pixels that touch at a corner are one piece, and lines may run through that corner.
    lines = find_contours(cropped.astype(np.float32), 0.5, fully_connected="high")
    return [line + low for line in lines]


def _longest_on(outlines: list[_Points], index: int, spacing_mm: Spacing) -> Line:
    points = np.concatenate(outlines)
    return _longest(np.insert(points, 0, float(index), axis=1), spacing_mm)


def _perpendicular(outlines: list[_Points], longest: Line, spacing_mm: Spacing) -> Line:
    """The longest line inside the outlines at right angles to `longest`."""
    scale = np.asarray(spacing_mm[1:])
    ends = np.array([longest.start[1:], longest.end[1:]]) * scale
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    axes = np.stack([along, [-along[1], along[0]]], axis=1)
    # Outlines in mm, turned so that the longest diameter lies along the first axis.
    turned = [line * scale @ axes for line in outlines]
    a = np.concatenate([line[:-1] for line in turned])
    b = np.concatenate([line[1:] for line in turned])
    place, low, high = _longest_chord(a, b)
    start, end = np.array([[place, low], [place, high]]) @ axes.T / scale
    level = longest.start[0]
    return Line(
        (level, float(start[0]), float(start[1])), (level, float(end[0]), float(end[1])), high - low
    )


def _longest_chord(a: _Points, b: _Points) -> tuple[float, float, float]:
    """The longest upright line inside closed outlines with edges from `a` to `b`, both (n, 2).

    Returns its abscissa and its two ordinates. Between two neighbouring corner abscissae the inside
    is made of trapezia, whose height is largest at one end: so only the corners' are looked at, a
    hair to either side, where no edge is met at its end.
    """
    corners = np.unique(a[:, 0])
    hair = 1e-6 * max(float(np.ptp(corners)), 1e-9)
    best = (float(corners[0]), 0.0, 0.0)
    for place in np.concatenate([corners[:-1] + hair, corners[1:] - hair]):
        met = (a[:, 0] < place) != (b[:, 0] < place)
        share = (place - a[met, 0]) / (b[met, 0] - a[met, 0])
        heights = np.sort(a[met, 1] + share * (b[met, 1] - a[met, 1]))
        lengths = heights[1::2] - heights[0::2]
        longest = int(lengths.argmax()) if lengths.size else 0
        if lengths.size and lengths[longest] > best[2] - best[1]:
            best = (float(place), float(heights[2 * longest]), float(heights[2 * longest + 1]))
    return best

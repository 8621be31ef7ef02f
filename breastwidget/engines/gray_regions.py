"""Regions of one picture by their gray values: Otsu's classes, connected parts, contrast.

Pure functions of numpy arrays. A picture is float32 (rows, columns), a mask bool of that shape,
`spacing_mm` the distance between rows and between columns, and bounds (x0, y0, x1, y1) in picture
coordinates, as in `prompts`: pixel (r, c) covers [r, r+1) x [c, c+1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

__all__ = [
    "Bounds",
    "GrayClass",
    "Mask",
    "Picture",
    "around",
    "box_area",
    "filled",
    "gray_class_of",
    "grown_bounds",
    "large_parts",
    "mask_bounds",
    "otsu_class",
    "parts_at",
    "separability",
]

Bounds = tuple[float, float, float, float]
Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Otsu needs some surroundings to tell a lesion from: this much of the box's size, or two pixels.
# A tight box alone holds too little of them (mean Dice on small ends of lesions 0.67, not 0.78).
_SURROUNDINGS = 0.25
_SURROUNDING_PIXELS = 2.0
# The middle of the box that votes on which class the lesion is: all of it lets corners in when a
# box is loose, half of it sees only the core of a lesion that enhances at its rim.
_MIDDLE = 0.6
# Parts smaller than this fraction of the largest are specks.
_SPECK = 0.1
# How far from an object its surroundings reach, in mm, when its contrast is measured.
_RING_MM = 4.0


@dataclass(frozen=True)
class GrayClass:
    """The gray values on one side of a threshold: above it where `bright`, else up to it."""

    threshold: float
    bright: bool

    def holds(self, picture: Picture) -> Mask:
        """Which pixels of `picture` belong to the class."""
        return picture > self.threshold if self.bright else picture <= self.threshold


def otsu_class(picture: Picture, bounds: Bounds) -> GrayClass:
    """The class of gray values that the lesion in the box `bounds` has (Otsu 1979).

    The threshold parts the gray values of the box and a margin around it; the class is the one
    that the middle of the box (an ellipse) holds more of than what lies around the box's
    inscribed ellipse.
    """
    wide = box_area(_with_surroundings(bounds), picture.shape)
    values = picture[wide]
    if values.min() == values.max():
        return GrayClass(float(values[0]), bright=True)
    threshold = float(threshold_otsu(values))
    bright = picture > threshold
    outside = wide & ~_ellipse(bounds, picture.shape, 1.0)
    inside = _ellipse(bounds, picture.shape, _MIDDLE)
    more = _fraction(bright, inside) >= _fraction(bright, outside)
    return GrayClass(threshold, bool(more))


def gray_class_of(picture: Picture, mask: Mask) -> GrayClass:
    """The class that comes nearest to a painted `mask`, which is not empty, in its surroundings.

    Its side is that of the median; its threshold is the one of 49 quantiles whose class overlaps
    the mask best (Dice).
    """
    near = box_area(_with_surroundings(mask_bounds(mask)), picture.shape)
    values, wanted = picture[near], mask[near]
    if wanted.all():
        return GrayClass(float(np.nextafter(values.min(), -np.inf)), bright=True)
    bright = bool(np.median(values[wanted]) >= np.median(values[~wanted]))

    def overlap(each: GrayClass) -> float:
        found = each.holds(values)
        return 2.0 * float((found & wanted).sum()) / float(found.sum() + wanted.sum())

    levels = np.quantile(values, np.arange(0.02, 1.0, 0.02))
    return max((GrayClass(float(level), bright) for level in levels), key=overlap)


def separability(
    picture: Picture, mask: Mask, bright: bool, spacing_mm: tuple[float, float]
) -> float:
    """How much of the gray values' variance `mask` explains, in and 4 mm around it: eta squared.

    Between-class variance over total variance (Otsu's own measure of how good a threshold is),
    in [0, 1]; 0 for an empty mask, and where the contrast has the other sign than `bright` says.
    """
    ring = around(mask, _RING_MM, spacing_mm) & ~mask
    inside, outside = picture[mask].astype(np.float64), picture[ring].astype(np.float64)
    if not inside.size or not outside.size:
        return 0.0
    difference = inside.mean() - outside.mean()
    total = np.concatenate((inside, outside))
    variance = float(total.var())
    if variance == 0.0 or (difference > 0) != bright:
        return 0.0
    share = inside.size / total.size
    return float(np.clip(share * (1.0 - share) * difference**2 / variance, 0.0, 1.0))


def filled(mask: Mask) -> Mask:
    """`mask` with its holes filled."""
    return np.asarray(ndimage.binary_fill_holes(mask))


def large_parts(mask: Mask, keep: Mask | None = None) -> Mask:
    """The connected parts of at least a tenth of the largest, and those that touch `keep`."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    wanted = sizes >= _SPECK * sizes.max()
    if keep is not None:
        wanted[np.unique(labels[keep])] = True
    wanted[0] = False
    return np.asarray(wanted[labels])


def parts_at(mask: Mask, places: Mask) -> Mask:
    """The connected parts of `mask` that touch `places`."""
    labels, count = ndimage.label(mask)
    wanted = np.zeros(count + 1, dtype=bool)
    wanted[np.unique(labels[places])] = True
    wanted[0] = False
    return np.asarray(wanted[labels])


def around(mask: Mask, reach_mm: float, spacing_mm: tuple[float, float]) -> Mask:
    """`mask` and what lies within `reach_mm` of it, at least its four-neighbours."""
    if not mask.any():
        return mask
    reach_mm = max(reach_mm, *spacing_mm)
    distance = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    return np.asarray(distance <= reach_mm + 1e-6)


def box_area(bounds: Bounds, shape: tuple[int, ...]) -> Mask:
    """The pixels whose centres lie inside `bounds`; the one at its middle if there is none."""
    rows, columns = _centres(shape)
    x0, y0, x1, y1 = bounds
    inside = ((rows >= y0) & (rows < y1)) & ((columns >= x0) & (columns < x1))
    return inside if inside.any() else _middle_pixel(bounds, shape)


def grown_bounds(bounds: Bounds, dx: float, dy: float) -> Bounds:
    """`bounds` grown by `dx` columns and `dy` rows on each side."""
    x0, y0, x1, y1 = bounds
    return x0 - dx, y0 - dy, x1 + dx, y1 + dy


def mask_bounds(mask: Mask) -> Bounds:
    """The bounds of a mask that is not empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _with_surroundings(bounds: Bounds) -> Bounds:
    x0, y0, x1, y1 = bounds
    dx = max(_SURROUNDINGS * (x1 - x0), _SURROUNDING_PIXELS)
    dy = max(_SURROUNDINGS * (y1 - y0), _SURROUNDING_PIXELS)
    return grown_bounds(bounds, dx, dy)


def _ellipse(bounds: Bounds, shape: tuple[int, ...], scale: float) -> Mask:
    rows, columns = _centres(shape)
    x0, y0, x1, y1 = bounds
    down = (rows - (y0 + y1) / 2) / ((y1 - y0) / 2 * scale)
    across = (columns - (x0 + x1) / 2) / ((x1 - x0) / 2 * scale)
    inside: Mask = down**2 + across**2 <= 1.0
    return inside if inside.any() else _middle_pixel(bounds, shape)


def _centres(shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Picture coordinates of the pixels' centres: a column of rows, a row of columns."""
    rows, columns = (np.arange(count, dtype=np.float64) + 0.5 for count in shape)
    return rows[:, None], columns[None, :]


def _middle_pixel(bounds: Bounds, shape: tuple[int, ...]) -> Mask:
    x0, y0, x1, y1 = bounds
    row = int(np.clip((y0 + y1) / 2, 0, shape[0] - 1))
    column = int(np.clip((x0 + x1) / 2, 0, shape[1] - 1))
    pixel = np.zeros(shape, dtype=bool)
    pixel[row, column] = True
    return pixel


def _fraction(mask: Mask, area: Mask) -> float:
    return float(mask[area].mean()) if area.any() else 0.0

"""Slices as pictures: window and level, gray values, contours. Shared by the widget and reports."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BOX_COLOUR",
    "REFERENCE_COLOUR",
    "RESULT_COLOURS",
    "contours",
    "result_colour",
    "to_gray",
    "window_range",
]

# From Okabe and Ito's palette, told apart by colour-blind eyes, on black and on white.
RESULT_COLOURS = ("#e69f00", "#009e73", "#cc79a7", "#d55e00")
REFERENCE_COLOUR = "#56b4e9"
BOX_COLOUR = "#ffffff"

# A percentile of this many evenly spread voxels is as good as one of all, and far quicker.
_SAMPLES = 1_000_000


def window_range(
    pixels: NDArray[Any], percentiles: tuple[float, float] = (1.0, 99.5)
) -> tuple[float, float]:
    """The gray range (lo, hi) that shows `pixels` well, lo < hi always.

    `pixels` has any shape and real dtype; NaN and infinite values are left out. The ends are the
    two `percentiles` (in percent). A constant or wholly non-finite array gets a range 1 wide.
    """
    flat = pixels.reshape(-1) if pixels.flags.c_contiguous else pixels.ravel(order="K")
    values = np.asarray(flat[:: max(1, flat.size // _SAMPLES)], dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    lo, hi = (float(value) for value in np.percentile(values, percentiles))
    if hi <= lo:  # Mostly background: the few other values still deserve a window.
        lo, hi = float(values.min()), float(values.max())
    return (lo, hi) if hi > lo else (lo, lo + 1.0)


def to_gray(picture: NDArray[Any], lo: float, hi: float) -> NDArray[np.uint8]:
    """Window a (rows, columns) picture to uint8: `lo` and below black, `hi` and above white.

    NaN becomes black. Raises `ValueError` unless lo < hi.
    """
    if not lo < hi:
        raise ValueError(f"expected a window with lo < hi, got lo={lo}, hi={hi}.")
    scaled = (np.asarray(picture, dtype=np.float32) - np.float32(lo)) * np.float32(255 / (hi - lo))
    clipped = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0), 0.0, 255.0)
    return np.asarray(np.rint(clipped), dtype=np.uint8)


def result_colour(index: int) -> str:
    """The colour of result number `index`, from 0; colours come round after four."""
    return RESULT_COLOURS[index % len(RESULT_COLOURS)]


def contours(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Closed outlines of a (rows, columns) bool mask, holes included.

    Each is an (n, 2) float64 array of x (columns), y (rows) in picture coordinates, where pixel
    (r, c) covers [c, c+1) x [r, r+1); its first and last points are equal. Marching squares at
    0.5: lines cross pixel edges at their middles. An empty mask has none.
    """
    from skimage.measure import find_contours

    inside = np.asarray(mask, dtype=bool)
    if not inside.any():
        return []
    rows = np.flatnonzero(inside.any(axis=1))
    columns = np.flatnonzero(inside.any(axis=0))
    cropped = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    padded = np.pad(cropped, 1).astype(np.float32)
    # Index i of the padded crop is the centre of picture pixel rows[0] + i - 1.
    offset = np.array([rows[0] - 0.5, columns[0] - 0.5])
    lines = find_contours(padded, 0.5)
    return [np.ascontiguousarray((line + offset)[:, ::-1], dtype=np.float64) for line in lines]

"""Where something is, in a reader's words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from breastwidget.prompts import BoxPrompt
from breastwidget.volume import SliceStack

__all__ = ["box_centre", "direction_words", "place_of"]


def box_centre(box: BoxPrompt) -> tuple[float, float]:
    """(x, y) of a box's middle on its picture."""
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def direction_words(point_mm: NDArray[np.float64]) -> str:
    """ "R 42 P 10 S 22 mm" of a point in mm (RAS+)."""
    letters = (("R", "L"), ("A", "P"), ("S", "I"))
    parts = [
        f"{positive if value >= 0 else negative} {abs(value):.0f}"
        for value, (positive, negative) in zip(point_mm, letters, strict=True)
    ]
    return f"{' '.join(parts)} mm"


def place_of(stack: SliceStack, box: BoxPrompt) -> str:
    """ "slice 31, R 42 P 10 S 22 mm": the middle of a box on a slice of `stack`."""
    x, y = box_centre(box)
    # Pixel (row, column) covers [row, row + 1): its middle is half a pixel on.
    index = np.array([box.slice, y - 0.5, x - 0.5, 1.0])
    return f"slice {box.slice}, {direction_words((stack.affine @ index)[:3])}"

"""A box says where a lesion ends, so its mask should reach all four sides: the tightness prior of
Lempitsky et al. 2009 (doi 10.1109/ICCV.2009.5459262), as a choice of the logit that ends a mask."""

from __future__ import annotations

import torch

from breastwidget.engines.prompt_inputs import mask_bounds
from breastwidget.engines.regions import Bounds

__all__ = ["bounds_iou", "fitting_shift"]

# What may be added to logits; a mask that needs more is another object's.
_SHIFTS = tuple(0.25 * step for step in range(11))


def fitting_shift(logits: torch.Tensor, box: Bounds, cost: float) -> float:
    """What to add to float32 (rows, columns) logits so that the mask (above zero) fits its box.

    It makes the intersection over union of the rectangle around the mask and `box` (x0, y0, x1,
    y1), less `cost` times what is added, as large as can be: boxes are drawn loosely, and where a
    mask leaves some of one empty, that alone is no reason to let it grow far.
    """
    gains = []
    for shift in _SHIFTS:
        mask = (logits + shift > 0).cpu().numpy()
        fit = bounds_iou(mask_bounds(mask), box) if mask.any() else 0.0
        gains.append(fit - cost * shift)
    return _SHIFTS[gains.index(max(gains))]


def bounds_iou(one: Bounds, other: Bounds) -> float:
    """Intersection over union of two rectangles (x0, y0, x1, y1) that are not empty."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other))
    return shared / (areas - shared)

"""How far a lesion is looked for: from its prompts, and from where it was on the slice before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from breastwidget.engines.fields import RunSettings
from breastwidget.engines.memory import Outcome
from breastwidget.engines.prompt_inputs import mask_bounds, prompt_bounds
from breastwidget.engines.regions import Bounds, to_region
from breastwidget.prompts import Lesion

__all__ = ["Reach", "column", "kept_near", "kept_within", "widened"]

# A logit that is surely no lesion; what a memory encoder should take for background.
_BACKGROUND = -10.0


class Reach:
    """The limits of one pass: a column around the prompts, and the mask found last.

    `shown` is the mask (rows, columns) of the prompted slice `index` where the pass begins. A pass
    whose masks have become `reach_grown` times as large began at a lesion's tip: from then on it
    may widen faster, and beyond the column.
    """

    def __init__(
        self,
        lesion: Lesion,
        settings: RunSettings,
        spacing_mm: tuple[float, float, float],
        index: int,
        shown: NDArray[np.bool_],
    ) -> None:
        self._lesion = lesion
        self._settings = settings
        self._spacing_mm = spacing_mm
        self._last = (index, shown)
        self._tip = settings.reach_grown * int(shown.sum())
        self._grown = False

    def note(self, index: int, mask: NDArray[np.bool_]) -> None:
        """What was found on a slice; an empty mask says nothing."""
        if mask.any():
            self._last = index, mask
            self._grown = self._grown or int(mask.sum()) > self._tip

    def within(self, outcome: Outcome, index: int) -> Outcome:
        """`outcome` of slice `index` without what lies beyond; itself, where nothing does."""
        settings, spacing = self._settings, self._spacing_mm
        if settings.reach_scale is None:
            return outcome
        bounds = column(self._lesion, spacing[1:], settings.reach_scale, settings.reach_min_mm)
        if self._grown:
            bounds = widened(bounds, self._last[1], settings.reach_scale_grown)
        kept = kept_within(outcome, bounds)
        look = outcome.field.appearance
        if look is None or look.alike <= settings.reach_alike or not self._last[1].any():
            return kept
        slope = settings.reach_slope_grown if self._grown else settings.reach_slope
        away_mm = slope * spacing[0] * abs(index - self._last[0])
        return kept_near(kept, self._last[1], spacing[1:], max(away_mm, settings.reach_step_mm))


def column(lesion: Lesion, spacing_mm: tuple[float, float], scale: float, min_mm: float) -> Bounds:
    """The rectangle (x0, y0, x1, y1) in which `lesion` is looked for on every slice.

    It is the rectangle around all prompts, `scale` times as large and at least `min_mm` along each
    side, about the same centre; `spacing_mm` is the distance between rows and between columns.
    """
    x0, y0, x1, y1 = prompt_bounds(lesion.prompts)
    width = max((x1 - x0) * scale, min_mm / spacing_mm[1])
    height = max((y1 - y0) * scale, min_mm / spacing_mm[0])
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def widened(bounds: Bounds, mask: NDArray[np.bool_], scale: float) -> Bounds:
    """`bounds`, and `scale` times the rectangle around a mask (rows, columns), not empty."""
    x0, y0, x1, y1 = mask_bounds(mask)
    dx, dy = (scale - 1.0) / 2 * (x1 - x0), (scale - 1.0) / 2 * (y1 - y0)
    left, top, right, bottom = bounds
    return min(left, x0 - dx), min(top, y0 - dy), max(right, x1 + dx), max(bottom, y1 + dy)


def kept_within(outcome: Outcome, bounds: Bounds) -> Outcome:
    """`outcome` without what lies outside `bounds`; itself, where nothing does."""
    size, region = outcome.logits.shape[-1], outcome.field.region
    centres = (torch.arange(size, device=outcome.logits.device) + 0.5) / size
    across, down = region.x0 + centres * region.width, region.y0 + centres * region.height
    inside_x = (across >= bounds[0]) & (across <= bounds[2])
    inside_y = (down >= bounds[1]) & (down <= bounds[3])
    inside = inside_y[:, None] & inside_x[None, :]
    return _kept(outcome, inside)


def kept_near(
    outcome: Outcome,
    mask: NDArray[np.bool_],
    spacing_mm: tuple[float, float],
    away_mm: float,
) -> Outcome:
    """`outcome` without what lies more than `away_mm` from a (rows, columns) mask; itself, where
    nothing does. `spacing_mm` is the distance between rows and between columns."""
    from scipy.ndimage import distance_transform_edt

    near = distance_transform_edt(~mask, sampling=spacing_mm) <= away_mm
    size = outcome.logits.shape[-1]
    seen = to_region(torch.from_numpy(near.astype(np.float32)), outcome.field.region, size)
    return _kept(outcome, (seen > 0.5).to(outcome.logits.device))


def _kept(outcome: Outcome, inside: torch.Tensor) -> Outcome:
    if not ((outcome.logits[0, 0] > 0) & ~inside).any():
        return outcome
    logits = outcome.logits.masked_fill(~inside, _BACKGROUND)
    return replace(outcome, logits=logits, memory=None)

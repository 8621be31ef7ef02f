"""What happens when an object grows out of the region in which it is looked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from breastwidget.engines.fields import FieldOfView
from breastwidget.engines.memory import Outcome
from breastwidget.engines.prompt_inputs import mask_bounds
from breastwidget.engines.regions import Region, move

__all__ = ["outgrown", "resampled"]

# An object that takes more than this of the side has outgrown its region; prompts take 1 / 1.8.
# Growing costs resolution, so it waits until the object is about to be cut off.
_FULL = 0.7
_FACTOR = 1.3
# What a memory encoder should take for background where the old region did not reach.
_BACKGROUND = -10.0


def outgrown(region: Region, mask: NDArray[np.bool_]) -> Region | None:
    """The larger region that `mask`, (rows, columns), needs, or None where it still fits.

    A region that covers the picture's longer side already is not enlarged.
    """
    if not mask.any():
        return None
    bounds = mask_bounds(mask)
    rows, columns = mask.shape
    covers = region.width >= columns and region.height >= rows
    touches = not region.holds(bounds, margin=0.01)
    if covers or not (touches or region.span(bounds) > _FULL):
        return None
    return region.enlarged(_FACTOR, bounds)


def resampled(outcome: Outcome, field: FieldOfView) -> Outcome:
    """`outcome` seen in another field: its mask resampled, its object pointer as it was."""
    logits = move(outcome.logits, outcome.field.region, field.region, _BACKGROUND)
    return replace(outcome, field=field, logits=logits, memory=None)

"""What the confidence strip shows: per slice of the large view, of the active lesion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.document import LesionState
from breastwidget.app.model import Live
from breastwidget.app.trust import doubtful, trust_of
from breastwidget.confidence import SliceTrust, doubts
from breastwidget.metrics import slice_dice
from breastwidget.prompts import prompted_slices
from breastwidget.volume import SliceStack

__all__ = ["StripData", "live_strip", "run_strip", "slice_words"]


@dataclass(frozen=True, eq=False)
class StripData:
    """`trust` by slice, the slices to doubt, Dice by slice where a reference is known."""

    trust: Mapping[int, SliceTrust] = field(default_factory=lambda: MappingProxyType({}))
    doubtful: tuple[int, ...] = ()
    dice: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    prompted: tuple[int, ...] = ()


def run_strip(
    lesion: LesionState, stack: SliceStack, reference: NDArray[np.bool_] | None
) -> StripData:
    """Of a lesion's run; without one only its prompted slices. `reference` is (i, j, k) bool.

    A slice of the reference that a complete run did not visit was missed, with a Dice of 0; a
    cancelled run says nothing of the slices that it had not come to.
    """
    prompted = prompted_slices(lesion.lesion)
    run = lesion.run
    if run is None:
        return StripData(prompted=prompted)
    trust = {each.slice: each for each in trust_of(lesion)}
    dice: Mapping[int, float] = {}
    if reference is not None:
        dice = slice_dice(run.segmentation.stack_mask, stack.from_voxels(reference))
        if not run.complete:
            dice = {index: value for index, value in dice.items() if index in trust}
    return StripData(trust, doubtful(lesion), dice, prompted)


def live_strip(lesion: LesionState, live: Live) -> StripData:
    """Of what a running propagation has said so far."""
    trust = {
        index: SliceTrust(index, live.masks.on(index) is not None, iou, probability)
        for index, (iou, probability) in sorted(live.confidence.items())
    }
    return StripData(trust, prompted=prompted_slices(lesion.lesion))


def slice_words(data: StripData, index: int) -> str:
    """Everything that is known of one slice; empty where it was not visited."""
    trust = data.trust.get(index)
    known: list[tuple[str, float | None]] = []
    if trust is not None:
        known += [
            ("object score", trust.object_probability),
            ("predicted IoU", trust.predicted_iou),
            ("disagreement", trust.disagreement),
        ]
    known.append(("Dice", data.dice.get(index)))
    parts = [f"{name} {value:.2f}" for name, value in known if value is not None]
    if index in data.prompted:
        parts.append("prompted")
    if index in data.doubtful and trust is not None:
        parts.append(f"doubtful: {', '.join(doubts(trust))}")
    return f"Slice {index}: {', '.join(parts)}" if parts else ""

"""Which slices to trust: what the engine says of each, and where strategies disagree.

Nothing here has seen a reference; `metrics.slice_dice` says afterwards whether it told the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from breastwidget.metrics import slice_dice
from breastwidget.segmentation import Segmentation

__all__ = [
    "DOUBT",
    "DoubtThresholds",
    "SliceTrust",
    "disagreement",
    "doubtful_slices",
    "doubts",
    "next_doubtful",
    "slice_trust",
]


@dataclass(frozen=True)
class DoubtThresholds:
    """When a slice is doubtful; every figure in [0, 1].

    The engine's own: a predicted IoU below `predicted_iou` where it found the object, or an object
    probability between `absent` and `present`, neither a clear no nor a clear yes. And beside it: a
    disagreement between strategies above `disagreement`.

    They sort slices for a person to look at; they are no probabilities of an error. On 315 slices
    of six volumes (an early nano checkpoint), the predicted IoU alone pointed out 93 % of the
    slices with a Dice below 0.7, and 17 % of the others.
    """

    predicted_iou: float = 0.5
    absent: float = 0.1
    present: float = 0.9
    disagreement: float = 0.2


DOUBT = DoubtThresholds()


@dataclass(frozen=True)
class SliceTrust:
    """What speaks for and against one slice's mask; None where nothing is known.

    `found` says whether the mask has anything there; `predicted_iou` and `object_probability` are
    the engine's, `disagreement` 1 - Dice between strategies; all in [0, 1].
    """

    slice: int
    found: bool
    predicted_iou: float | None = None
    object_probability: float | None = None
    disagreement: float | None = None


def slice_trust(
    result: Segmentation, others: Iterable[Segmentation] = ()
) -> tuple[SliceTrust, ...]:
    """Every slice of `result`'s plane that it visited or that any mask touches, ascending.

    `others` are results of other strategies for the same lesion, on the same volume.
    """
    stack = result.volume.stack(result.plane)
    masks: list[NDArray[np.bool_]] = [stack.from_voxels(each.mask) for each in (result, *others)]
    apart = disagreement(masks)
    # A slice that a correction visited again keeps its last confidence.
    said = {each.slice: each for each in result.slices}
    filled = [np.flatnonzero(mask.any(axis=(1, 2))).tolist() for mask in masks]
    trust = []
    for index in sorted(set(said).union(*filled)):
        own = said.get(index)
        trust.append(
            SliceTrust(
                index,
                index in filled[0],
                None if own is None else own.predicted_iou,
                None if own is None else own.object_probability,
                apart.get(index, 0.0) if len(masks) > 1 else None,
            )
        )
    return tuple(trust)


def disagreement(masks: Sequence[NDArray[np.bool_]]) -> dict[int, float]:
    """How far (slice, row, column) bool masks of one lesion differ, on each slice that one touches.

    1 minus the mean Dice over all pairs of masks: 0 where all are equal, 1 where none overlap. A
    pair that is empty on a slice agrees there. Empty for fewer than two masks.
    """
    pairs = [slice_dice(first, second) for first, second in combinations(masks, 2)]
    touched = sorted({index for pair in pairs for index in pair})
    return {
        index: 1.0 - float(np.mean([pair.get(index, 1.0) for pair in pairs])) for index in touched
    }


def doubts(trust: SliceTrust, thresholds: DoubtThresholds = DOUBT) -> tuple[str, ...]:
    """Why a slice is doubtful, in words for a person; empty where it is not."""
    said = []
    iou, probability, apart = trust.predicted_iou, trust.object_probability, trust.disagreement
    if trust.found and iou is not None and iou < thresholds.predicted_iou:
        said.append(f"predicted IoU {iou:.2f}")
    if probability is not None and thresholds.absent < probability < thresholds.present:
        said.append(f"object probability {probability:.2f}")
    if apart is not None and apart > thresholds.disagreement:
        said.append(f"strategies differ by {apart:.0%}")
    return tuple(said)


def doubtful_slices(
    trust: Iterable[SliceTrust],
    thresholds: DoubtThresholds = DOUBT,
    checked: Collection[int] = (),
) -> tuple[int, ...]:
    """The slices with a doubt, ascending; `checked` ones, which a person has seen to, left out."""
    return tuple(
        sorted(
            each.slice for each in trust if each.slice not in checked and doubts(each, thresholds)
        )
    )


def next_doubtful(slices: Iterable[int], current: int) -> int | None:
    """The first of the doubtful `slices` after `current`, or the first of all; None without any."""
    ordered = sorted(slices)
    return next((index for index in ordered if index > current), ordered[0] if ordered else None)

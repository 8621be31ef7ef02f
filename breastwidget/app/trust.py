"""How far to trust each slice of a lesion's result."""

from __future__ import annotations

from breastwidget.app.document import LesionState
from breastwidget.confidence import SliceTrust, doubtful_slices, slice_trust
from breastwidget.prompts import prompted_slices

__all__ = ["doubtful", "trust_of"]


def trust_of(lesion: LesionState) -> tuple[SliceTrust, ...]:
    """Slices of the shown run, ascending, with the disagreement to each other strategy's last run.

    Empty without a run.
    """
    run = lesion.run
    if run is None:
        return ()
    latest = {
        each.strategy: each.segmentation
        for each in lesion.runs
        if each.complete and each.image == run.image and each.strategy != run.strategy
    }
    return slice_trust(run.segmentation, latest.values())


def doubtful(lesion: LesionState) -> tuple[int, ...]:
    """The doubtful slices, ascending; prompted ones, which a person has seen to, left out."""
    return doubtful_slices(trust_of(lesion), checked=prompted_slices(lesion.lesion))

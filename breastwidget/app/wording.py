"""Sentences that the app says about its state: pure functions of values."""

from __future__ import annotations

import numpy as np

from breastwidget.app.model import AppModel, Run
from breastwidget.strategies import Extent

__all__ = ["describe_progress", "describe_run", "describe_strategy", "reference_extent"]


def reference_extent(model: AppModel) -> Extent | None:
    """The first to the last slice of the reference; None where there is none."""
    if model.reference is None:
        return None
    inside = np.flatnonzero(model.reference.any(axis=(1, 2)))
    return Extent(int(inside[0]), int(inside[-1]))


def describe_strategy(model: AppModel) -> str:
    """Where the chosen strategy will start and what it will visit."""
    extent = reference_extent(model) if model.extent_source == "reference" else None
    start = "the slice with your box" if model.box is None else f"slice {model.box.slice}"
    if model.strategy == "center-outward":
        if extent is None:
            return f"Starts on {start} and works outward both ways until the tumour is gone."
        return f"Starts on {start} and works outward to slices {extent.first} and {extent.last}."
    ends = {"top-to-bottom": ("top", "bottom"), "bottom-to-top": ("bottom", "top")}[model.strategy]
    if extent is None:
        return (
            f"Looks for the tumour's {ends[0]} from {start}, then visits it in one pass to its "
            f"{ends[1]}."
        )
    ascending = (ends[0] == "top") == (model.stack.top_slice == 0)
    first, last = (extent.first, extent.last) if ascending else (extent.last, extent.first)
    return f"Starts on slice {first}, the {ends[0]}, and visits every slice to {last}."


def describe_progress(model: AppModel) -> str:
    """How many slices are done, in words."""
    progress = model.progress
    if progress.total is not None:
        return f"{progress.done} of {progress.total} slices"
    return f"{progress.done} slice{'' if progress.done == 1 else 's'}"


def describe_run(run: Run) -> str:
    """What a finished or cancelled run came to."""
    slices = len({each.slice for each in run.segmentation.slices})
    volume_ml = run.segmentation.volume_ml
    if run.complete:
        return f"Done: {run.strategy}, {slices} slices in {run.seconds:.1f} s, {volume_ml:.2f} mL."
    return f"Cancelled: {run.strategy} keeps the {slices} slices done, {volume_ml:.2f} mL."

"""Sentences that the app says about its state: pure functions of values."""

from __future__ import annotations

from breastwidget.app.asking import request_of
from breastwidget.app.document import Run
from breastwidget.app.model import AppModel
from breastwidget.app.results import Request
from breastwidget.errors import BreastWidgetError
from breastwidget.prompts import prompted_slices
from breastwidget.strategies import Extent, plan

__all__ = ["describe_progress", "describe_run", "describe_strategy"]

_ENDS = {"top-to-bottom": ("top", "bottom"), "bottom-to-top": ("bottom", "top")}


def describe_strategy(model: AppModel, strategy: str | None = None) -> str:
    """Where `strategy`, by default the one chosen, would start now and what it would visit."""
    strategy = strategy or model.document.strategy
    lesion = model.document.current
    if lesion is None or not lesion.prompts:
        if strategy == "center-outward":
            return "Starts on the slice with your box and works outward both ways."
        start, end = _ENDS[strategy]
        return f"Starts at the tumour's {start} and works in one pass to its {end}."
    try:
        return _described(request_of(model, strategy))
    except BreastWidgetError as error:
        return str(error)


def _described(request: Request) -> str:
    extent, strategy = request.extent, request.strategy
    if request.base is not None:
        slices = " and ".join(map(str, request.corrected))
        noun = "slice" if len(request.corrected) == 1 else "slices"
        return f"Goes on from the corrected {noun} {slices} only; the other slices stay."
    whole = extent or Extent(0, request.stack.shape[0] - 1)
    prompted = prompted_slices(request.lesion.lesion)
    visited = plan(strategy, prompted, whole, request.stack.top_slice)[0].slices
    first, last = visited[0], visited[-1]
    if strategy == "center-outward":
        where = "both ways until the tumour is gone"
        if extent is not None:
            where = f"to slices {extent.first} and {extent.last}"
        return f"Starts on slice {first} and works outward {where}."
    start, end = _ENDS[strategy]
    if extent is not None:
        return f"Starts on slice {first}, the {start}, and visits every slice to {last}."
    begun = next(index for index in visited if index in prompted)
    return (
        f"Looks for the tumour's {start} from slice {begun}, then visits it in one pass to its "
        f"{end}."
    )


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
    what = run.strategy
    if run.corrected is not None:
        what += f" from slice {run.corrected}"
    if run.complete:
        return f"Done: {what}, {slices} slices in {run.seconds:.1f} s, {volume_ml:.2f} mL."
    return f"Cancelled: {what} keeps the {slices} slices done, {volume_ml:.2f} mL."

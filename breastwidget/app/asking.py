"""What pressing Propagate would ask for now: a pure function of the model."""

from __future__ import annotations

from breastwidget.app.corrections import changed_slices, corrected_run
from breastwidget.app.document import ExtentChoice, LesionState, Run
from breastwidget.app.model import AppModel
from breastwidget.app.results import Request
from breastwidget.corrections import begun_on
from breastwidget.errors import PromptError, StrategyError
from breastwidget.propagation import superseded
from breastwidget.strategies import Extent
from breastwidget.volume import SliceStack

__all__ = ["chosen_extent", "request_of"]


def request_of(model: AppModel, strategy: str | None = None) -> Request:
    """The propagation of the active lesion with the strategy chosen, or with `strategy`.

    Raises `PromptError` without a prompt, `StrategyError` where the extent does not fit.
    """
    document = model.document
    lesion = document.current
    if lesion is None or not lesion.prompts:
        of = "" if lesion is None else f" of {lesion.name}"
        raise PromptError(f"There is no box{of} yet; drag one around the tumour first.")
    stack = model.stack_of(lesion.plane)
    strategy = strategy or document.strategy
    extent = chosen_extent(model, lesion)
    base = corrected_run(lesion, strategy, extent, model.image)
    if base is None:
        return Request(lesion, stack, model.image, strategy, extent)
    corrected, void = _corrections(stack, lesion, base, strategy)
    return Request(lesion, stack, model.image, strategy, extent, base, corrected, void)


def chosen_extent(model: AppModel, lesion: LesionState) -> Extent | None:
    """The slices that were chosen to be visited; None where that is automatic.

    Raises `StrategyError` where they are no slices of the lesion's plane or none is prompted.
    """
    choice = model.document.extent
    extent = _extent(model, choice, lesion)
    prompted = sorted({prompt.slice for prompt in lesion.prompts})
    if extent is not None and not any(index in extent for index in prompted):
        whose = "the reference's slices" if choice.source == "reference" else "the range"
        raise StrategyError(
            f"{lesion.name} is prompted on slice {', '.join(map(str, prompted))}, outside {whose} "
            f"{extent.first} to {extent.last}; prompt it inside or choose the automatic extent."
        )
    return extent


def _extent(model: AppModel, choice: ExtentChoice, lesion: LesionState) -> Extent | None:
    if choice.source == "reference":
        return model.reference_extent(lesion.plane)
    if choice.source == "range" and choice.plane not in (None, lesion.plane):
        raise StrategyError(
            f"The range was chosen over {choice.plane and choice.plane.value} slices, but "
            f"{lesion.name} is drawn on {lesion.plane.value} ones; choose the range again."
        )
    return choice.extent if choice.source == "range" else None


def _corrections(
    stack: SliceStack, lesion: LesionState, base: Run, strategy: str
) -> tuple[tuple[int, ...], frozenset[int]]:
    """The slices to go on from, and all that become void.

    A corrected slice on the way of another one needs no start of its own.
    """
    start = begun_on(stack, base.segmentation.provenance)
    reach = {
        index: superseded(stack, lesion.lesion, strategy, index, start=start)
        for index in changed_slices(lesion)
    }
    begun: list[int] = []
    void: frozenset[int] = frozenset()
    for index in sorted(reach, key=lambda each: -len(reach[each])):
        if index not in void:
            begun.append(index)
            void |= reach[index]
    return tuple(begun), void

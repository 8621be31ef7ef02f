"""Prompts of a lesion against those that its shown run was made from: what has been corrected."""

from __future__ import annotations

from dataclasses import replace

from breastwidget.app.document import LesionState, Masks, Run
from breastwidget.prompts import Lesion, Prompt
from breastwidget.strategies import Extent

__all__ = ["changed_slices", "corrected_run", "with_prompts", "with_run"]


def with_prompts(
    lesion: LesionState, index: int, prompts: tuple[Prompt, ...], masks: Masks
) -> LesionState:
    """`lesion` prompted with `prompts` on slice `index`, in place of those that it had there.

    The order of the slices stays: the first prompt is where a propagation starts from.
    """
    places = [place for place, prompt in enumerate(lesion.prompts) if prompt.slice == index]
    at = places[0] if places else len(lesion.prompts)
    before = tuple(prompt for prompt in lesion.prompts[:at] if prompt.slice != index)
    after = tuple(prompt for prompt in lesion.prompts[at:] if prompt.slice != index)
    changed = replace(lesion, prompts=(*before, *prompts, *after), masks=masks)
    slices = changed_slices(changed)
    pending = index if index in slices else next(iter(slices), None)
    return replace(changed, pending=pending)


def with_run(lesion: LesionState, number: int) -> LesionState:
    """`lesion` showing its run `number`, and over it what has been prompted otherwise since."""
    shown = replace(lesion, shown=number)
    masks = lesion.runs[number].masks
    slices = changed_slices(shown)
    for index in slices:
        own = lesion.masks.by_slice.get(index)
        masks = masks.without(index) if own is None else masks.with_slice(index, own)
    return replace(shown, masks=masks, pending=next(iter(slices), None))


def changed_slices(lesion: LesionState) -> tuple[int, ...]:
    """The prompted slices whose prompts the shown run has not seen, ascending; none without one."""
    run = lesion.run
    if run is None:
        return ()
    seen = Lesion(run.prompts)
    slices = sorted({prompt.slice for prompt in lesion.prompts})
    return tuple(i for i in slices if lesion.lesion.on(i) != seen.on(i))


def corrected_run(
    lesion: LesionState, strategy: str, extent: Extent | None, image: str
) -> Run | None:
    """The shown run, if propagating like this would correct it: None where all is to be done anew.

    Anew: nothing was corrected, a prompt was taken away, or strategy, extent or image are others.
    """
    run = lesion.run
    if run is None or not changed_slices(lesion):
        return None
    gone = {each.slice for each in run.prompts} - {each.slice for each in lesion.prompts}
    alike = (run.strategy, run.extent, run.image) == (strategy, extent, image)
    return run if alike and not gone else None

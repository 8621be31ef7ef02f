"""Correcting a segmentation: new prompts on one slice, and only what follows from them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from breastwidget.engines.base import EngineSession, SliceResult
from breastwidget.prompts import Lesion, prompted_slices
from breastwidget.propagation import repropagate, superseded
from breastwidget.provenance import Provenance
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent, plan
from breastwidget.volume import SliceStack

__all__ = ["begun_on", "correct"]


def correct(
    session: EngineSession,
    result: Segmentation,
    lesion: Lesion,
    corrected: int,
    watch: Callable[[Iterator[SliceResult]], Iterator[SliceResult]] = iter,
) -> Segmentation:
    """`result` with the slices done anew that a correction on slice `corrected` makes void.

    `lesion` has all prompts, those of the correction among them; `session` is open on the result's
    stack. `watch` sees the new slice results as they come. Raises `PromptError` or `StrategyError`
    before any slice is computed.
    """
    stack = result.volume.stack(result.plane)
    provenance = result.provenance
    strategy, extent = provenance.strategy, provenance.extent
    start = begun_on(stack, provenance)
    results = repropagate(session, stack, lesion, strategy, extent, corrected, start=start)
    void = superseded(stack, lesion, strategy, corrected, start=start)
    return result.with_results(watch(results), void, provenance.corrected(corrected, lesion))


def begun_on(stack: SliceStack, provenance: Provenance) -> int:
    """The slice that the first propagation started from; corrections run away from it."""
    whole = provenance.extent or Extent(0, stack.shape[0] - 1)
    prompted = prompted_slices(provenance.lesion)
    return plan(provenance.strategy, prompted, whole, stack.top_slice)[0].slices[0]

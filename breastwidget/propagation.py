"""Propagation: an engine, a strategy and prompts become a stream of slice results."""

from __future__ import annotations

from collections.abc import Iterator

from breastwidget.engines.base import EngineSession, SliceResult
from breastwidget.errors import PromptError, StrategyError
from breastwidget.prompts import Lesion, check_prompt, prompted_slices
from breastwidget.strategies import Extent, Pass, parse_strategy, plan, replan
from breastwidget.volume import SliceStack

__all__ = ["GONE_AFTER", "propagate", "repropagate", "superseded"]

GONE_AFTER = 2
"""With an automatic extent, a pass ends after this many slices in a row without the object."""


def propagate(
    session: EngineSession,
    stack: SliceStack,
    lesion: Lesion,
    strategy: str = "center-outward",
    extent: Extent | None = None,
) -> Iterator[SliceResult]:
    """Yield one result per visited slice of `stack`, in the order of the visit.

    With an `extent`, exactly its slices are visited. Without one it is automatic: every pass runs
    until the object is gone (`GONE_AFTER` slices in a row) or the volume ends, and the one-way
    strategies first scout from the prompt towards their own start to learn where the object begins.
    The caller stops by no longer iterating. Raises `PromptError` or `StrategyError` before any
    slice is computed.
    """
    visited = _checked(stack, lesion, strategy, extent)
    passes = plan(strategy, prompted_slices(lesion), visited, stack.top_slice)
    return _visit(session, lesion, strategy, passes, automatic=extent is None)


def repropagate(
    session: EngineSession,
    stack: SliceStack,
    lesion: Lesion,
    strategy: str,
    extent: Extent | None,
    corrected: int,
    *,
    start: int | None = None,
) -> Iterator[SliceResult]:
    """Yield new results for what a correction on slice `corrected` makes necessary (`replan`).

    `lesion` has all its prompts, the correction among them; every prompted slice seeds the memory.
    `start` is the slice that the corrected propagation started from, by default that of the
    lesion's first prompt. With an automatic `extent` (None) a pass runs until the object is gone;
    of the old results, those on `superseded` slices are void even where no new one comes. For the
    rest as `propagate`. Raises `PromptError` where `corrected` carries no prompt.
    """
    visited = _checked(stack, lesion, strategy, extent)
    if corrected not in prompted_slices(lesion):
        raise PromptError(
            f"Slice {corrected} carries no prompt of {lesion.name}; give the correction on it "
            "(a box, a mask or points) before propagating from there."
        )
    passes = _correcting(stack, lesion, strategy, visited, corrected, start)
    return _follow(session, lesion, passes, automatic=extent is None)


def superseded(
    stack: SliceStack, lesion: Lesion, strategy: str, corrected: int, *, start: int | None = None
) -> frozenset[int]:
    """The slices whose results a correction on slice `corrected` makes void, visited or not.

    Arguments as for `repropagate`.
    """
    whole = Extent(0, stack.shape[0] - 1)
    passes = _correcting(stack, lesion, strategy, whole, corrected, start)
    return frozenset(index for run in passes for index in run.slices)


def _checked(stack: SliceStack, lesion: Lesion, strategy: str, extent: Extent | None) -> Extent:
    """The slices that may be visited; raise for bad prompts, strategies and extents."""
    parse_strategy(strategy)
    for prompt in lesion.prompts:
        check_prompt(prompt, stack.shape)
    last = stack.shape[0] - 1
    if extent is not None and extent.last > last:
        raise StrategyError(
            f"The extent {extent.first}:{extent.last} leaves the volume; its slices along this "
            f"plane are 0:{last}."
        )
    return extent or Extent(0, last)


def _correcting(
    stack: SliceStack,
    lesion: Lesion,
    strategy: str,
    extent: Extent,
    corrected: int,
    start: int | None,
) -> tuple[Pass, ...]:
    if not lesion.prompts:
        raise PromptError(f"{lesion.name} has no prompt; give it a box, a mask or a point.")
    begun = lesion.prompts[0].slice if start is None else start
    return replan(strategy, (begun,), extent, stack.top_slice, corrected)


def _visit(
    session: EngineSession,
    lesion: Lesion,
    strategy: str,
    passes: tuple[Pass, ...],
    automatic: bool,
) -> Iterator[SliceResult]:
    if automatic and strategy != "center-outward":
        passes = tuple(_scouted(session, lesion, run) for run in passes)
    yield from _follow(session, lesion, passes, automatic)


def _follow(
    session: EngineSession, lesion: Lesion, passes: tuple[Pass, ...], automatic: bool
) -> Iterator[SliceResult]:
    for run in passes:
        yield from _until_gone(session, lesion, run) if automatic else session.track(lesion, run)


def _until_gone(session: EngineSession, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
    """Follow `run` past its last prompted slice until the object is gone."""
    waiting = set(prompted_slices(lesion)) & set(run.slices)
    absent = 0
    for result in session.track(lesion, run):
        yield result
        waiting.discard(result.slice)
        absent = 0 if result.present else absent + 1
        if absent >= GONE_AFTER and not waiting:
            return


def _scouted(session: EngineSession, lesion: Lesion, run: Pass) -> Pass:
    """`run`, cut to begin where the object begins when followed from the prompt to that end."""
    prompted = prompted_slices(lesion)
    first_prompted = min(run.slices.index(index) for index in prompted)
    towards_start = Pass(run.slices[first_prompted::-1])
    begin = first_prompted
    for result in _until_gone(session, lesion, towards_start):
        if result.present:
            begin = run.slices.index(result.slice)
    return Pass(run.slices[begin:])

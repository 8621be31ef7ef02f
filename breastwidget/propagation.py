"""Propagation: an engine, a strategy and prompts become a stream of slice results."""

from __future__ import annotations

from collections.abc import Iterator

from breastwidget.engines.base import EngineSession, SliceResult
from breastwidget.errors import StrategyError
from breastwidget.prompts import Lesion, check_prompt, prompted_slices
from breastwidget.strategies import Extent, Pass, parse_strategy, plan
from breastwidget.volume import SliceStack

__all__ = ["GONE_AFTER", "propagate"]

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
    parse_strategy(strategy)
    for prompt in lesion.prompts:
        check_prompt(prompt, stack.shape)
    last = stack.shape[0] - 1
    if extent is not None and extent.last > last:
        raise StrategyError(
            f"The extent {extent.first}:{extent.last} leaves the volume; its slices along this "
            f"plane are 0:{last}."
        )
    passes = plan(strategy, prompted_slices(lesion), extent or Extent(0, last), stack.top_slice)
    return _visit(session, lesion, strategy, passes, automatic=extent is None)


def _visit(
    session: EngineSession,
    lesion: Lesion,
    strategy: str,
    passes: tuple[Pass, ...],
    automatic: bool,
) -> Iterator[SliceResult]:
    for run in passes:
        if not automatic:
            yield from session.track(lesion, run)
        elif strategy == "center-outward":
            yield from _until_gone(session, lesion, run)
        else:
            yield from _until_gone(session, lesion, _scouted(session, lesion, run))


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

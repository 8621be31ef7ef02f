"""What the app's tests put in place of an engine and a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from breastwidget.app.document import Document, LesionState
from breastwidget.app.model import AppModel
from breastwidget.engines.base import EngineInfo, FakeEngine, SliceResult
from breastwidget.prompts import BoxPrompt, Lesion
from breastwidget.strategies import Pass
from breastwidget.volume import SliceStack

# The lesion fills slices 4 to 8, rows 5 to 9, columns 10 to 19, all inclusive.
LESION = (slice(4, 9), slice(5, 10), slice(10, 20))
BOX = BoxPrompt(6, 8, 3, 22, 12)  # one that leaves a margin, for the fake engine's threshold


class InlineExecutor(Executor):
    """Runs every job before `submit` returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        run_job(future, fn, args, kwargs)
        return future


class ManualExecutor(Executor):
    """Keeps jobs until the test lets the next one run."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Future[Any], Callable[..., Any], Any, Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.jobs.append((future, fn, args, kwargs))
        return future

    def run_next(self) -> None:
        run_job(*self.jobs.pop(0))

    def run_all(self) -> None:
        while self.jobs:
            self.run_next()


class ManualResting:
    """Never rests by itself: the test says when."""

    def __init__(self, _seconds: float, act: Callable[[], object]) -> None:
        self.act = act
        self.disturbed = False

    def disturb(self) -> None:
        self.disturbed = True

    def stop(self) -> None:
        self.disturbed = False

    def rest(self) -> None:
        if self.disturbed:
            self.disturbed = False
            self.act()


def run_job(future: Future[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
    try:
        future.set_result(fn(*args, **kwargs))
    except Exception as error:
        future.set_exception(error)


class ScriptedEngine:
    """A fake engine that calls `before(slice)` ahead of every slice that it tracks, and records
    what it was asked."""

    def __init__(self, before: Callable[[int], None] = lambda _index: None) -> None:
        self.info = EngineInfo("scripted", sha256="0123456789abcdef")
        self.sessions: list[ScriptedSession] = []
        self.before = before

    @property
    def opened(self) -> int:
        return len(self.sessions)

    def open(self, stack: SliceStack) -> ScriptedSession:
        self.sessions.append(ScriptedSession(self, stack))
        return self.sessions[-1]


class ScriptedSession:
    def __init__(self, engine: ScriptedEngine, stack: SliceStack) -> None:
        self.stack = stack
        self.predicted: list[tuple[Lesion, int]] = []
        self.tracked: list[int] = []
        self._engine = engine
        self._session = FakeEngine().open(stack)

    @property
    def encoded_slices(self) -> int:
        return self._session.encoded_slices

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        self.predicted.append((lesion, index))
        return self._session.predict(lesion, index)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        results = self._session.track(lesion, run)
        for index in run.slices:
            self._engine.before(index)
            self.tracked.append(index)
            yield next(results)


def active(model: AppModel) -> LesionState:
    """The active lesion, which must be there."""
    lesion = model.document.current
    assert lesion is not None
    return lesion


def check(model: AppModel) -> None:
    """What holds of every model, whatever a person did."""
    document = model.document
    keys = [lesion.key for lesion in document.lesions]
    assert len(set(keys)) == len(keys)
    assert document.active is None or document.active in keys
    assert (document.active is None) == (not keys)
    for lesion in document.lesions:
        _check_lesion(model, lesion)
    assert bool(model.history.past) == bool(model.history.undo_label)
    for step in (*model.history.past, *model.history.future):
        assert isinstance(step.document, Document)
        assert step.label
    for at, size in zip(model.cursor.voxel, model.volume.shape, strict=True):
        assert 0 <= at < size
    assert model.window.lo < model.window.hi
    if not model.progress.running:
        assert model.live is None


def _check_lesion(model: AppModel, lesion: LesionState) -> None:
    slices, rows, columns = model.stack_of(lesion.plane).shape
    assert lesion.shown is None or 0 <= lesion.shown < len(lesion.runs)
    assert (lesion.shown is None) == (not lesion.runs)
    for masks in (lesion.masks, *(run.masks for run in lesion.runs)):
        for index, mask in masks.by_slice.items():
            assert 0 <= index < slices
            assert mask.shape == (rows, columns)
            assert mask.dtype == bool
    assert lesion.pending is None or lesion.lesion.on(lesion.pending)
    assert len({id(prompt) for prompt in lesion.prompts}) == len(lesion.prompts)
    for run in lesion.runs:
        stacked = run.segmentation.stack_mask
        assert set(np.flatnonzero(stacked.any(axis=(1, 2)))) <= set(run.masks.by_slice)
        for index, mask in run.masks.by_slice.items():
            assert np.array_equal(stacked[index], mask)

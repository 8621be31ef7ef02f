"""What the app's tests put in place of an engine and a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

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


def run_job(future: Future[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
    try:
        future.set_result(fn(*args, **kwargs))
    except Exception as error:
        future.set_exception(error)


class ScriptedEngine:
    """A fake engine that calls `before(slice)` ahead of every slice."""

    def __init__(self, before: Callable[[int], None]) -> None:
        self.info = EngineInfo("scripted", sha256="0123456789abcdef")
        self.opened = 0
        self._before = before

    def open(self, stack: SliceStack) -> ScriptedEngine:
        self.opened += 1
        self._session = FakeEngine().open(stack)
        return self

    @property
    def encoded_slices(self) -> int:
        return self._session.encoded_slices

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        return self._session.predict(lesion, index)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        results = self._session.track(lesion, run)
        for index in run.slices:
            self._before(index)
            yield next(results)

"""An engine session that stops between two slices when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from breastwidget.engines.base import EngineSession, SliceResult
from breastwidget.prompts import Lesion
from breastwidget.strategies import Pass

__all__ = ["Stopped", "WatchedSession"]


class Stopped(Exception):
    """The person cancelled; not an error."""


class WatchedSession:
    """`session`, raising `Stopped` before a slice once `stop()` is true.

    A caller of `propagate` can only stop at a slice that it is given, and a one-way strategy looks
    for the object's beginning before it gives the first one. The session sees every slice.
    """

    def __init__(self, session: EngineSession, stop: Callable[[], bool]) -> None:
        self._session = session
        self._stop = stop

    @property
    def encoded_slices(self) -> int:
        return self._session.encoded_slices

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        self._check()
        return self._session.predict(lesion, index)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        self._check()
        for result in self._session.track(lesion, run):
            yield result
            self._check()

    def _check(self) -> None:
        if self._stop():
            raise Stopped

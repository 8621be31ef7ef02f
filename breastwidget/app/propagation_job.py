"""One propagation on the worker: engine → slice results → model, until done or cancelled."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from breastwidget.app.model import AppModel, Progress, Status
from breastwidget.app.results import Request, make_run, make_scene
from breastwidget.app.session_room import SessionRoom
from breastwidget.app.watched_session import Stopped, WatchedSession
from breastwidget.app.wording import describe_run
from breastwidget.engines.base import SliceResult
from breastwidget.errors import BreastWidgetError
from breastwidget.propagation import propagate
from breastwidget.segmentation import Segmentation

__all__ = ["PropagationJob"]

_log = logging.getLogger(__name__)
_FOLLOW_SECONDS = 0.15  # between two pictures sent while following, for slow connections


class PropagationJob:
    """Runs `request`, streaming masks into `model`; `stop()` is asked before every slice.

    On an error the model gets back the masks it had, and the error is raised to the future.
    """

    def __init__(
        self, model: AppModel, room: SessionRoom, request: Request, stop: Callable[[], bool]
    ) -> None:
        self._model = model
        self._room = room
        self._request = request
        self._stop = stop
        self._results: list[SliceResult] = []
        self._followed = 0.0

    def run(self) -> Segmentation | None:
        """Propagate to the end; None if cancelled before the first slice."""
        masks_before = self._model.masks
        try:
            return self._run()
        except Exception as error:
            sentence = str(error)
            if not isinstance(error, BreastWidgetError):
                _log.exception("a propagation failed")
                sentence = f"The engine failed ({error}); the results so far were not changed."
            status = Status(sentence, "error")
            self._model.update(masks=masks_before, progress=Progress(), status=status)
            raise

    def _run(self) -> Segmentation | None:
        session = self._room.session()
        self._model.update(status=Status("Propagating…", "busy"))
        started = time.perf_counter()
        complete = False
        try:
            for result in self._slices(WatchedSession(session, self._stop)):
                self._show(result)
            complete = True
        except Stopped:
            pass
        return self._finish(time.perf_counter() - started, complete)

    def _slices(self, session: WatchedSession) -> Iterator[SliceResult]:
        request = self._request
        stack = self._model.stack
        return propagate(session, stack, request.lesion, request.strategy, request.extent)

    def _show(self, result: SliceResult) -> None:
        self._results.append(result)
        model = self._model
        with model.lock:
            changes: dict[str, object] = {
                "masks": model.masks.with_slice(result.slice, result.mask),
                "progress": Progress(True, len(self._results), model.progress.total),
            }
            if model.follow and time.perf_counter() - self._followed > _FOLLOW_SECONDS:
                self._followed = time.perf_counter()
                changes["slice_index"] = result.slice
            model.update(**changes)

    def _finish(self, seconds: float, complete: bool) -> Segmentation | None:
        model = self._model
        if not self._results:
            status = Status("Cancelled before the first slice; nothing was changed.")
            model.update(progress=Progress(), status=status)
            return None
        model.update(status=Status("Measuring…", "busy"))
        run = make_run(
            model.stack,
            self._request,
            self._room.info(),
            self._results,
            seconds,
            complete,
            model.reference,
        )
        scene = make_scene(run, model.reference)
        with model.lock:
            changes: dict[str, object] = {
                "runs": (*model.runs, run),
                "scene": scene,
                "progress": Progress(False, len(self._results), model.progress.total),
                "status": Status(describe_run(run)),
            }
            if model.follow:
                changes["slice_index"] = self._request.box.slice
            model.update(**changes)
        return run.segmentation

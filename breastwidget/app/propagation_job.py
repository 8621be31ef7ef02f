"""One propagation on the worker: engine → slice results → model, until done or cancelled."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType

from breastwidget.app.corrections import with_run
from breastwidget.app.document import Masks, Run
from breastwidget.app.editing import Editor
from breastwidget.app.model import AppModel, Live, Progress, Status
from breastwidget.app.results import Request, make_run
from breastwidget.app.seeing import cursor_on
from breastwidget.app.session_room import SessionRoom
from breastwidget.app.watched_session import Stopped, WatchedSession
from breastwidget.app.wording import describe_run
from breastwidget.corrections import begun_on
from breastwidget.engines.base import SliceResult
from breastwidget.errors import BreastWidgetError
from breastwidget.propagation import propagate, repropagate
from breastwidget.segmentation import Segmentation

__all__ = ["PropagationJob"]

_log = logging.getLogger(__name__)
_FOLLOW_SECONDS = 0.15  # between two pictures sent while following, for slow connections


class PropagationJob:
    """Runs `request`, streaming masks into `model.live`; `stop()` is asked before every slice.

    The document changes once, at the end. On an error it does not, and the error is raised to the
    future.
    """

    def __init__(
        self,
        model: AppModel,
        editor: Editor,
        room: SessionRoom,
        request: Request,
        stop: Callable[[], bool],
    ) -> None:
        self._model = model
        self._editor = editor
        self._room = room
        self._request = request
        self._stop = stop
        self._results: list[SliceResult] = []
        self._live = Live(request.lesion.key, _first_masks(request))
        self._followed = 0.0

    def run(self) -> Segmentation | None:
        """Propagate to the end; None if cancelled before the first slice."""
        try:
            return self._run()
        except Exception as error:
            sentence = str(error)
            if not isinstance(error, BreastWidgetError):
                _log.exception("a propagation failed")
                sentence = f"The engine failed ({error}); the results so far were not changed."
            status = Status(sentence, "error")
            self._model.update(live=None, progress=Progress(), status=status)
            raise

    def _run(self) -> Segmentation | None:
        session = self._room.session(self._request.stack)
        self._model.update(live=self._live, status=Status("Propagating…", "busy"))
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
        asked = self._request
        lesion, stack = asked.lesion.lesion, asked.stack
        if asked.base is None:
            yield from propagate(session, stack, lesion, asked.strategy, asked.extent)
            return
        start = begun_on(stack, asked.base.segmentation.provenance)
        for index in asked.corrected:
            yield from repropagate(
                session, stack, lesion, asked.strategy, asked.extent, index, start=start
            )

    def _show(self, result: SliceResult) -> None:
        self._results.append(result)
        figures = result.predicted_iou, result.object_probability
        self._live = replace(
            self._live,
            masks=self._live.masks.with_slice(result.slice, result.mask),
            confidence=MappingProxyType({**self._live.confidence, result.slice: figures}),
        )
        model = self._model
        with model.lock:
            changes: dict[str, object] = {
                "live": self._live,
                "progress": Progress(True, len(self._results), model.progress.total),
            }
            if model.follow and time.perf_counter() - self._followed > _FOLLOW_SECONDS:
                self._followed = time.perf_counter()
                changes["cursor"] = cursor_on(model, self._request.stack.plane, result.slice)
            model.update(**changes)

    def _finish(self, seconds: float, complete: bool) -> Segmentation | None:
        model = self._model
        if not self._results:
            status = Status("Cancelled before the first slice; nothing was changed.")
            model.update(live=None, progress=Progress(), status=status)
            return None
        model.update(status=Status("Measuring…", "busy"))
        run = make_run(
            self._request, self._room.info(), self._results, seconds, complete, model.reference
        )
        self._keep(run)
        return run.segmentation

    def _keep(self, run: Run) -> None:
        """Into the document, as the run shown."""
        model = self._model
        with model.lock:
            # Its name or colour may have changed meanwhile, its prompts may not.
            lesion = model.document.lesion(self._request.lesion.key)
            lesion = with_run(replace(lesion, runs=(*lesion.runs, run)), len(lesion.runs))
            changes: dict[str, object] = {
                "live": None,
                "progress": Progress(False, len(self._results), model.progress.total),
                "status": Status(describe_run(run)),
            }
            if model.follow:
                prompted = self._request.corrected or (run.prompts[0].slice,)
                changes["cursor"] = cursor_on(model, self._request.stack.plane, prompted[0])
            label = f"propagate {run.strategy}"
            if run.corrected is not None:
                label = f"propagate from slice {run.corrected}"
            self._editor.edit(label, model.document.with_lesion(lesion), **changes)


def _first_masks(request: Request) -> Masks:
    """What stays, and the prompted slices as they are shown."""
    lesion = request.lesion
    prompted = {prompt.slice for prompt in lesion.prompts} & set(lesion.masks.by_slice)
    shown = {index: lesion.masks.by_slice[index] for index in prompted}
    return Masks(MappingProxyType({**request.kept.by_slice, **shown}))

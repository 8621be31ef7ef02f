"""The controller: what a person does becomes engine work and model state.

The only room of the app that drives engines. Engine work runs on one background worker, so the
page stays alive; the model is written under its lock, never while an engine computes.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec

from breastwidget.app.model import EXTENT_SOURCES, AppModel, Masks, Progress, Status, Window
from breastwidget.app.propagation_job import PropagationJob
from breastwidget.app.results import Request
from breastwidget.app.session_room import SessionRoom
from breastwidget.app.wording import reference_extent
from breastwidget.display import window_range
from breastwidget.errors import BreastWidgetError, PromptError, StrategyError
from breastwidget.prompts import BoxPrompt, Lesion, box_from_drag, check_prompt
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent, parse_strategy

__all__ = ["Controller"]

_log = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")
_Point = tuple[float, float]


class Controller:
    """Turns intents into model state.

    Actions raise `BreastWidgetError` and then leave the model as it was; `reporting` makes them fit
    for a view, which has nobody to raise to. `room` opens the engine when it is first needed,
    `executor` must run one job at a time, in order.
    """

    def __init__(self, model: AppModel, room: SessionRoom, executor: Executor) -> None:
        self._model = model
        self._room = room
        self._executor = executor
        self._running: Future[Segmentation | None] | None = None
        self._cancelled = threading.Event()

    def reporting(self, action: Callable[_Arguments, object]) -> Callable[_Arguments, None]:
        """`action` for a view: an error becomes one sentence in the status line."""

        @functools.wraps(action)
        def report(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
            try:
                action(*args, **kwargs)
            except BreastWidgetError as error:
                self._model.update(status=Status(str(error), "error"))
            except Exception as error:
                _log.exception("an action of the app failed")
                self._model.update(status=Status(f"That did not work: {error}", "error"))

        return report

    # Seeing

    def show_slice(self, index: int) -> None:
        """Show slice `index`, or the nearest one that exists; a run no longer moves the picture."""
        with self._model.lock:
            last = self._model.stack.shape[0] - 1
            following = self._model.follow and not self._model.progress.running
            self._model.update(slice_index=min(max(index, 0), last), follow=following)

    def step(self, by: int) -> None:
        """Show the slice `by` further."""
        with self._model.lock:
            self.show_slice(self._model.slice_index + by)

    def set_follow(self, follow: bool) -> None:
        """Whether the picture shows the slice that a run has just done."""
        self._model.update(follow=follow)

    def set_window(self, lo: float, hi: float) -> None:
        """Show gray values from `lo` (black) to `hi` (white)."""
        if lo < hi:  # a slider's two handles may meet on the way
            self._model.update(window=Window(lo, hi))

    def auto_window(self) -> None:
        """Choose the gray range from the slice shown."""
        with self._model.lock:
            picture = self._model.stack.pixels[self._model.slice_index]
            self._model.update(window=Window(*window_range(picture)))

    # Prompting

    def drag_box(self, index: int, start: _Point, end: _Point) -> None:
        """Prompt slice `index` with a box between two fractions (u, v) of the picture."""
        self.set_box(box_from_drag(index, start, end, self._model.stack.shape[1:]))

    def set_box(self, box: BoxPrompt) -> None:
        """Prompt with `box`; its mask on that slice follows from the worker."""
        with self._model.lock:
            check_prompt(box, self._model.stack.shape)
            self._refuse_while_running("draw another box")
            # The slice appears with its box, even where Python set it on another one.
            self._model.update(
                box=box,
                slice_index=box.slice,
                masks=Masks(),
                status=Status("Looking at this slice…", "busy"),
            )
        self._executor.submit(self.reporting(self._preview), box)

    def choose_strategy(self, name: str) -> None:
        """Choose the order in which slices are visited."""
        self._model.update(strategy=parse_strategy(name))

    def choose_extent(self, source: str) -> None:
        """Visit slices until the object is gone ("automatic") or the "reference"'s slices."""
        if source not in EXTENT_SOURCES:
            raise StrategyError(
                f"Unknown extent {source!r}; choose one of {', '.join(EXTENT_SOURCES)}."
            )
        if source == "reference" and self._model.reference is None:
            raise StrategyError("There is no reference to take the extent from; use automatic.")
        self._model.update(extent_source=source)

    # Propagating

    def propagate(self) -> Future[Segmentation | None]:
        """Start a propagation; a second one while it runs only says so and returns the first.

        The future gives the segmentation (None if cancelled before the first slice) or raises
        what the engine raised.
        """
        with self._model.lock:
            if self._running is not None and not self._running.done():
                status = Status("Already propagating; wait or press Cancel.", "busy")
                self._model.update(status=status)
                return self._running
            request = self._request()
            self._cancelled = threading.Event()
            total = None if request.extent is None else len(request.extent)
            self._model.update(progress=Progress(True, 0, total))
            job = PropagationJob(self._model, self._room, request, self._cancelled.is_set)
            self._running = self._executor.submit(job.run)
            return self._running

    def cancel(self) -> None:
        """Stop the running propagation within one slice, keeping what is done."""
        with self._model.lock:
            if self._model.progress.running:
                self._cancelled.set()
                self._model.update(status=Status("Cancelling…", "busy"))

    def close(self) -> None:
        """Cancel what runs and let the worker go."""
        self._cancelled.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _request(self) -> Request:
        box = self._model.box
        if box is None:
            raise PromptError("There is no box yet; drag one around the tumour first.")
        extent: Extent | None = None
        if self._model.extent_source == "reference":
            extent = reference_extent(self._model)
        if extent is not None and box.slice not in extent:
            raise StrategyError(
                f"The box is on slice {box.slice}, outside the reference's slices {extent.first} "
                f"to {extent.last}; draw it inside them or choose the automatic extent."
            )
        return Request(box, self._model.strategy, extent)

    def _refuse_while_running(self, what: str) -> None:
        if self._model.progress.running:
            raise PromptError(f"A propagation is running; wait or press Cancel to {what}.")

    def _preview(self, box: BoxPrompt) -> None:
        """Segment the prompted slice alone; an older box's late result is dropped."""
        if self._model.box is not box:
            return
        result = self._room.session().predict(Lesion((box,)), box.slice)
        with self._model.lock:
            if self._model.box is box and not self._model.progress.running:
                found = "Press Propagate." if result.present else "Nothing found here; try again."
                self._model.update(
                    masks=self._model.masks.with_slice(box.slice, result.mask),
                    status=Status(f"Box on slice {box.slice}. {found}"),
                )

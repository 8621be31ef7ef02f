"""Strategy, extent, Propagate, Cancel; which result is shown, and where to look twice."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace

from breastwidget.api import as_extent
from breastwidget.app.asking import request_of
from breastwidget.app.corrections import with_run
from breastwidget.app.document import EXTENT_SOURCES, ExtentChoice
from breastwidget.app.editing import Editor
from breastwidget.app.model import AppModel, Progress, Status
from breastwidget.app.propagation_job import PropagationJob
from breastwidget.app.seeing import cursor_on
from breastwidget.app.session_room import SessionRoom
from breastwidget.app.trust import doubtful
from breastwidget.confidence import next_doubtful
from breastwidget.errors import StrategyError
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent, parse_strategy

__all__ = ["Propagating"]


class Propagating:
    """The intents that run the engine through the slices. Errors are `BreastWidgetError`s."""

    def __init__(
        self, model: AppModel, editor: Editor, room: SessionRoom, executor: Executor
    ) -> None:
        self._model = model
        self._editor = editor
        self._room = room
        self._executor = executor
        self._running: Future[Segmentation | None] | None = None
        self._cancelled = threading.Event()

    def choose_strategy(self, name: str) -> None:
        """Choose the order in which slices are visited: one of `breastwidget.STRATEGIES`."""
        parse_strategy(name)
        with self._model.lock:
            document = self._model.document
            if name != document.strategy:
                self._editor.edit(f"choose {name}", replace(document, strategy=name))

    def choose_extent(self, source: str, extent: Extent | Sequence[int] | None = None) -> None:
        """Choose the slices to visit: "automatic" (until the object is gone), the "reference"'s,
        or a "range" with `extent`, its first and last slice of the large plane."""
        if source not in EXTENT_SOURCES:
            raise StrategyError(
                f"Unknown extent {source!r}; choose one of {', '.join(EXTENT_SOURCES)}."
            )
        if source == "reference" and self._model.reference is None:
            raise StrategyError("There is no reference to take the extent from; use automatic.")
        with self._model.lock:
            choice = ExtentChoice(source)
            label = f"choose the {source} extent"
            if source == "range":
                chosen = self._range(as_extent(extent))
                choice = ExtentChoice(source, chosen, self._model.plane)
                label = f"choose slices {chosen.first} to {chosen.last}"
            document = self._model.document
            if choice != document.extent:
                self._editor.edit(label, replace(document, extent=choice))

    def propagate(self) -> Future[Segmentation | None]:
        """Start propagating the active lesion; a second one while it runs only says so and
        returns the first.

        After a correction it goes on from the corrected slice. The future gives the segmentation
        (None if cancelled before the first slice) or raises what the engine raised.
        """
        with self._model.lock:
            if self._running is not None and not self._running.done():
                status = Status("Already propagating; wait or press Cancel.", "busy")
                self._model.update(status=status)
                return self._running
            request = request_of(self._model)
            anew = request.extent is not None and request.base is None
            total = len(request.extent) if anew and request.extent is not None else None
            self._cancelled = threading.Event()
            self._model.update(
                progress=Progress(True, 0, total), status=Status("Waiting for the engine…", "busy")
            )
            stop = self._cancelled.is_set
            job = PropagationJob(self._model, self._editor, self._room, request, stop)
            self._running = self._executor.submit(job.run)
            return self._running

    def cancel(self) -> None:
        """Stop the running propagation within one slice, keeping what is done."""
        with self._model.lock:
            if self._model.progress.running:
                self._cancelled.set()
                self._model.update(status=Status("Cancelling…", "busy"))

    def show_run(self, key: int, number: int) -> None:
        """Show result `number` (from 0) of lesion `key`; prompts stay as they are."""
        with self._model.lock:
            self._editor.refuse_while_running("show another result")
            lesion = self._editor.lesion(key)
            if not 0 <= number < len(lesion.runs):
                raise StrategyError(
                    f"{lesion.name} has no result {number}; it has {len(lesion.runs)}, from 0."
                )
            if number != lesion.shown:
                label = f"show result {number + 1} of {lesion.name}"
                document = self._model.document.with_lesion(with_run(lesion, number))
                self._editor.edit(label, document)

    def next_doubtful(self) -> None:
        """Move to the next slice of the active lesion's result that deserves a second look."""
        with self._model.lock:
            lesion = self._model.document.current
            if lesion is None or lesion.run is None:
                status = Status("There is no result yet to have doubts about; press Propagate.")
                self._model.update(status=status)
                return
            stack = self._model.stack_of(lesion.plane)
            present = stack.from_voxel_index(self._model.cursor.voxel)[0]
            slices = doubtful(lesion)
            index = next_doubtful(slices, present)
            if index is None:
                text = f"No slice of {lesion.name} is doubtful."
                self._model.update(status=Status(text))
                return
            text = f"Slice {index} is doubtful; {len(slices)} of {lesion.name} are."
            cursor = cursor_on(self._model, lesion.plane, index)
            self._model.update(plane=lesion.plane, cursor=cursor, status=Status(text))

    def stop(self) -> None:
        """Cancel whatever runs, without a word."""
        self._cancelled.set()

    def _range(self, extent: Extent | None) -> Extent:
        if extent is None:
            raise StrategyError("Expected the first and the last slice of the range, got none.")
        last = self._model.stack.shape[0] - 1
        if extent.last > last:
            raise StrategyError(
                f"The range {extent.first} to {extent.last} leaves the scan; its slices here are "
                f"0 to {last}."
            )
        return extent

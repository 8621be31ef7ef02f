"""The mask of a prompted slice, from the worker; a late one, for other prompts, is dropped."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

from breastwidget.app.document import LesionState
from breastwidget.app.editing import Editor
from breastwidget.app.model import AppModel, Status
from breastwidget.app.reporting import reporting
from breastwidget.app.session_room import SessionRoom
from breastwidget.prompts import Prompt
from breastwidget.volume import SliceStack

__all__ = ["Previews"]

_Slice = tuple[int, int, tuple[Prompt, ...]]  # lesion, slice, the prompts on it


class Previews:
    """Asks the engine for the masks of prompted slices."""

    def __init__(
        self, model: AppModel, editor: Editor, room: SessionRoom, executor: Executor
    ) -> None:
        self._model = model
        self._editor = editor
        self._room = room
        self._executor = executor
        self._due: set[_Slice] = set()

    def ask(self, key: int, index: int) -> None:
        """Have slice `index` of lesion `key` predicted from the prompts that it has now."""
        with self._model.lock:
            lesion = self._model.document.lesion(key)
            wanted = key, index, lesion.lesion.on(index)
            stack = self._model.stack_of(lesion.plane)
            self._due.add(wanted)
            self._model.update(status=Status(f"Looking at slice {index}…", "busy"))
        self._executor.submit(reporting(self._model, self._predict), wanted, stack)

    def ask_missing(self) -> None:
        """Have those predicted that the document has prompts for, but no mask: after an undo."""
        with self._model.lock:
            for lesion in self._model.document.lesions:
                for index in sorted({prompt.slice for prompt in lesion.prompts}):
                    prompts = lesion.lesion.on(index)
                    known = index in lesion.masks.by_slice
                    if not known or (lesion.key, index, prompts) in self._due:
                        self.ask(lesion.key, index)

    def _predict(self, wanted: _Slice, stack: SliceStack) -> None:
        _, index, _ = wanted
        lesion = self._still(wanted)
        if lesion is None:
            return
        result = self._room.session(stack).predict(lesion.lesion, index)
        with self._model.lock:
            lesion = self._still(wanted)
            if lesion is None:
                return
            self._due.discard(wanted)
            self._editor.amend(replace(lesion, masks=lesion.masks.with_slice(index, result.mask)))
            if not self._model.progress.running:
                found = "Press Propagate." if result.present else "Nothing found here; try again."
                self._model.update(status=Status(f"Slice {index} of {lesion.name}. {found}"))

    def _still(self, wanted: _Slice) -> LesionState | None:
        """The lesion, if its prompts are still those that the mask was wanted for."""
        key, index, prompts = wanted
        for lesion in self._model.document.lesions:
            if lesion.key == key and lesion.lesion.on(index) == prompts:
                return lesion
        return None

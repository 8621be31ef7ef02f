"""Undo and redo, what was autosaved, export, and the Python that says the same.

No view: the intents of that concern.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from breastwidget.app.autosave import Autosave
from breastwidget.app.editing import Editor
from breastwidget.app.exporting import check_kinds, code_of, export
from breastwidget.app.model import AppModel, Status
from breastwidget.app.previews import Previews
from breastwidget.errors import OutputError

__all__ = ["Keeping"]


class Keeping:
    """The intents that take back, bring back and write out. Errors are `BreastWidgetError`s."""

    def __init__(
        self, model: AppModel, editor: Editor, previews: Previews, autosave: Autosave
    ) -> None:
        self._model = model
        self._editor = editor
        self._previews = previews
        self._autosave = autosave

    def undo(self) -> None:
        """Take back the last edit; what is shown (slice, window, tool) stays."""
        with self._model.lock:
            self._editor.refuse_while_running("undo")
            label = self._model.history.undo_label
            if not label:
                self._model.update(status=Status("There is nothing to undo."))
                return
            history, document = self._model.history.undo(self._model.document)
            self._editor.put(document, history, status=Status(f"Undone: {label}."))
            self._previews.ask_missing()

    def redo(self) -> None:
        """Do again what was undone last."""
        with self._model.lock:
            self._editor.refuse_while_running("redo")
            label = self._model.history.redo_label
            if not label:
                self._model.update(status=Status("There is nothing to redo."))
                return
            history, document = self._model.history.redo(self._model.document)
            self._editor.put(document, history, status=Status(f"Redone: {label}."))
            self._previews.ask_missing()

    def restore(self) -> None:
        """Take back what was autosaved for this scan in an earlier session; Undo leaves it."""
        self._editor.refuse_while_running("restore")
        try:
            document = self._autosave.load(self._model.images)
        finally:
            self._model.update(restorable="")
        if document is None:
            raise OutputError("Nothing was saved for this scan.")
        with self._model.lock:
            self._editor.refuse_while_running("restore")
            count = len(document.lesions)
            text = f"Restored {count} lesion{'' if count == 1 else 's'}."
            self._editor.edit("restore", document, status=Status(text))
            self._previews.ask_missing()

    def discard_saved(self) -> None:
        """Forget what was autosaved for this scan in an earlier session."""
        self._autosave.discard()
        self._model.update(restorable="", status=Status("What was saved is discarded."))

    def offer_saved(self) -> None:
        """Say in the model what there is to restore."""
        words = self._autosave.describe()
        if words:
            text = f"Saved for this scan: {words}. Restore or discard it."
            self._model.update(restorable=words, status=Status(text))

    def export(self, kinds: Sequence[str], folder: str | Path) -> None:
        """Write `kinds` (keys of `EXPORT_KINDS`) into a new `folder`.

        What cannot be written is said; the rest is kept. Raises `OutputError` where nothing could.
        """
        check_kinds(kinds)
        with self._model.lock:
            document = self._model.document
            self._model.update(status=Status("Exporting…", "busy"))
        try:
            done = export(self._model, document, kinds, folder)
        except OutputError as error:
            self._model.update(status=Status(str(error), "error"))
            raise
        count = len(done.written)
        text = f"Wrote {count} file{'' if count == 1 else 's'} to {folder}."
        status = Status(" ".join([text, *done.failed]), "error" if done.failed else "info")
        self._model.update(exported=done.written, status=status)

    def show_code(self) -> None:
        """Show the Python that makes the results shown again, without the widget."""
        self._model.update(code=self.code())

    def code(self) -> str:
        """The Python that makes the results shown again, without the widget."""
        return code_of(self._model.document)

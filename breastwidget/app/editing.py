"""Every edit of the document goes through here: history, autosave, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from breastwidget.app.document import Document, LesionState
from breastwidget.app.history import History
from breastwidget.app.model import AppModel
from breastwidget.errors import PromptError

__all__ = ["Editor"]


class Editor:
    """Replaces the model's document; `save` gets every document that a person made.

    Callers that compute the new document from the present one hold `model.lock` meanwhile.
    """

    def __init__(self, model: AppModel, save: Callable[[Document], None]) -> None:
        self._model = model
        self._save = save

    def edit(self, label: str, document: Document, **changes: Any) -> None:
        """Make `document` the present one; Undo will offer to take back `label`."""
        with self._model.lock:
            history = self._model.history.done(label, self._model.document)
            self.put(document, history, **changes)

    def put(self, document: Document, history: History, **changes: Any) -> None:
        """Make `document` the present one, with the history that leads to it."""
        self._model.update(document=document, history=history, **changes)
        self._save(document)

    def amend(self, lesion: LesionState, **changes: Any) -> None:
        """Replace a lesion of the present document by what an engine found: nothing to undo."""
        with self._model.lock:
            document = self._model.document.with_lesion(lesion)
            self._model.update(document=document, **changes)

    def lesion(self, key: int) -> LesionState:
        """The lesion with `key`; raises `PromptError` if there is none."""
        try:
            return self._model.document.lesion(key)
        except KeyError:
            numbers = ", ".join(str(each.key) for each in self._model.document.lesions) or "none"
            raise PromptError(f"There is no lesion {key}; there are: {numbers}.") from None

    def target(self) -> LesionState:
        """The lesion that a prompt on the large view goes to: the active one, else a first one.

        It may not be part of the document yet. Raises `PromptError` if it has prompts in another
        plane.
        """
        model = self._model
        lesion = model.document.current or model.document.new_lesion(model.plane)
        lesion = replace(lesion, visible=True)  # a prompt on a hidden one would seem to do nothing
        if lesion.plane is model.plane:
            return lesion
        if lesion.prompts or lesion.runs:
            raise PromptError(
                f"{lesion.name} is drawn on {lesion.plane.value} slices; show that plane, or start "
                "a new lesion here."
            )
        return replace(lesion, plane=model.plane)

    def refuse_while_running(self, what: str) -> None:
        """Raise `PromptError` while a propagation runs."""
        if self._model.progress.running:
            raise PromptError(f"A propagation is running; wait or press Cancel to {what}.")

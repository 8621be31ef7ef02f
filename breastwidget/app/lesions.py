"""The list of lesions: start, select, name, colour, hide, delete; and suggested ones."""

from __future__ import annotations

import re
from concurrent.futures import Executor
from dataclasses import replace

from breastwidget.app.document import Document, LesionState, Suggestion
from breastwidget.app.editing import Editor
from breastwidget.app.model import AppModel, Status
from breastwidget.app.previews import Previews
from breastwidget.app.reporting import reporting
from breastwidget.app.seeing import cursor_on
from breastwidget.errors import PromptError
from breastwidget.volume import SliceStack

__all__ = ["Lesions"]

_MOST_LETTERS = 80


class Lesions:
    """The intents that change which lesions there are. Errors are `PromptError`s."""

    def __init__(
        self, model: AppModel, editor: Editor, previews: Previews, executor: Executor
    ) -> None:
        self._model = model
        self._editor = editor
        self._previews = previews
        self._executor = executor

    def new_lesion(self) -> None:
        """Start a lesion; the next prompts go to it."""
        with self._model.lock:
            document = self._model.document
            lesion = document.new_lesion(self._model.plane)
            status = Status(f"Drag a box around {lesion.name}.")
            self._editor.edit(
                f"start {lesion.name}", document.with_lesion(lesion, active=True), status=status
            )

    def select_lesion(self, key: int) -> None:
        """Let the next prompts go to lesion `key`; the slice of its first prompt is shown, unless
        the lesion is on the slice shown, where a person may be about to correct it."""
        with self._model.lock:
            lesion = self._editor.lesion(key)
            if key == self._model.document.active:
                return
            self._editor.edit(f"select {lesion.name}", replace(self._model.document, active=key))
            if lesion.prompts and lesion.masks.on(self._slice_in(lesion)) is None:
                cursor = cursor_on(self._model, lesion.plane, lesion.prompts[0].slice)
                self._model.update(cursor=cursor)

    def rename_lesion(self, key: int, name: str) -> None:
        """Call lesion `key` by another `name` of 1 to 80 letters."""
        name = " ".join(str(name).split())
        if not 0 < len(name) <= _MOST_LETTERS:
            raise PromptError(f"Expected a name of 1 to {_MOST_LETTERS} letters, got {name!r}.")
        with self._model.lock:
            lesion = self._editor.lesion(key)
            if name != lesion.name:
                self._change(f"rename {lesion.name}", replace(lesion, name=name))

    def recolour_lesion(self, key: int, colour: str) -> None:
        """Show lesion `key` in another `colour`, "#rrggbb"."""
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(colour)):
            raise PromptError(f'Expected a colour like "#e69f00", got {colour!r}.')
        with self._model.lock:
            lesion = self._editor.lesion(key)
            if colour.lower() != lesion.colour:
                self._change(f"recolour {lesion.name}", replace(lesion, colour=colour.lower()))

    def show_lesion(self, key: int, visible: bool) -> None:
        """Show or hide lesion `key`."""
        with self._model.lock:
            lesion = self._editor.lesion(key)
            if visible != lesion.visible:
                label = f"{'show' if visible else 'hide'} {lesion.name}"
                self._change(label, replace(lesion, visible=bool(visible)))

    def delete_lesion(self, key: int) -> None:
        """Delete lesion `key` with its prompts and results; Undo brings it back."""
        with self._model.lock:
            self._editor.refuse_while_running("delete a lesion")
            lesion = self._editor.lesion(key)
            self._editor.edit(
                f"delete {lesion.name}",
                _without(self._model.document, lesion),
                status=Status(f"Deleted {lesion.name}; Undo brings it back."),
            )

    # Suggested lesions

    def suggest(self) -> None:
        """Look for enhancing parts that may be lesions, in a subtraction where there is one, else
        in the image shown; the worker does it."""
        with self._model.lock:
            self._editor.refuse_while_running("look for lesions")
            self._model.update(status=Status("Looking for lesions…", "busy"))
            stack = self._enhancement()
        self._executor.submit(reporting(self._model, self._suggest), stack)

    def accept(self, number: int) -> None:
        """Make suggestion `number` (0 is the best) a lesion with its box, and show it."""
        with self._model.lock:
            self._editor.refuse_while_running("accept a lesion")
            suggestion, document = self._taken(number)
            lesion = document.new_lesion(suggestion.plane or self._model.plane)
            lesion = replace(lesion, prompts=(suggestion.box,))
            cursor = cursor_on(self._model, lesion.plane, suggestion.box.slice)
            self._editor.edit(
                "accept a suggestion",
                document.with_lesion(lesion, active=True),
                plane=lesion.plane,
                cursor=cursor,
            )
            self._previews.ask(lesion.key, suggestion.box.slice)

    def dismiss(self, number: int) -> None:
        """Strike suggestion `number` off the list."""
        with self._model.lock:
            _, document = self._taken(number)
            self._editor.edit("dismiss a suggestion", document)

    def _suggest(self, stack: SliceStack) -> None:
        from breastwidget.suggestions import suggest_lesions

        found = tuple(
            Suggestion(each.box, each.extent, each.volume_ml, each.score, stack.plane)
            for each in suggest_lesions(stack)
        )
        with self._model.lock:
            count = f"{len(found)} suggestion{'' if len(found) == 1 else 's'}"
            text = (
                f"{count}: accept or dismiss one by one."
                if found
                else ("Nothing stands out; choose a subtraction to look at, or drag a box.")
            )
            document = replace(self._model.document, suggestions=found)
            self._editor.edit("suggest lesions", document, status=Status(text))

    def _enhancement(self) -> SliceStack:
        """The image shown, unless only another one is a subtraction."""
        shown, others = self._model.volume, [image.volume for image in self._model.images]
        subtractions = [each for each in others if each.source.subtraction is not None]
        best = shown if shown in subtractions or not subtractions else subtractions[0]
        return best.stack(self._model.plane)

    def _taken(self, number: int) -> tuple[Suggestion, Document]:
        document = self._model.document
        if not 0 <= number < len(document.suggestions):
            raise PromptError(
                f"There is no suggestion {number}; there are {len(document.suggestions)}, from 0."
            )
        left = tuple(each for i, each in enumerate(document.suggestions) if i != number)
        return document.suggestions[number], replace(document, suggestions=left)

    def _change(self, label: str, lesion: LesionState) -> None:
        self._editor.edit(label, self._model.document.with_lesion(lesion))

    def _slice_in(self, lesion: LesionState) -> int:
        return self._model.stack_of(lesion.plane).from_voxel_index(self._model.cursor.voxel)[0]


def _without(document: Document, lesion: LesionState) -> Document:
    """The one before the deleted lesion becomes active, if that was the active one."""
    place = document.lesions.index(lesion)
    left = tuple(each for each in document.lesions if each is not lesion)
    active = document.active
    if active == lesion.key:
        active = left[max(place - 1, 0)].key if left else None
    return replace(document, lesions=left, active=active)

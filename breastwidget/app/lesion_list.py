"""The list of lesions: select, recolour, rename, hide, delete, add."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from breastwidget.app.controls import button, html, row, show_only, titled
from breastwidget.app.document import LesionState
from breastwidget.app.intents import Intents
from breastwidget.app.mask_file_panel import MaskFilePanel
from breastwidget.app.model import AppModel
from breastwidget.app.suggestion_list import SuggestionList
from breastwidget.prompts import prompted_slices

__all__ = ["LesionList", "LesionRow"]

_EMPTY = "No lesion yet: drag a box around one, or let the enhancement suggest some."


class LesionRow:
    """One lesion. It shows what it is given; what is done to it is an intent."""

    def __init__(self, lesion: LesionState, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self.key = lesion.key
        self.select = button("", "", lambda: intents.select_lesion(self.key), name="bw-select")
        self.colour = widgets.ColorPicker(
            concise=True, layout=widgets.Layout(width="28px", margin="0")
        )
        self.name = widgets.Text(
            continuous_update=False,
            layout=widgets.Layout(flex="1 1 80px", width="auto", min_width="60px", margin="0"),
        )
        self.facts = html(name="bw-facts")
        self.eye = button("", "", self._toggle)
        self.delete = button("", "", lambda: intents.delete_lesion(self.key), icon="trash-o")
        self.widget = row(
            self.select, self.colour, self.name, self.facts, self.eye, self.delete, name="bw-lesion"
        )
        self.render(lesion)
        self.colour.observe(lambda change: self._recolour(change.new), "value")
        self.name.observe(lambda change: self._rename(change.new), "value")

    def render(self, lesion: LesionState) -> None:
        """Show `lesion` as it is now."""
        active = lesion.key == self._model.document.active
        self.select.icon = "dot-circle-o" if active else "circle-o"
        self.select.tooltip = (
            f"{lesion.name} gets your prompts" if active else f"Give your prompts to {lesion.name}"
        )
        self.colour.value = lesion.colour
        self.colour.tooltip = f"Colour of {lesion.name}"
        self.name.value = lesion.name
        self.name.tooltip = f"Name of {lesion.name}"
        self.facts.value = escape(_facts(lesion))
        self.eye.icon = "eye" if lesion.visible else "eye-slash"
        self.eye.tooltip = f"{'Hide' if lesion.visible else 'Show'} {lesion.name}"
        self.delete.tooltip = f"Delete {lesion.name}"
        (self.widget.add_class if active else self.widget.remove_class)("bw-active")
        (self.widget.remove_class if lesion.visible else self.widget.add_class)("bw-hidden")

    def _lesion(self) -> LesionState:
        return self._model.document.lesion(self.key)

    def _toggle(self) -> None:
        self._intents.show_lesion(self.key, not self._lesion().visible)

    def _recolour(self, colour: str) -> None:
        if colour != self._lesion().colour:
            self._intents.recolour_lesion(self.key, colour)

    def _rename(self, name: str) -> None:
        if name != self._lesion().name:
            self._intents.rename_lesion(self.key, name)
            self.name.value = self._lesion().name  # Where that was refused.


class LesionList:
    """All lesions, and below them the suggestions."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self.rows: dict[int, LesionRow] = {}
        self.box = widgets.VBox()
        self.box.add_class("bw-lesions")
        self.empty = html(f'<p class="bw-faint">{_EMPTY}</p>')
        self.new = button(
            "New lesion",
            "The next box or click starts another lesion",
            intents.new_lesion,
            icon="plus",
        )
        self.suggest = button(
            "Suggest lesions",
            "Propose boxes where the scan enhances, to accept or dismiss one by one",
            intents.suggest,
            icon="magic",
        )
        self.mask_file = MaskFilePanel(model, intents)
        self.suggestions = SuggestionList(model, intents)
        self.widget = titled(
            "Lesions",
            self.empty,
            self.box,
            row(self.new, self.suggest, self.mask_file.toggle),
            self.mask_file.widget,
            self.suggestions.widget,
            name="bw-lesion-list",
        )
        model.observe(lambda _change: self.render(), ["document"])
        model.observe(lambda _change: self.render_progress(), ["progress"])
        self.render()
        self.render_progress()

    def render(self) -> None:
        """Show the model as it is now; rows stay for the lesions that stay, and keep the focus."""
        lesions = self._model.document.lesions
        for lesion in lesions:
            if lesion.key in self.rows:
                self.rows[lesion.key].render(lesion)
            else:
                self.rows[lesion.key] = LesionRow(lesion, self._model, self._intents)
        keys = [lesion.key for lesion in lesions]
        gone = [self.rows.pop(key) for key in list(self.rows) if key not in keys]
        children = tuple(self.rows[key].widget for key in keys)
        if self.box.children != children:
            self.box.children = children
        for old in gone:
            for child in (*old.widget.children, old.widget):
                child.close()
        show_only(self.empty, not lesions)

    def render_progress(self) -> None:
        """The worker does one thing at a time."""
        self.suggest.disabled = self._model.progress.running


def _facts(lesion: LesionState) -> str:
    """What it has: its volume, else its prompted slices."""
    if lesion.run is not None:
        found = f"{lesion.run.volume_ml:.2f} mL"
        return f"{found}, corrected" if lesion.pending is not None else found
    slices = prompted_slices(lesion.lesion)
    if not slices:
        return "no prompt"
    return f"slice{'' if len(slices) == 1 else 's'} {', '.join(map(str, slices))}"

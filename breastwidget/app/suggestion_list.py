"""Suggested lesions: where each is, to look at, to accept or to dismiss, one by one."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from breastwidget.app.controls import button, heading, html, row, show_only
from breastwidget.app.document import Suggestion
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel
from breastwidget.app.places import box_centre, place_of

__all__ = ["SuggestionList"]


class SuggestionList:
    """Takes no room where nothing is suggested."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self._shown: tuple[Suggestion, ...] | None = None
        self.rows = widgets.VBox()
        self.widget = widgets.VBox([heading("Suggested"), self.rows])
        self.widget.add_class("bw-suggestions")
        model.observe(lambda _change: self.render(), ["document"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        suggestions = self._model.document.suggestions
        if suggestions == self._shown:
            return
        self._shown = suggestions
        before = self.rows.children
        self.rows.children = tuple(
            self._row(number, each) for number, each in enumerate(suggestions)
        )
        for old in before:
            for child in (*old.children, old):
                child.close()
        show_only(self.widget, bool(suggestions))

    def _row(self, number: int, suggestion: Suggestion) -> widgets.Widget:
        model, intents = self._model, self._intents
        box = suggestion.box
        plane = suggestion.plane or model.plane
        place = place_of(model.stack_of(plane), box)
        # Its number is that on the pictures.
        words = f"<b>{number + 1}</b><b>{suggestion.volume_ml:.2f} mL</b> {escape(place)}"
        look = button(
            "",
            f"Look at {place}",
            lambda: intents.move_cursor(plane, box.slice, box_centre(box)),
            icon="crosshairs",
        )
        accept = button("", f"Accept: {place}", lambda: intents.accept(number), icon="check")
        dismiss = button("", f"Dismiss: {place}", lambda: intents.dismiss(number), icon="times")
        return row(look, html(words, "bw-place"), accept, dismiss, name="bw-suggestion")

"""Undo, redo, and what was saved for this scan before."""

from __future__ import annotations

from html import escape

from breastwidget.app.controls import button, html, row, show_only
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel

__all__ = ["HistoryButtons", "RestoreOffer"]


class HistoryButtons:
    """Undo and Redo; their tooltips say what they would do."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self.undo = button("", "", intents.undo, icon="undo", name="bw-undo")
        self.redo = button("", "", intents.redo, icon="repeat", name="bw-redo")
        self.widget = row(self.undo, self.redo, name="bw-history")
        model.observe(lambda _change: self.render(), ["history"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        history = self._model.history
        pairs = (
            (self.undo, "Undo", history.undo_label),
            (self.redo, "Redo", history.redo_label),
        )
        for made, what, label in pairs:
            made.disabled = not label
            made.tooltip = f"{what}: {label}" if label else f"Nothing to {what.lower()}"


class RestoreOffer:
    """An offer to take back what was autosaved; takes no room where nothing was."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self.words = html()
        self.restore = button(
            "Restore",
            "Take back what was saved for this scan",
            intents.restore,
            icon="history",
            style="primary",
        )
        self.discard = button(
            "Discard", "Forget what was saved and start afresh", intents.discard_saved
        )
        self.widget = row(self.words, self.restore, self.discard, name="bw-offer")
        model.observe(lambda _change: self.render(), ["restorable"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        words = f"Saved for this scan: {self._model.restorable}."
        self.words.value = f'<span role="status">{escape(words)}</span>'
        show_only(self.widget, bool(self._model.restorable))

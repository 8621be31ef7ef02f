"""The status line: one sentence on what happened, or on what to do next."""

from __future__ import annotations

from html import escape

from breastwidget.app.controls import html
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel

__all__ = ["StatusLine"]


class StatusLine:
    """Screen readers read it out when it changes."""

    def __init__(self, model: AppModel, intents: Intents) -> None:  # noqa: ARG002 # as every view
        self._model = model
        self.widget = html(name="bw-status-line")
        model.observe(lambda _change: self.render(), ["status"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        status = self._model.status
        self.widget.value = (
            f'<p class="bw-status bw-{escape(status.level)}" role="status" aria-live="polite">'
            f"{escape(status.text)}</p>"
        )

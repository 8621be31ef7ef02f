"""Show code: the Python that makes the present result again."""

from __future__ import annotations

import ipywidgets as widgets

from breastwidget.app.controls import button, row, show_only
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel

__all__ = ["CodePanel"]


class CodePanel:
    """The code is made when it is asked for, and can be asked for again after an edit."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self.show = button(
            "Show code",
            "Python that makes the present result again",
            intents.show_code,
            icon="code",
        )
        self.text = widgets.Textarea(
            tooltip="Python that makes the result again: select all of it to copy",
            rows=14,
            layout=widgets.Layout(width="100%", margin="0"),
        )
        self.text.add_class("bw-code")
        self.widget = widgets.VBox([row(self.show), self.text])
        self.widget.add_class("bw-code-panel")
        model.observe(lambda _change: self.render(), ["code"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        self.text.value = self._model.code
        show_only(self.text, bool(self._model.code))

"""The Dice table: the strategies' results side by side, which one is shown, and all as CSV."""

from __future__ import annotations

import ipywidgets as widgets

from breastwidget.app.controls import html, row, show_only, titled
from breastwidget.app.document import LesionState
from breastwidget.app.downloads import data_link
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel
from breastwidget.app.results_table import results_csv, results_html
from breastwidget.app.run_table import run_label

__all__ = ["DiceTable"]


class DiceTable:
    """Takes no room before the first run."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self._rendering = False
        self._made_from: tuple[object, ...] | None = None
        self.shown = widgets.Dropdown(
            description="Show run",
            tooltip="Which result of the active lesion is shown on the slices and in 3-D",
            layout=widgets.Layout(width="auto", flex="0 1 480px", margin="0"),
            style={"description_width": "64px"},
        )
        self.csv = html()
        self.table = html(name="bw-dice")
        bar = row(self.shown, self.csv)
        bar.add_class("bw-spread")
        self.widget = titled("Results", bar, self.table, name="bw-results")
        self.shown.observe(lambda change: self._chose(change.new), "value")
        model.observe(lambda _change: self.render(), ["document"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        document = self._model.document
        made_from = tuple(
            (lesion.name, lesion.colour, lesion.shown, *map(id, lesion.runs))
            for lesion in document.lesions
        )
        self._render_choice(document.current)
        if made_from == self._made_from:
            return
        self._made_from = made_from
        table = results_html(document.lesions)
        self.table.value = table
        link = data_link(
            results_csv(document.lesions).encode(), "runs.csv", "Table as CSV", "text/csv"
        )
        self.csv.value = link if table else ""
        show_only(self.widget, bool(table))

    def _render_choice(self, lesion: LesionState | None) -> None:
        runs = () if lesion is None else lesion.runs
        options = tuple((run_label(run, number + 1), number) for number, run in enumerate(runs))
        # New options select their first one, which is nobody's choice.
        self._rendering = True
        try:
            if self.shown.options != options:
                self.shown.options = options
            self.shown.value = None if lesion is None else lesion.shown
        finally:
            self._rendering = False
        show_only(self.shown, len(options) > 1)

    def _chose(self, number: int | None) -> None:
        lesion = self._model.document.current
        if self._rendering or number is None or lesion is None or number == lesion.shown:
            return
        self._intents.show_run(lesion.key, number)

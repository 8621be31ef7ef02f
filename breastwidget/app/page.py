"""The page: the viewer, the panels beside it, the results below; light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path

import ipywidgets as widgets

from breastwidget.app.code_panel import CodePanel
from breastwidget.app.confidence_strip import ConfidenceStrip
from breastwidget.app.control_panel import ControlPanel
from breastwidget.app.controls import drawers, html, row
from breastwidget.app.dice_table import DiceTable
from breastwidget.app.export_panel import ExportPanel
from breastwidget.app.help import help_widget
from breastwidget.app.history_bar import HistoryButtons, RestoreOffer
from breastwidget.app.intents import Intents
from breastwidget.app.lesion_list import LesionList
from breastwidget.app.measures import MeasuresPanel
from breastwidget.app.model import THEMES, AppModel
from breastwidget.app.status_line import StatusLine
from breastwidget.app.surface_panel import SurfacePanel
from breastwidget.app.viewer import Viewer

__all__ = ["Page", "build_page"]


def build_page(model: AppModel, intents: Intents, size_px: int | None = None) -> widgets.Widget:
    """The whole app as one widget; `size_px` is the longer side of the large picture on it, by
    default what the page has room for."""
    return Page(model, intents, size_px).widget


class Page:
    """Puts the views together. Tab goes through them in reading order."""

    def __init__(self, model: AppModel, intents: Intents, size_px: int | None = None) -> None:
        self._model = model
        self._intents = intents
        self.title = html(name="bw-scan")
        self.theme = widgets.Dropdown(
            options=[(f"Theme: {name}", name) for name in THEMES],
            tooltip="Theme: light, dark, or as the notebook is",
            layout=widgets.Layout(width="116px", margin="0"),
        )
        # The viewer hears of changes first: a slice's picture goes out before all that is about it.
        self.viewer = Viewer(model, intents, size_px)
        self.strip = ConfidenceStrip(model, intents)
        self.viewer.put_under_slider(self.strip.widget)
        self.lesions = LesionList(model, intents)
        self.controls = ControlPanel(model, intents)
        self.surface = SurfacePanel(model, intents, self.viewer.large.picture)
        self.history = HistoryButtons(model, intents)
        self.status = StatusLine(model, intents)
        self.offer = RestoreOffer(model, intents)
        self.measures = MeasuresPanel(model, intents)
        self.results = DiceTable(model, intents)
        self.export = ExportPanel(model, intents)
        self.code = CodePanel(model, intents)
        self.widget = self._build()
        self.theme.observe(lambda change: self._chose_theme(change.new), "value")
        model.observe(lambda _change: self.render_theme(), ["theme"])
        model.observe(lambda _change: self.render_title(), ["plane", "image", "engine_label"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_theme()
        self.render_title()

    def render_theme(self) -> None:
        """A class forces light or dark; without one the notebook's colours are used."""
        self.theme.value = self._model.theme
        for name in THEMES:
            named = f"bw-{name}"
            chosen = name == self._model.theme
            (self.widget.add_class if chosen else self.widget.remove_class)(named)

    def render_title(self) -> None:
        """What is open, and what segments it."""
        stack = self._model.stack
        slices, rows, columns = stack.shape
        facts = f"{stack.plane.value}, {slices} slices of {columns} × {rows}"
        if self._model.engine_label:
            facts += f" · engine {self._model.engine_label}"
        self.title.value = f"<h2>{escape(stack.volume.name)}</h2><span>{escape(facts)}</span>"

    def _chose_theme(self, theme: str) -> None:
        if theme != self._model.theme:
            self._intents.choose_theme(theme)

    def _build(self) -> widgets.Widget:
        style = html(f"<style>{_css()}</style>", "bw-style")
        header = row(self.title, self.history.widget, self.theme, name="bw-header")
        picture = widgets.VBox([self.viewer.widget])
        picture.add_class("bw-picture")
        side = widgets.VBox([self.lesions.widget, self.controls.widget, self.surface.widget])
        side.add_class("bw-side")
        columns = widgets.Box([picture, side])
        columns.add_class("bw-columns")
        below = widgets.VBox([self.measures.widget, self.results.widget])
        below.add_class("bw-below")
        more = drawers(
            ("Export", "Write masks, surfaces, tables, a report", self.export.widget),
            ("Code", "The Python that makes the result again", self.code.widget),
            ("Keys and mouse", "What the keys and the mouse do", help_widget()),
        )
        page = widgets.VBox(
            [style, header, self.offer.widget, self.status.widget, columns, below, more]
        )
        page.add_class("bw-app")
        return page


def _css() -> str:
    return (Path(__file__).parent / "style.css").read_text(encoding="utf-8")

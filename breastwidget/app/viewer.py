"""The viewer: a large view with its slider, two small ones, and their controls."""

from __future__ import annotations

from pathlib import Path

import ipywidgets as widgets

from breastwidget.app.controls import titled
from breastwidget.app.intents import Intents
from breastwidget.app.look_controls import LookControls
from breastwidget.app.model import AppModel
from breastwidget.app.sections import Sections
from breastwidget.app.slice_view import SliceView
from breastwidget.app.vectors import Drawing
from breastwidget.app.viewer_tools import ToolBar, WindowControls

__all__ = ["VIEWER_CSS", "Viewer"]

VIEWER_CSS = (Path(__file__).parent / "viewer.css").read_text(encoding="utf-8")
"""The style sheet of the views; `Viewer` puts it on the page."""

_GAP_PX = 8


class Viewer:
    """Three views linked by the crosshair.

    `size_px` is the large picture's longer side in CSS pixels, by default what the page has room
    for.
    """

    def __init__(self, model: AppModel, intents: Intents, size_px: int | None = None) -> None:
        self._model = model
        self._intents = intents
        sections, drawing = Sections(), Drawing()
        small_px = None if size_px is None else (size_px - _GAP_PX) // 2
        self.views = tuple(
            SliceView(model, intents, place, size, sections, drawing)
            for place, size in enumerate((size_px, small_px, small_px))
        )
        self.large = self.views[0]
        self.slider = widgets.IntSlider(
            description="Slice",
            tooltip="The slice of the large view",
            style={"description_width": "36px"},
            layout=widgets.Layout(width="100%", margin="0"),
        )
        self.tools = ToolBar(model, intents)
        self.window = WindowControls(model, intents)
        self.look = LookControls(model, intents)
        self._column = widgets.VBox(
            [self.large.widget, self.slider],
            layout=widgets.Layout(
                width="var(--bw-large)" if size_px is None else f"{size_px}px", max_width="100%"
            ),
        )
        self.widget = self._build()
        self.slider.observe(lambda change: self._slid(change.new), "value")
        model.observe(lambda _change: self.render_slider(), ["cursor", "plane"])
        self.render_slider()

    def render(self) -> None:
        """Show the model as it is now."""
        for view in self.views:
            view.render()
        for controls in (self.tools, self.window, self.look):
            controls.render()
        self.render_slider()

    def put_under_slider(self, widget: widgets.Widget) -> None:
        """Show a widget as wide as the slider under it."""
        self._column.children = (*self._column.children, widget)

    def render_slider(self) -> None:
        """Put the slider where the large view is."""
        index, last = self._model.slice_index, self._model.stack.shape[0] - 1
        # Never beyond the end for a moment: the page would clamp it and send that back.
        changes = [("value", index), ("max", last)]
        for name, value in changes if last < self.slider.max else reversed(changes):
            setattr(self.slider, name, value)

    def _slid(self, index: int) -> None:
        if index != self._model.slice_index:
            self._intents.show_slice(index)

    def _build(self) -> widgets.Widget:
        style = widgets.HTML(f"<style>{VIEWER_CSS}</style>")
        style.add_class("bw-style")
        style.layout.display = "none"
        self._column.add_class("bw-large")
        small = widgets.Box([view.widget for view in self.views[1:]])
        small.add_class("bw-smalls")
        display = titled("Display", self.window.widget, self.look.widget, name="bw-display")
        others = widgets.VBox([small, display])
        others.add_class("bw-others")
        views = widgets.Box([self._column, others])
        views.add_class("bw-views")
        viewer = widgets.VBox([style, self.window.shown, self.tools.widget, views])
        viewer.add_class("bw-viewer")
        return viewer

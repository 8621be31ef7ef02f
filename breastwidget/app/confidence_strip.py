"""The confidence strip: which slices to trust, under the slice slider."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
from ipyevents import Event

from breastwidget.app.controls import button, html, row
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel
from breastwidget.app.strip_data import StripData, live_strip, run_strip, slice_words
from breastwidget.app.strip_svg import curves_svg, here_svg, legend_html

__all__ = ["ConfidenceStrip"]


class ConfidenceStrip:
    """Figures per slice of the active lesion; a click jumps to its slice.

    The strip is as wide as its place, slice 0 at the left edge, so it can lie under a slider.
    """

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self.data = StripData()
        self._made_from: tuple[object, ...] = ()
        self.curves = html(name="bw-curves")
        self.here = html(name="bw-here-layer")
        self.stage = widgets.Box([self.curves, self.here])
        self.stage.add_class("bw-strip")
        self.legend = html()
        self.words = html(name="bw-facts")
        self.next = button(
            "Next doubtful slice", "", intents.next_doubtful, icon="step-forward", name="bw-next"
        )
        self.clicks = Event(source=self.stage, watched_events=["click"])
        self.clicks.on_dom_event(self._clicked)
        below = row(self.next, self.words, name="bw-doubts")
        self.widget = widgets.VBox([self.stage, self.legend, below])
        self.widget.add_class("bw-confidence")
        shown = ["document", "live", "plane", "reference", "image"]
        model.observe(lambda _change: self.render(), shown)
        model.observe(lambda _change: self.render_here(), ["cursor"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        if self._gather():
            count = self._model.stack.shape[0]
            self.curves.value = curves_svg(self.data, count)
            self.legend.value = legend_html(self.data)
            doubtful = self.data.doubtful
            self.next.disabled = not doubtful
            self.next.description = (
                f"Next doubtful slice ({len(doubtful)})" if doubtful else "Next doubtful slice"
            )
            self.next.tooltip = (
                f"Doubtful: {', '.join(map(str, doubtful))}" if doubtful else "No slice is doubtful"
            )
        self.render_here()

    def render_here(self) -> None:
        """The slice shown."""
        index = self._model.slice_index
        self.here.value = here_svg(index, self._model.stack.shape[0])
        self.words.value = escape(slice_words(self.data, index)) or "&nbsp;"

    def _gather(self) -> bool:
        """Make the data anew where what they are made of has changed; whether it had."""
        model = self._model
        lesion, live = model.document.current, model.live
        if lesion is not None and lesion.plane is not model.plane:
            lesion = None  # Its slices are those of another plane.
        if lesion is None or live is None or live.key != lesion.key:
            live = None
        made_from: tuple[object, ...] = (model.reference, model.plane, live)
        if lesion is not None:
            made_from = (*made_from, lesion.runs, lesion.run, lesion.prompts)
        same = len(made_from) == len(self._made_from) and all(
            new is old for new, old in zip(made_from, self._made_from, strict=True)
        )
        if same and self._made_from:
            return False
        self._made_from = made_from
        if lesion is None:
            self.data = StripData()
        elif live is not None:
            self.data = live_strip(lesion, live)
        else:
            self.data = run_strip(lesion, model.stack, model.reference)
        return True

    def _clicked(self, event: Mapping[str, Any]) -> None:
        self._intents.show_slice(
            slice_at(
                float(event["clientX"]) - float(event["boundingRectLeft"]),
                float(event["boundingRectWidth"]),
                self._model.stack.shape[0],
            )
        )


def slice_at(x: float, width: float, count: int) -> int:
    """The slice at CSS pixel `x` of a strip `width` wide that shows `count` slices."""
    return min(max(int(x / max(width, 1e-9) * count), 0), count - 1)

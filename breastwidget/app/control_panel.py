"""The control panel: strategy, extent, Propagate, Cancel, progress."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from breastwidget.app.controls import button, html, row, titled
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel
from breastwidget.app.wording import describe_progress, describe_strategy
from breastwidget.strategies import STRATEGIES, Extent

__all__ = ["ControlPanel"]

_STRATEGY_LABELS = {
    "center-outward": "Center outward",
    "top-to-bottom": "Top to bottom",
    "bottom-to-top": "Bottom to top",
}
_EXTENTS = (("Automatic", "automatic"), ("Range", "range"), ("Reference", "reference"))
_EXTENT_TIPS = [
    "Until the tumour is gone, both ways",
    "The slices between two ends that you drag",
    "The slices of the reference segmentation",
]


class ControlPanel:
    """Says how the next propagation shall go, starts and cancels it, and shows how it goes."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self.strategy = widgets.ToggleButtons(
            options=[(_STRATEGY_LABELS[name], name) for name in STRATEGIES],
            tooltips=[""] * len(STRATEGIES),
            description="Strategy",
        )
        self.sentence = html(name="bw-sentence")
        known = len(_EXTENTS) if model.reference is not None else len(_EXTENTS) - 1
        self.extent = widgets.ToggleButtons(
            options=_EXTENTS[:known], tooltips=_EXTENT_TIPS[:known], description="Slices"
        )
        # While a handle is dragged nothing is sent: given two new ends, the page sets one after the
        # other and would send the mixture back as a range, which nobody asked for.
        self.range = widgets.IntRangeSlider(
            continuous_update=False,
            tooltip="Drag the two ends to the first and the last slice to visit",
            layout=widgets.Layout(width="auto", margin="0"),
        )
        self.propagate = button(
            "Propagate", "", intents.propagate, icon="play", style="primary", name="bw-propagate"
        )
        self.cancel = button(
            "Cancel", "Stop within one slice and keep what is done", intents.cancel, icon="stop"
        )
        self.bar = widgets.IntProgress(layout=widgets.Layout(width="auto", flex="1 1 60px"))
        self.count = html()
        self.widget = self._build()
        self.render()

        self.strategy.observe(lambda change: self._chose_strategy(change.new), "value")
        self.extent.observe(lambda change: self._chose_extent(change.new), "value")
        self.range.observe(lambda change: self._dragged(change.new), "value")
        asked = ["document", "plane", "image", "reference"]
        model.observe(lambda _change: self.render_request(), asked)
        model.observe(lambda _change: self.render_progress(), ["progress", "document"])

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_request()
        self.render_progress()

    def render_request(self) -> None:
        """Strategy and extent, in buttons and in words."""
        document = self._model.document
        self.strategy.value = document.strategy
        tips = [describe_strategy(self._model, name) for name in STRATEGIES]
        if list(self.strategy.tooltips) != tips:
            self.strategy.tooltips = tips
        words = describe_strategy(self._model)
        self.sentence.value = f"<p>{escape(words)}</p>"
        self.extent.value = document.extent.source
        extent = self._asked()
        with self.range.hold_sync(), self.range.hold_trait_notifications():
            self.range.max = self._model.stack.shape[0] - 1
            self.range.value = (extent.first, extent.last)

    def render_progress(self) -> None:
        """Buttons, bar and count."""
        progress = self._model.progress
        lesion = self._model.document.current
        self.propagate.disabled = progress.running or lesion is None or not lesion.prompts
        self.cancel.disabled = not progress.running
        pending = None if lesion is None or lesion.run is None else lesion.pending
        again = f"Re-propagate from slice {pending}"
        self.propagate.description = "Propagate" if pending is None else again
        self.propagate.tooltip = (
            "Carry the prompts through the volume"
            if pending is None
            else "Carry the correction on from there; the rest stays as it is"
        )
        # Where nobody knows the total it is at most the whole stack; a finished run fills the bar.
        finished = not progress.running and progress.done > 0
        most = progress.total or self._model.stack.shape[0]
        self.bar.max = progress.done if finished else most
        self.bar.value = progress.done
        self.bar.bar_style = "info" if progress.running else "success"
        self.count.value = describe_progress(self._model) if progress.done else ""

    def _chose_strategy(self, name: str) -> None:
        if name != self._model.document.strategy:
            self._intents.choose_strategy(name)

    def _chose_extent(self, source: str) -> None:
        if source == self._model.document.extent.source:
            return
        if source == "range":
            self._intents.choose_extent("range", Extent(*self.range.value))
        else:
            self._intents.choose_extent(source)
        self.render_request()  # Where that was refused, the button goes back.

    def _dragged(self, ends: tuple[int, int]) -> None:
        """A drag of the slider asks for its range, whatever was chosen before."""
        shown = self._asked()
        if ends != (shown.first, shown.last):
            self._intents.choose_extent("range", Extent(*ends))

    def _asked(self) -> Extent:
        """The slices that the slider shows: those asked for, all where that is automatic."""
        model, choice = self._model, self._model.document.extent
        last = model.stack.shape[0] - 1
        extent = choice.extent if choice.source == "range" else None
        if choice.source == "reference":
            extent = model.reference_extent(model.plane)
        if extent is None or extent.first > last:
            return Extent(0, last)
        return Extent(extent.first, min(extent.last, last))

    def _build(self) -> widgets.Widget:
        progress = widgets.HBox([self.bar, self.count])
        progress.add_class("bw-progress")
        return titled(
            "Propagate",
            self.strategy,
            self.sentence,
            self.extent,
            self.range,
            row(self.propagate, self.cancel),
            progress,
            name="bw-controls",
        )

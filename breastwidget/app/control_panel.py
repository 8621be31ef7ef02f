"""The control panel: strategy, extent, Propagate, Cancel, progress, status line."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from breastwidget.app.model import AppModel
from breastwidget.app.wording import describe_progress, describe_strategy
from breastwidget.strategies import STRATEGIES

__all__ = ["ControlPanel"]

_EXTENTS = (("until it is gone", "automatic"), ("the reference's slices", "reference"))


class ControlPanel:
    """Says how the next propagation shall go, starts and cancels it, and shows how it goes."""

    def __init__(
        self,
        model: AppModel,
        *,
        on_strategy: Callable[[str], None],
        on_extent: Callable[[str], None],
        on_propagate: Callable[[], None],
        on_cancel: Callable[[], None],
    ) -> None:
        self._model = model
        self._on_strategy = on_strategy
        self._on_extent = on_extent
        self.strategy = widgets.Dropdown(
            options=STRATEGIES, value=model.strategy, description="Strategy", **_field()
        )
        self.sentence = widgets.HTML()
        extents = _EXTENTS if model.reference is not None else _EXTENTS[:1]
        self.extent = widgets.Dropdown(
            options=extents, value=model.extent_source, description="Extent", **_field()
        )
        self.engine = widgets.HTML()
        self.propagate = widgets.Button(
            description="Propagate",
            icon="play",
            button_style="primary",
            tooltip="Carry the box through the volume",
        )
        self.cancel = widgets.Button(
            description="Cancel", icon="stop", tooltip="Stop within one slice, keep what is done"
        )
        self.bar = widgets.IntProgress(layout=widgets.Layout(width="auto", flex="1 1 auto"))
        self.count = widgets.HTML()
        self.status = widgets.HTML()
        self.widget = self._build()

        self.strategy.observe(lambda change: self._chose_strategy(change.new), "value")
        self.extent.observe(lambda change: self._chose_extent(change.new), "value")
        self.propagate.on_click(lambda _button: on_propagate())
        self.cancel.on_click(lambda _button: on_cancel())
        asked = ["strategy", "extent_source", "box", "engine_label"]
        model.observe(lambda _change: self.render_request(), asked)
        model.observe(lambda _change: self.render_progress(), ["progress", "box"])
        model.observe(lambda _change: self.render_status(), ["status"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_request()
        self.render_progress()
        self.render_status()

    def render_request(self) -> None:
        """Strategy, extent, engine."""
        model = self._model
        self.strategy.value = model.strategy
        self.extent.value = model.extent_source
        self.sentence.value = f'<p class="bw-sentence">{escape(describe_strategy(model))}</p>'
        self.engine.value = f'<p class="bw-engine">Engine: <b>{escape(model.engine_label)}</b></p>'

    def render_progress(self) -> None:
        """Buttons, bar and count."""
        progress = self._model.progress
        self.propagate.disabled = progress.running or self._model.box is None
        self.cancel.disabled = not progress.running
        # Where nobody knows the total it is at most the whole stack; a finished run fills the bar.
        finished = not progress.running and progress.done > 0
        most = progress.total or self._model.stack.shape[0]
        self.bar.max = progress.done if finished else most
        self.bar.value = progress.done
        self.bar.bar_style = "info" if progress.running else "success"
        started = progress.running or progress.done > 0
        self.count.value = describe_progress(self._model) if started else ""

    def render_status(self) -> None:
        """The status line."""
        status = self._model.status
        self.status.value = (
            f'<p class="bw-status bw-{escape(status.level)}" role="status" aria-live="polite">'
            f"{escape(status.text)}</p>"
        )

    def _chose_strategy(self, name: str) -> None:
        if name != self._model.strategy:
            self._on_strategy(name)

    def _chose_extent(self, source: str) -> None:
        if source != self._model.extent_source:
            self._on_extent(source)

    def _build(self) -> widgets.Widget:
        buttons = widgets.HBox([self.propagate, self.cancel])
        progress = widgets.HBox([self.bar, self.count])
        progress.add_class("bw-progress")
        panel = widgets.VBox(
            [self.strategy, self.sentence, self.extent, buttons, progress, self.status, self.engine]
        )
        panel.add_class("bw-controls")
        return panel


def _field() -> dict[str, object]:
    return {
        "layout": widgets.Layout(width="100%", margin="0"),
        "style": {"description_width": "64px"},
    }

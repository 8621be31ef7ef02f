"""The slice viewer: picture, overlay, slider, wheel, keys, window."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
from ipyevents import Event

from breastwidget.app.box_capture import BoxCapture
from breastwidget.app.model import AppModel
from breastwidget.app.picture import encode_picture, physical_size_mm, resolve_overlay
from breastwidget.app.vectors import overlay_svg, strip_svg
from breastwidget.display import BOX_COLOUR, REFERENCE_COLOUR, result_colour

__all__ = ["SliceViewer"]

_FULL = widgets.Layout(width="100%", height="100%", margin="0")


class SliceViewer:
    """Shows one slice with its overlay; says what the person wants to see or to box."""

    def __init__(
        self,
        model: AppModel,
        *,
        on_show: Callable[[int], None],
        on_step: Callable[[int], None],
        on_box: Callable[[int, tuple[float, float], tuple[float, float]], None],
        on_window: Callable[[float, float], None],
        on_auto_window: Callable[[], None],
        on_follow: Callable[[bool], None],
        size_px: int = 480,
    ) -> None:
        self._model = model
        self._on_show = on_show
        self._on_step = on_step
        self._on_window = on_window
        self._on_follow = on_follow
        last = model.stack.shape[0] - 1
        self.picture = widgets.Image(layout=_FULL)
        self.overlay = widgets.HTML(layout=_FULL)
        self.capture = BoxCapture(on_box=on_box, on_step=on_step, slices=last + 1)
        self.slider = widgets.IntSlider(min=0, max=last, description="Slice", **_wide())
        self.strip = widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))
        self.window = _window_slider(model)
        self.auto_window = widgets.Button(
            description="Auto",
            tooltip="Choose the gray range from this slice",
            layout=widgets.Layout(width="56px"),
        )
        self.follow = widgets.Checkbox(
            value=model.follow, description="Follow the propagation", indent=False
        )
        self.stage = self._build_stage(size_px)
        self.wheel = Event(
            source=self.stage, watched_events=["wheel"], wait=60, throttle_or_debounce="throttle"
        )
        self.widget = self._build(size_px)

        self.slider.observe(lambda change: self._slid(change.new), "value")
        self.window.observe(lambda change: self._windowed(change.new), "value")
        self.auto_window.on_click(lambda _button: on_auto_window())
        self.follow.observe(lambda change: self._followed(change.new), "value")
        self.wheel.on_dom_event(self._wheeled)
        model.observe(lambda _change: self.render_picture(), ["slice_index", "window"])
        model.observe(lambda _change: self.render_overlay(), ["slice_index", "masks", "box"])
        model.observe(lambda _change: self.render_controls(), ["slice_index", "window", "follow"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_controls()
        self.render_picture()
        self.render_overlay()

    def render_picture(self) -> None:
        """Send the slice's pixels."""
        model = self._model
        kind, data = encode_picture(model.stack.pixels[model.slice_index], model.window)
        with self.picture.hold_sync():
            self.picture.format = kind
            self.picture.value = data
        self.capture.shown_slice = model.slice_index
        self.capture.label = (
            f"Slice {model.slice_index} of 0 to {self.slider.max}. Drag a box around the tumour; "
            "arrow keys change the slice."
        )

    def render_overlay(self) -> None:
        """Send the slice's vectors, and the strip's; what did not change is not sent."""
        self.overlay.value = overlay_svg(resolve_overlay(self._model))
        self.strip.value = strip_svg(self._model)

    def render_controls(self) -> None:
        """Put the controls where the model is."""
        model = self._model
        self.slider.value = model.slice_index
        self.follow.value = model.follow
        if self.window.value != (model.window.lo, model.window.hi):
            self.window.value = (model.window.lo, model.window.hi)

    def _slid(self, index: int) -> None:
        if index != self._model.slice_index:
            self._on_show(index)

    def _windowed(self, value: tuple[float, float]) -> None:
        if value != (self._model.window.lo, self._model.window.hi):
            self._on_window(*value)

    def _followed(self, follow: bool) -> None:
        if follow != self._model.follow:
            self._on_follow(follow)

    def _wheeled(self, event: dict[str, Any]) -> None:
        delta = event.get("deltaY") or 0
        if delta:
            self._on_step(1 if delta > 0 else -1)

    def _build_stage(self, size_px: int) -> widgets.Widget:
        width_mm, height_mm = physical_size_mm(self._model.stack)
        longest = max(width_mm, height_mm)
        letters = widgets.HTML(_letters(self._model.stack.edge_labels), layout=_FULL)
        stage = widgets.Box(
            [self.picture, self.overlay, letters, self.capture],
            layout=widgets.Layout(width=f"{size_px * width_mm / longest:.0f}px", max_width="100%"),
        )
        stage.add_class("bw-stage")
        # A class cannot carry a number, and a layout has no aspect ratio: the style sheet gets it.
        name = f"bw-ratio-{stage.model_id}"
        stage.add_class(name)
        self._ratio_css = f".{name} {{ aspect-ratio: {width_mm:.3f} / {height_mm:.3f}; }}"
        return stage

    def _build(self, size_px: int) -> widgets.Widget:
        style = widgets.HTML(f"<style>{self._ratio_css}</style>")
        style.add_class("bw-style")
        window = widgets.HBox([self.window, self.auto_window])
        legend = widgets.HTML(_legend(self._model.reference is not None))
        foot = widgets.HBox([legend, self.follow])
        foot.add_class("bw-foot")
        viewer = widgets.VBox(
            [style, self.stage, self.slider, self.strip, window, foot],
            layout=widgets.Layout(width=f"{size_px}px", max_width="100%"),
        )
        viewer.add_class("bw-viewer")
        return viewer


def _wide() -> dict[str, Any]:
    return {
        "layout": widgets.Layout(width="100%", margin="0"),
        "style": {"description_width": "52px"},
    }


def _window_slider(model: AppModel) -> widgets.Widget:
    """A slider over the gray values that occur, wide enough for the window shown."""
    values = model.stack.pixels
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    lo = min(float(finite.min()), model.window.lo)
    hi = max(float(finite.max()), model.window.hi)
    return widgets.FloatRangeSlider(
        value=(model.window.lo, model.window.hi),
        min=lo,
        max=hi,
        step=(hi - lo) / 500,
        readout_format=".0f" if hi - lo > 20 else ".3g",
        description="Window",
        **_wide(),
    )


def _letters(labels: tuple[str, str, str, str]) -> str:
    sides = zip(("left", "right", "top", "bottom"), labels, strict=True)
    spans = "".join(f'<span class="bw-{side}">{escape(text)}</span>' for side, text in sides)
    return f'<div class="bw-letters" aria-hidden="true">{spans}</div>'


def _legend(with_reference: bool) -> str:
    entries = [("prediction", result_colour(0), "solid")]
    if with_reference:
        entries.append(("reference", REFERENCE_COLOUR, "dashed"))
    entries.append(("box", BOX_COLOUR, "solid"))
    return (
        '<div class="bw-legend">'
        + "".join(
            f'<span><i style="border-top: 3px {line} {colour}"></i>{name}</span>'
            for name, colour, line in entries
        )
        + "</div>"
    )

"""The viewer's controls: tools, plane, image, window."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np

from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel
from breastwidget.app.viewer_parts import toggles, tool_row
from breastwidget.volume import Plane, Volume

__all__ = ["ToolBar", "WindowControls", "value_range"]

_TOOLS = (
    ("Box", "box", "Drag a box around the tumour; drag its handles to adjust it (b)"),
    ("Point +", "point", "Click what belongs to the tumour (p); Alt + click: what does not"),
    ("Point −", "negative point", "Click what does not belong to the tumour (n)"),
    ("Paint", "paint", "Paint the tumour's mask on this slice (m); [ and ] change the brush"),
    ("Erase", "erase", "Erase from the mask on this slice (e)"),
    ("Window", "window", "Drag right for more range, up for a brighter picture (w)"),
    ("Pan", "pan", "Drag the zoomed picture (h); Ctrl + wheel zooms"),
)
_PRESETS = (
    ("Auto", "auto", "Gray range from the slice shown"),
    ("Volume", "volume", "Gray range from the whole image"),
    ("Lesion", "lesion", "Gray range from the active lesion and what surrounds it"),
    ("Full", "full", "All gray values"),
)


class ToolBar:
    """What a drag on the large picture does, and how wide the brush is."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self.tool = toggles(_TOOLS, model.tool, "Tool")
        self.brush = widgets.FloatSlider(
            value=model.brush_mm,
            min=0.5,
            max=40.0,
            step=0.5,
            description="Brush",
            tooltip="Width of the brush in mm; [ and ] change it",
            readout_format=".1f",
            style={"description_width": "42px"},
            layout=widgets.Layout(width="auto", margin="0"),
        )
        self.tool.add_class("bw-tool")
        self.brush.add_class("bw-brush-width")
        self.widget = tool_row(self.tool, self.brush)
        self.tool.observe(lambda change: self._chose(intents, change.new), "value")
        self.brush.observe(lambda change: self._brushed(intents, change.new), "value")
        model.observe(lambda _change: self.render(), ["tool", "brush_mm"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        model = self._model
        self.tool.value = model.tool
        self.brush.value = self._shown_mm()
        painting = model.tool in ("paint", "erase")
        self.brush.layout.display = None if painting else "none"

    def _chose(self, intents: Intents, tool: str) -> None:
        if tool != self._model.tool:
            intents.choose_tool(tool)

    def _brushed(self, intents: Intents, mm: float) -> None:
        if mm != self._shown_mm():
            intents.set_brush(mm)

    def _shown_mm(self) -> float:
        """On one of the slider's steps: the page would send back the nearest one."""
        step = self.brush.step
        on_step = round(self._model.brush_mm / step) * step
        return float(min(max(on_step, self.brush.min), self.brush.max))


class WindowControls:
    """Which image and plane (`shown`), and which gray range of it (`widget`)."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._ranges: dict[str, tuple[float, float]] = {}
        labels = [image.label for image in model.images]
        self.image = widgets.Dropdown(
            options=labels,
            value=model.image,
            description="Image",
            tooltip="Phase or subtraction to see and to segment",
            style={"description_width": "42px"},
            layout=widgets.Layout(width="220px"),
        )
        self.plane = toggles(
            [(p.value.capitalize(), p, f"{p.value} slices in the large view") for p in _planes()],
            model.plane,
            "Large view",
        )
        # While a handle is dragged nothing is sent: the page rounds what it is given to its steps
        # and would send that back, against a window that is being dragged on the picture.
        self.window = widgets.FloatRangeSlider(
            continuous_update=False,
            description="Window",
            style={"description_width": "56px"},
            layout=widgets.Layout(width="auto", margin="0"),
        )
        self.presets = [
            widgets.Button(description=name, tooltip=f"{tip}", layout=widgets.Layout(width="auto"))
            for name, _preset, tip in _PRESETS
        ]
        self.shown = tool_row(self.image, self.plane)
        self.widget = tool_row(self.window, widgets.HBox(self.presets))
        self.image.observe(lambda change: self._chose_image(intents, change.new), "value")
        self.plane.observe(lambda change: self._chose_plane(intents, change.new), "value")
        self.window.observe(lambda change: self._windowed(intents, change.new), "value")
        for button, (_name, preset, _tip) in zip(self.presets, _PRESETS, strict=True):
            button.on_click(lambda _button, preset=preset: intents.choose_window(preset))
        model.observe(lambda _change: self.render(), ["image", "plane", "window"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        model = self._model
        self.image.value = model.image
        self.plane.value = model.plane
        if model.image not in self._ranges:
            self._ranges[model.image] = value_range(model.volume)
        lo, hi = self._ranges[model.image]
        lo, hi = min(lo, model.window.lo), max(hi, model.window.hi)
        slider = self.window
        with slider.hold_sync(), slider.hold_trait_notifications():  # one message for both
            slider.min, slider.max, slider.step = lo, hi, (hi - lo) / 500
            slider.readout_format = ".0f" if hi - lo > 20 else ".3g"
            slider.value = (model.window.lo, model.window.hi)

    def _chose_image(self, intents: Intents, label: str) -> None:
        if label != self._model.image:
            intents.choose_image(label)

    def _chose_plane(self, intents: Intents, plane: Plane) -> None:
        if plane is not self._model.plane:
            intents.show_plane(plane)

    def _windowed(self, intents: Intents, value: tuple[float, float]) -> None:
        if value != (self._model.window.lo, self._model.window.hi):
            intents.set_window(*value)


def value_range(volume: Volume) -> tuple[float, float]:
    """The lowest and the highest finite value, lowest < highest always."""
    values = volume.data
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    lo, hi = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    return (lo, hi) if lo < hi else (lo, lo + 1.0)


def _planes() -> tuple[Plane, ...]:
    return Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL

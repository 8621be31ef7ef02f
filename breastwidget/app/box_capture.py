"""The rubber band: a box dragged over the slice picture, and the picture's keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Int, Unicode

__all__ = ["BoxCapture"]

_HERE = Path(__file__).parent


class BoxCapture(anywidget.AnyWidget):  # type: ignore[misc] # its base, ipywidgets, has no types
    """Lies over the picture and says what was done there.

    `on_box(slice, start, end)` comes once per drag, the corners as fractions (u, v) of the
    picture's width and height, already clamped where the drag ended outside; `slice` is the one
    shown when the drag began. `on_step(by)` comes for arrow and page keys while the picture has
    the focus.
    """

    _esm = (_HERE / "box_capture.js").read_text(encoding="utf-8")
    _css = (_HERE / "box_capture.css").read_text(encoding="utf-8")

    shown_slice = Int(0).tag(sync=True)
    slices = Int(1).tag(sync=True)
    label = Unicode("").tag(sync=True)

    def __init__(
        self,
        on_box: Callable[[int, tuple[float, float], tuple[float, float]], None],
        on_step: Callable[[int], None],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._on_box = on_box
        self._on_step = on_step
        self.on_msg(self.receive)

    def receive(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Handle one message of the front end."""
        if message.get("kind") == "step":
            self._on_step(int(message["by"]))
        elif message.get("kind") == "box":
            (u0, v0), (u1, v1) = message["start"], message["end"]
            self._on_box(int(message["slice"]), (float(u0), float(v0)), (float(u1), float(v1)))
            self.send({"kind": "settled"})

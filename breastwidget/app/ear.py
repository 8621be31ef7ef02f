"""How a front-end file of ours hears the kernel: by a plain model, which is ipywidgets' own.

anywidget holds a widget's messages back until its code is loaded. Where that takes more than two
seconds, as on a page that is busy, it drops them and all that come later (0.11: `Runtime.ready`):
the widget is deaf for good. It still speaks to the kernel, and models of other kinds hear.
"""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets as widgets
from traitlets import Bytes, Dict, Instance, Unicode, dlink

__all__ = ["Ear", "Hearing", "SceneEar", "StateEar"]


class Ear(widgets.Widget):  # type: ignore[misc] # ipywidgets has no types
    """A model without a view; each synced trait of it follows its widget's of the same name."""


class StateEar(Ear):
    """For a widget with one state."""

    state = Dict().tag(sync=True)


class SceneEar(Ear):
    """For the frame of the scene."""

    page = Unicode("").tag(sync=True)
    data = Bytes(b"").tag(sync=True)
    plane = Dict(default_value=None, allow_none=True).tag(sync=True)


class Hearing(anywidget.AnyWidget):  # type: ignore[misc] # its base, ipywidgets, has no types
    """A widget whose front end hears by its `ear`, custom messages too; the traits that the ear has
    are not synced by the widget itself."""

    ear = Instance(Ear).tag(sync=True, **widgets.widget_serialization)

    def __init__(self, ear: Ear, **traits: Any) -> None:
        super().__init__(ear=ear, **traits)
        for name in ear.traits(sync=True):
            if not name.startswith("_"):
                dlink((self, name), (ear, name))

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a custom message, to the ear."""
        self.ear.send(content, buffers)

    def close(self) -> None:
        """Close both."""
        super().close()
        self.ear.close()

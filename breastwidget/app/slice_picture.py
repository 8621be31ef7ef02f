"""The picture of a slice on the page."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets
from traitlets import Instance

__all__ = ["SlicePicture"]


class SlicePicture(anywidget.AnyWidget):  # type: ignore[misc] # its base, ipywidgets, has no types
    """Shows `image`, which has the bytes, sooner than ipywidgets' own view of it does."""

    _esm = (Path(__file__).parent / "slice_picture.js").read_text(encoding="utf-8")

    image = Instance(widgets.Image).tag(sync=True, **widgets.widget_serialization)

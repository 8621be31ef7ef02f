"""The picture of a slice on the page."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets
from traitlets import Instance

__all__ = ["SlicePicture"]


class SlicePicture(anywidget.AnyWidget):  # type: ignore[misc] # its base, ipywidgets, has no types
    """Shows `image`, which has the bytes, sooner than ipywidgets' own view of it does.

    It hears of new ones from `image`, a model that cannot be deaf (see `ear`).
    """

    _esm = (Path(__file__).parent / "slice_picture.js").read_text(encoding="utf-8")

    image = Instance(widgets.Image).tag(sync=True, **widgets.widget_serialization)

    def __init__(self, image: widgets.Image) -> None:
        # Its classes come with it: what is sent afterwards may not be heard.
        super().__init__(image=image, _dom_classes=("bw-slice", "bw-zooms"))

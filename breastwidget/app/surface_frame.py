"""The frame of the live scene: the viewer on the page, fed through the widget's own channel."""

from __future__ import annotations

from pathlib import Path

import anywidget
import numpy as np
from numpy.typing import NDArray
from traitlets import Bytes, Dict, Unicode

__all__ = ["SurfaceFrame"]

_HERE = Path(__file__).parent


class SurfaceFrame(anywidget.AnyWidget):  # type: ignore[misc] # its base, ipywidgets, has no types
    """An empty frame until `show` gives it a scene.

    The viewer's page (a megabyte) is sent once; after that a scene costs its surfaces, and moving
    the slice's plane the picture on it.
    """

    _esm = (_HERE / "surface_frame.js").read_text(encoding="utf-8")

    page = Unicode("").tag(sync=True)
    data = Bytes(b"").tag(sync=True)
    plane = Dict(default_value=None, allow_none=True).tag(sync=True)

    def show(self, data: bytes) -> None:
        """Show `scene_data`'s archive; the last actor is the slice's plane."""
        if not self.page:
            self.page = _page()
        self.data = data

    def place(self, offset_mm: tuple[float, float, float], gray: NDArray[np.uint8]) -> None:
        """Move the slice's plane to `offset_mm` (RAS+) from where it was made, with its picture."""
        self.plane = {"offset": list(offset_mm), "gray": gray.tobytes()}

    def hide_plane(self) -> None:
        """Show the surfaces alone."""
        self.set_trait("plane", None)


def _page() -> str:
    from breastwidget.scene import viewer_page

    listener = (_HERE / "scene_listener.js").read_text(encoding="utf-8")
    before, end, after = viewer_page().rpartition("</body>")
    return f"{before}<script>{listener}</script>{end}{after}"

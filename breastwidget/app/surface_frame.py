"""The frame of the live scene: the viewer on the page, fed through the widget's own channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
from traitlets import Bytes, Dict, Instance, Unicode

from breastwidget.app.ear import Hearing, SceneEar
from breastwidget.app.plane_patch import PlanePatch

__all__ = ["SurfaceFrame"]

_HERE = Path(__file__).parent


class SurfaceFrame(Hearing):
    """An empty frame until `show` gives it a scene.

    The viewer's page (a megabyte) is sent once, with the first scene unless `prepare` was called
    before it; after that a scene costs its surfaces. The slice's
    plane is cut out of `picture`, the slice's picture that the page has anyway: following the
    slice sends a place and no pixels. Without one the plane keeps what the scene came with.
    """

    _esm = (_HERE / "surface_frame.js").read_text(encoding="utf-8")

    page = Unicode("")
    data = Bytes(b"")
    plane = Dict(default_value=None, allow_none=True)
    picture = Instance(widgets.Image, allow_none=True).tag(
        sync=True, **widgets.widget_serialization
    )

    def __init__(self, **traits: Any) -> None:
        super().__init__(SceneEar(), **traits)

    def prepare(self) -> None:
        """Have the page load the viewer, so that the first scene does not have to wait for it."""
        if not self.page:
            self.page = _page()

    def show(self, data: bytes) -> None:
        """Show `scene_data`'s archive; the last actor is the slice's plane."""
        self.prepare()
        self.data = data

    def place(self, patch: PlanePatch, offset_mm: tuple[float, float, float]) -> None:
        """Show the slice's plane, moved by `offset_mm` (RAS+) from where `patch` was made."""
        rows, columns = patch.shape
        self.plane = {
            "offset": list(offset_mm),
            "cut": [patch.c0, patch.r0, patch.c1 - patch.c0, patch.r1 - patch.r0],
            "size": [columns, rows],
        }

    def hide_plane(self) -> None:
        """Show the surfaces alone."""
        self.set_trait("plane", None)


def _page() -> str:
    from breastwidget.scene import viewer_page

    listener = (_HERE / "scene_listener.js").read_text(encoding="utf-8")
    before, end, after = viewer_page().rpartition("</body>")
    return f"{before}<script>{listener}</script>{end}{after}"

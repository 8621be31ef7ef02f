"""One view of one plane: picture, overlay, hand."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from breastwidget.app.document import LesionState
from breastwidget.app.hand import Hand, HandState
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel
from breastwidget.app.overlay import proposals_on, resolve_overlay
from breastwidget.app.picture import (
    Encoder,
    describe_place,
    physical_size_mm,
    place_of_voxel,
)
from breastwidget.app.sections import Sections
from breastwidget.app.slice_gestures import SliceGestures
from breastwidget.app.slice_picture import SlicePicture
from breastwidget.app.vectors import Drawing
from breastwidget.display import BOX_COLOUR
from breastwidget.prompts import BoxPrompt
from breastwidget.volume import Plane

__all__ = ["SliceView", "plane_at"]

_PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
_LOSSY = "Compressed, so that slices change quickly; zoomed in, every gray value is exact."


def plane_at(model: AppModel, place: int) -> Plane:
    """The plane shown at a place: 0 is the large view, 1 and 2 are the other two planes."""
    others = [plane for plane in _PLANES if plane is not model.plane]
    return [model.plane, *others][place]


class SliceView:
    """Shows the crosshair's slice of the plane at `place`.

    `size_px` is the longer side of the large view and the height of a small one, in CSS pixels;
    None leaves it to the style sheet. `sections` and `drawing` remember what was cut and drawn, for
    all views together.
    """

    def __init__(
        self,
        model: AppModel,
        intents: Intents,
        place: int,
        size_px: int | None,
        sections: Sections,
        drawing: Drawing,
    ) -> None:
        self._model = model
        self._place = place
        self._size_px = size_px
        self._sections = sections
        self._drawing = drawing
        self._encoder = Encoder()
        self._exact = False
        self._sent: tuple[object, ...] = ()
        gestures = SliceGestures(model, intents, lambda: self.plane, self._zoomed)
        self.picture = widgets.Image()
        self.overlay = widgets.HTML()
        self.hand = Hand(gestures, self._hand_state())
        shown = SlicePicture(self.picture)
        self.overlay.add_class("bw-zooms")
        self.widget = widgets.Box([shown, self.overlay, self.hand])
        self.widget.add_class("bw-stage")
        self._observe()
        self.render()

    @property
    def plane(self) -> Plane:
        """The plane shown."""
        return plane_at(self._model, self._place)

    @property
    def slice_index(self) -> int:
        """The slice shown, which holds the crosshair."""
        return self._model.stack_of(self.plane).from_voxel_index(self._model.cursor.voxel)[0]

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_picture()
        self.render_overlay()
        self.render_hand()

    def render_picture(self) -> None:
        """Send the slice's pixels, unless they are there already."""
        model, index = self._model, self.slice_index
        shown = (model.image, self.plane, index, model.window, self._exact)
        if shown == self._sent:
            return
        stack = model.stack_of(self.plane)
        kind, data = self._encoder.encode(stack.pixels[index], model.window, self._exact)
        with self.picture.hold_sync():
            self.picture.format = kind
            self.picture.value = data
        self._sent = shown

    def render_overlay(self) -> None:
        """Send the slice's vectors; what did not change is not sent."""
        overlay = resolve_overlay(self._model, self.plane, self.slice_index, self._sections)
        self.overlay.value = self._drawing.html(overlay)
        self.widget.layout.width = self._css_width(*overlay.size_mm)
        self.widget.layout.max_width = "100%"

    def render_hand(self) -> None:
        """Tell the hand where it is and what it holds."""
        self.hand.state = dict(self._hand_state())

    def _css_width(self, width: float, height: float) -> str:
        """As wide as makes a picture `width` by `height` mm as large as it shall be."""
        share = width / (max(width, height) if self._place == 0 else height)
        if self._size_px is not None:
            return f"{self._size_px * share:.0f}px"
        return f"calc(var({'--bw-large' if self._place == 0 else '--bw-tall'}) * {share:.4f})"

    def _observe(self) -> None:
        def observe(render: Any, *names: str) -> None:
            self._model.observe(lambda _change: render(), list(names))

        observe(self.render_picture, "image", "window", "plane", "cursor")
        observe(self.render_overlay, "plane", "cursor", "look", "document", "live", "reference")
        observe(
            self.render_hand,
            *("image", "window", "plane", "cursor", "look", "document", "tool", "brush_mm"),
        )

    def _zoomed(self, zoomed: bool) -> None:
        self._exact = zoomed
        self.render_picture()
        self.render_hand()

    def _hand_state(self) -> HandState:
        model, plane = self._model, self.plane
        stack = model.stack_of(plane)
        index, at = place_of_voxel(stack, model.cursor.voxel)
        slices, rows, columns = stack.shape
        width, height = physical_size_mm(stack)
        large = self._place == 0
        lesion = model.document.current if large else None
        last = f" of {slices - 1}" if large else ""  # there is little room on a small one
        lossy = self.picture.format == "jpeg"
        return HandState(
            plane=plane.value,
            slice=index,
            slices=slices,
            columns=columns,
            rows=rows,
            mm=[width / columns, height / rows],
            large=large,
            tool=model.tool,
            brush=model.brush_mm,
            box=_box_to_hold(lesion, plane, index),
            offers=[_corners(each.box) for each in proposals_on(model, plane, index)],
            colour=BOX_COLOUR if lesion is None else lesion.colour,
            cursor=list(at),
            crosshair=model.look.crosshair,
            edges=list(stack.edge_labels),
            readout=list(describe_place(stack, model.cursor.voxel)),
            title=f"{plane.value} {index}{last}{' ≈' if lossy else ''}",
            label=(
                f"{plane.value} slice {index} of 0 to {slices - 1}, tool: {model.tool}"
                if large
                else f"{plane.value} slice {index} of 0 to {slices - 1}, moves the crosshair"
            ),
            note=_LOSSY if lossy else "",
        )


def _box_to_hold(lesion: LesionState | None, plane: Plane, index: int) -> list[float] | None:
    """The active lesion's box on this slice; a lesion has one there at most."""
    if lesion is None or not lesion.visible or lesion.plane is not plane:
        return None
    boxes = lesion.boxes(index)
    return _corners(boxes[-1]) if boxes else None


def _corners(box: BoxPrompt) -> list[float]:
    return [box.x0, box.y0, box.x1, box.y1]

"""The surface panel: all visible lesions in 3-D, live, as a page, or as a still picture."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from breastwidget.app.controls import html, row, show_only, titled
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel, Scene
from breastwidget.app.scene_mode import choose_mode, detect_environment
from breastwidget.app.surface_frame import SurfaceFrame
from breastwidget.distance_colours import DISTANCE_STOPS

__all__ = ["SurfacePanel"]

_MODES = (("Auto", "auto"), ("Live", "live"), ("Page", "html"), ("Still", "picture"))
_EMPTY = "The lesions' surfaces appear here after Propagate."
_SWITCHES = {
    "slice_plane": ("Slice", "The slice shown, as a plane in the scene"),
    "signed_distance": (
        "Distance",
        "Colour the surfaces by their distance to the reference: blue inside it, red outside",
    ),
    "diameters": ("Diameters", "The longest diameter and its perpendicular, inside the surface"),
}


class SurfacePanel:
    """Shows the model's scene. A live one follows the slice shown without being made anew; its
    slice is cut out of `picture`, which shows the large plane's."""

    def __init__(
        self, model: AppModel, intents: Intents, picture: widgets.Image | None = None
    ) -> None:
        self._model = model
        self._intents = intents
        self.switches = {
            name: widgets.ToggleButton(description=text, tooltip=tip)
            for name, (text, tip) in _SWITCHES.items()
        }
        self.mode = widgets.Dropdown(
            options=_MODES,
            tooltip="How the scene is shown; automatic asks the environment",
            layout=widgets.Layout(width="78px", margin="0"),
        )
        self.frame = SurfaceFrame(picture=picture)
        self.still = html()
        self.note = html()
        self.legend = html()
        self.widget = titled(
            "Surface",
            row(*self.switches.values(), self.mode),
            self.frame,
            self.still,
            self.legend,
            self.note,
            name="bw-surface",
        )
        self.render()
        for name, switch in self.switches.items():
            switch.observe(lambda change, name=name: self._switched(name, change.new), "value")
        self.mode.observe(lambda change: self._switched("mode", change.new), "value")
        model.observe(lambda _change: self.render_options(), ["scene_options", "reference"])
        model.observe(lambda _change: self.render_scene(), ["scene"])
        model.observe(lambda _change: self.prepare_scene(), ["document"])
        followed = ["cursor", "plane", "scene_options"]
        model.observe(lambda _change: self.render_plane(), followed)

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_options()
        self.render_scene()

    def render_options(self) -> None:
        """The switches, and what the colours mean."""
        options = self._model.scene_options
        for name, switch in self.switches.items():
            switch.value = getattr(options, name)
        self.mode.value = options.mode
        show_only(self.switches["signed_distance"], self._model.reference is not None)

    def render_scene(self) -> None:
        """Send the scene."""
        scene = self._model.scene
        show_only(self.frame, bool(scene.data))
        show_only(self.still, not scene.data)
        # Where there is nothing but the note, it stands in the picture's place.
        show_only(self.note, bool(scene.note and (scene.data or scene.html or scene.picture)))
        show_only(self.legend, scene.distance_mm > 0)
        self.legend.value = _legend(scene.distance_mm)
        self.note.value = f'<p class="bw-faint">{escape(scene.note)}</p>'
        if scene.data:
            self.render_plane()
            self.frame.show(scene.data)
        self.still.value = "" if scene.data else _still(scene)

    def prepare_scene(self) -> None:
        """Load the viewer once there is a mask: a person then looks at it, and propagates."""
        if self.frame.page or not any(each.masks.by_slice for each in self._model.document.lesions):
            return
        if choose_mode(self._model.scene_options.mode, detect_environment()).mode == "live":
            self.frame.prepare()

    def render_plane(self) -> None:
        """Move a live scene's plane to the slice shown."""
        model, scene = self._model, self._model.scene
        patch = scene.patch
        if patch is None or not scene.data:
            return
        # The scene of another plane is on its way.
        if not model.scene_options.slice_plane or patch.plane is not model.plane:
            self.frame.hide_plane()
            return
        self.frame.place(patch, patch.offset_mm(model.stack, model.slice_index))

    def _switched(self, name: str, value: object) -> None:
        if value != getattr(self._model.scene_options, name):
            self._intents.set_scene(**{name: value})


def _still(scene: Scene) -> str:
    """A page in a frame, a picture, or a sentence in their place."""
    if scene.html:
        return (
            '<iframe class="bw-scene" title="The lesions\' surfaces; drag to turn, wheel to zoom" '
            f'sandbox="allow-scripts" srcdoc="{escape(scene.html)}"></iframe>'
        )
    if scene.picture:
        return (
            f'<img class="bw-scene" src="{escape(scene.picture)}" '
            'alt="The lesions\' surfaces, seen from the front">'
        )
    return f'<p class="bw-scene bw-placeholder">{escape(scene.note or _EMPTY)}</p>'


def _legend(range_mm: float) -> str:
    return (
        f'<p class="bw-distances"><span>{range_mm:g} mm inside the reference</span>'
        f'<i style="background: linear-gradient(90deg, {", ".join(DISTANCE_STOPS)})"></i>'
        f"<span>{range_mm:g} mm outside</span></p>"
    )

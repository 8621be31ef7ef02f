"""Has the worker make the scene anew when what it shows has changed."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import fields, replace
from typing import Any

from breastwidget.app.model import SCENE_MODES, AppModel
from breastwidget.app.reporting import reporting
from breastwidget.app.resting import Resting
from breastwidget.app.scenes import make_scene, visible_lesions
from breastwidget.errors import BreastWidgetError

__all__ = ["SceneRoom"]

_REST_SECONDS = 0.5


class SceneRoom:
    """Follows the model: lesions that are shown, their colours, the plane, the options.

    A live scene moves its slice by itself. A page or a picture is made anew for another slice, but
    not for each that passes: only for one that is looked at.
    """

    def __init__(self, model: AppModel, executor: Executor) -> None:
        self._model = model
        self._executor = executor
        self._made: object = self._ingredients()
        self._slice: object = self._slice_shown()
        self._rest = Resting(_REST_SECONDS, reporting(model, self._rested))
        model.observe(lambda _change: self._refresh(), ["document", "plane", "scene_options"])
        model.observe(lambda _change: self._moved(), ["cursor", "window", "image", "progress"])

    def set_scene(self, /, **changes: Any) -> None:
        """Replace fields of `SceneOptions`: mode, signed_distance, slice_plane, diameters."""
        known = {each.name for each in fields(self._model.scene_options)}
        if not set(changes) <= known:
            unknown = ", ".join(sorted(set(changes) - known))
            raise BreastWidgetError(
                f"Unknown scene option {unknown}; choose from {', '.join(sorted(known))}."
            )
        if changes.get("mode", "auto") not in SCENE_MODES:
            raise BreastWidgetError(
                f"Unknown scene mode {changes['mode']!r}; choose one of {', '.join(SCENE_MODES)}."
            )
        with self._model.lock:
            options = replace(self._model.scene_options, **changes)
            self._model.update(scene_options=options)

    def close(self) -> None:
        """Wait for no slice any more."""
        self._rest.stop()

    def _moved(self) -> None:
        """Another slice, image or window is shown."""
        scene = self._model.scene
        still = bool(scene.html or scene.picture)
        if still and self._model.scene_options.slice_plane:
            self._rest.disturb()

    def _rested(self) -> None:
        with self._model.lock:
            # A propagation moves the slice, and brings a new scene in the end.
            if self._slice_shown() != self._slice and not self._model.progress.running:
                self._executor.submit(reporting(self._model, self._make), self._made)

    def _slice_shown(self) -> object:
        """Equal where a scene's slice would look the same."""
        model = self._model
        return model.slice_index, model.image, model.window

    def _refresh(self) -> None:
        ingredients = self._ingredients()
        if ingredients != self._made:
            self._made = ingredients
            self._executor.submit(reporting(self._model, self._make), ingredients)

    def _ingredients(self) -> object:
        """Equal where the scene would be."""
        lesions = tuple(
            (id(each.segmentation), each.colour) for each in visible_lesions(self._model.document)
        )
        return lesions, self._model.plane, self._model.scene_options

    def _make(self, ingredients: object) -> None:
        with self._model.lock:
            if ingredients != self._made:
                return  # another one is on its way
            model = self._model
            lesions = visible_lesions(model.document)
            stack, options, index = model.stack, model.scene_options, model.slice_index
            window = model.window.lo, model.window.hi
            self._slice = self._slice_shown()
        scene = make_scene(lesions, stack, model.reference, options, index, window)
        with self._model.lock:
            if ingredients == self._made:
                self._model.update(scene=scene)

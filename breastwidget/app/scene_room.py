"""Has the worker make the scene anew when what it shows has changed."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import fields, replace
from typing import Any

from breastwidget.app.model import SCENE_MODES, AppModel
from breastwidget.app.reporting import reporting
from breastwidget.app.scenes import make_scene, visible_lesions
from breastwidget.errors import BreastWidgetError

__all__ = ["SceneRoom"]


class SceneRoom:
    """Follows the model: lesions that are shown, their colours, the plane, the options."""

    def __init__(self, model: AppModel, executor: Executor) -> None:
        self._model = model
        self._executor = executor
        self._made: object = self._ingredients()
        model.observe(lambda _change: self._refresh(), ["document", "plane", "scene_options"])

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
        scene = make_scene(lesions, stack, model.reference, options, index)
        with self._model.lock:
            if ingredients == self._made:
                self._model.update(scene=scene)

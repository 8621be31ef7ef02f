"""The controller: what a person does becomes engine work and model state.

The only room of the app that drives engines. Engine work runs on one background worker, so the
page stays alive; the model is written under its lock, never while an engine computes.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, cast

from breastwidget.app.autosave import Autosave
from breastwidget.app.editing import Editor
from breastwidget.app.intents import Intents
from breastwidget.app.keeping import Keeping
from breastwidget.app.lesions import Lesions
from breastwidget.app.model import AppModel
from breastwidget.app.previews import Previews
from breastwidget.app.prompting import Prompting
from breastwidget.app.propagating import Propagating
from breastwidget.app.reporting import reporting
from breastwidget.app.scene_room import SceneRoom
from breastwidget.app.seeing import Seeing
from breastwidget.app.session_room import SessionRoom
from breastwidget.strategies import parse_strategy

__all__ = ["Controller"]


class Controller:
    """Has every intent (`intents.Intents`), each from the part whose concern it is.

    Intents raise `BreastWidgetError` and then leave the model as it was; `for_views` gives them
    with errors shown instead. `room` opens the engine when it is first needed, `executor` must run
    one job at a time, in order.
    """

    def __init__(
        self, model: AppModel, room: SessionRoom, executor: Executor, autosave: Autosave
    ) -> None:
        self._model = model
        self._executor = executor
        self._autosave = autosave
        editor = Editor(model, autosave.save)
        previews = Previews(model, editor, room, executor)
        self._scene = SceneRoom(model, executor)
        self._connect_seeing(Seeing(model), self._scene)
        self._connect_prompting(Prompting(model, editor, previews))
        self._connect_lesions(Lesions(model, editor, previews, executor))
        self._connect_propagating(Propagating(model, editor, room, executor))
        self._connect_keeping(Keeping(model, editor, previews, autosave))

    def for_views(self) -> Intents:
        """The intents for whoever has nobody to raise to: errors become status sentences."""
        return cast(Intents, _Reporting(self, self._model))

    def start(self, strategy: str) -> None:
        """Begin with `strategy`, which is no edit, and say what there is to restore."""
        document = replace(self._model.document, strategy=parse_strategy(strategy))
        self._model.update(document=document)
        self._offer_saved()

    def close(self) -> None:
        """Cancel what runs and let the worker go."""
        self._stop()
        self._scene.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._autosave.close()

    def _connect_seeing(self, seeing: Seeing, scene: SceneRoom) -> None:
        self.show_slice = seeing.show_slice
        self.step = seeing.step
        self.move_cursor = seeing.move_cursor
        self.show_plane = seeing.show_plane
        self.choose_image = seeing.choose_image
        self.set_window = seeing.set_window
        self.drag_window = seeing.drag_window
        self.choose_window = seeing.choose_window
        self.set_look = seeing.set_look
        self.choose_tool = seeing.choose_tool
        self.set_brush = seeing.set_brush
        self.choose_theme = seeing.choose_theme
        self.set_follow = seeing.set_follow
        self.set_scene = scene.set_scene

    def _connect_prompting(self, prompting: Prompting) -> None:
        self.set_box = prompting.set_box
        self.add_point = prompting.add_point
        self.stroke = prompting.stroke
        self.use_mask = prompting.use_mask
        self.upload_mask = prompting.upload_mask
        self.remove_prompt = prompting.remove_prompt

    def _connect_lesions(self, lesions: Lesions) -> None:
        self.new_lesion = lesions.new_lesion
        self.select_lesion = lesions.select_lesion
        self.rename_lesion = lesions.rename_lesion
        self.recolour_lesion = lesions.recolour_lesion
        self.show_lesion = lesions.show_lesion
        self.delete_lesion = lesions.delete_lesion
        self.suggest = lesions.suggest
        self.accept = lesions.accept
        self.dismiss = lesions.dismiss

    def _connect_propagating(self, propagating: Propagating) -> None:
        self.choose_strategy = propagating.choose_strategy
        self.choose_extent = propagating.choose_extent
        self.propagate = propagating.propagate
        self.cancel = propagating.cancel
        self.show_run = propagating.show_run
        self.next_doubtful = propagating.next_doubtful
        self._stop = propagating.stop

    def _connect_keeping(self, keeping: Keeping) -> None:
        self.undo = keeping.undo
        self.redo = keeping.redo
        self.restore = keeping.restore
        self.discard_saved = keeping.discard_saved
        self._offer_saved = keeping.offer_saved
        self.export = keeping.export
        self.show_code = keeping.show_code
        self.code = keeping.code


class _Reporting:
    """A controller's intents, wrapped one by one as they are asked for."""

    def __init__(self, controller: Controller, model: AppModel) -> None:
        self._controller = controller
        self._model = model

    def __getattr__(self, name: str) -> Any:
        if not hasattr(Intents, name):
            raise AttributeError(f"{name!r} is no intent")
        return reporting(self._model, getattr(self._controller, name))

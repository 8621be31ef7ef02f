"""The composition root: `TumorSegmenter` puts model, controller and views together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from breastwidget.api import Reference, load_reference
from breastwidget.app.autosave import Autosave, default_folder
from breastwidget.app.controller import Controller
from breastwidget.app.images import as_images
from breastwidget.app.keeping import Keeping
from breastwidget.app.lesions import Lesions
from breastwidget.app.model import AppModel, Status, Window
from breastwidget.app.page import build_page
from breastwidget.app.prompting import Prompting
from breastwidget.app.propagating import Propagating
from breastwidget.app.run_table import run_table
from breastwidget.app.scene_room import SceneRoom
from breastwidget.app.seeing import Seeing
from breastwidget.app.session_room import SessionRoom
from breastwidget.app.warm_up import start_warm_up
from breastwidget.display import window_range
from breastwidget.engines.base import Engine
from breastwidget.engines.factory import create_engine
from breastwidget.prompts import BoxPrompt
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, Volume

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TumorSegmenter"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _hand(
    intent: Callable[Concatenate[Any, _Arguments], _Result],
) -> Callable[Concatenate[TumorSegmenter, _Arguments], _Result]:
    """What a hand does through a view, for Python: the controller's intent of the same name."""

    def do(self: TumorSegmenter, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        result: _Result = getattr(self.controller, intent.__name__)(*args, **kwargs)
        return result

    functools.update_wrapper(do, intent)  # its docstring and signature
    do.__qualname__ = f"TumorSegmenter.{intent.__name__}"
    return do


class TumorSegmenter:
    """The widget: drag a box around a tumour, press Propagate, read volume, surface and Dice.

    Args:
        volume: the scan, as `breastwidget.load` gives it; or several images of it on one grid
            (phases, subtractions) to switch between, in order or by label. The first is shown.
        reference: where known, the tumour's segmentation on the same grid: an (i, j, k) array, a
            volume or a file. It brings the Dice table and the reference's extent.
        engine: a name (`breastwidget engines` lists them), a checkpoint file, or an engine. It is
            opened at the first prompt, not before.
        plane: the large view: "native", "axial", "coronal" or "sagittal".
        strategy: the one chosen at the start.
        phases: further images to switch to, as for `volume`.
        size_px: the longer side of the slice picture on the page, in CSS pixels; by default what
            the page has room for.
        autosave: whether to keep the work on disk after each edit, or the folder to keep it in; by
            default `~/.cache/breastwidget/autosave`.
        executor: what runs the engine, one job at a time; a thread of its own unless given.

    Raises `VolumeError` or `ReferenceMaskError` for a volume or a reference that cannot be used.
    Everything that a hand can do, Python can; what a hand gets to read in the status line, Python
    gets as an exception. `model` holds all that is shown; see `model.AppModel`.
    """

    def __init__(
        self,
        volume: Volume | Mapping[str, Volume] | Sequence[Volume],
        reference: Reference | None = None,
        engine: str | Path | Engine = "nano",
        plane: str | Plane = Plane.NATIVE,
        strategy: str = "center-outward",
        phases: Volume | Mapping[str, Volume] | Sequence[Volume] | None = None,
        size_px: int | None = None,
        autosave: bool | str | Path = True,
        executor: Executor | None = None,
    ) -> None:
        images = as_images(volume, phases)
        first = images[0].volume
        truth = None if reference is None else load_reference(reference, first)
        stack = first.stack(plane)
        self.model = AppModel(images, stack.plane, Window(*window_range(first.data)), truth)
        label = str(engine) if isinstance(engine, (str, Path)) else engine.info.name
        self.model.update(engine_label=label)
        room = SessionRoom(self.model, lambda: _as_engine(engine))
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="breastwidget")
        if executor is None:
            start_warm_up(with_scores=truth is not None)
        saved = Autosave(_folder(autosave), images, self._warn)
        self.controller = Controller(self.model, room, self._executor, saved)
        self.controller.start(strategy)
        self.widget = build_page(self.model, self.controller.for_views(), size_px)

    # Seeing
    show_slice = _hand(Seeing.show_slice)
    step = _hand(Seeing.step)
    move_cursor = _hand(Seeing.move_cursor)
    show_plane = _hand(Seeing.show_plane)
    choose_image = _hand(Seeing.choose_image)
    set_window = _hand(Seeing.set_window)
    drag_window = _hand(Seeing.drag_window)
    choose_window = _hand(Seeing.choose_window)
    set_look = _hand(Seeing.set_look)
    choose_tool = _hand(Seeing.choose_tool)
    set_brush = _hand(Seeing.set_brush)
    choose_theme = _hand(Seeing.choose_theme)
    set_follow = _hand(Seeing.set_follow)
    set_scene = _hand(SceneRoom.set_scene)
    # Prompting
    set_box = _hand(Prompting.set_box)
    add_point = _hand(Prompting.add_point)
    stroke = _hand(Prompting.stroke)
    use_mask = _hand(Prompting.use_mask)
    upload_mask = _hand(Prompting.upload_mask)
    remove_prompt = _hand(Prompting.remove_prompt)
    new_lesion = _hand(Lesions.new_lesion)
    select_lesion = _hand(Lesions.select_lesion)
    rename_lesion = _hand(Lesions.rename_lesion)
    recolour_lesion = _hand(Lesions.recolour_lesion)
    show_lesion = _hand(Lesions.show_lesion)
    delete_lesion = _hand(Lesions.delete_lesion)
    suggest = _hand(Lesions.suggest)
    accept = _hand(Lesions.accept)
    dismiss = _hand(Lesions.dismiss)
    # Propagating
    choose_strategy = _hand(Propagating.choose_strategy)
    choose_extent = _hand(Propagating.choose_extent)
    cancel = _hand(Propagating.cancel)
    show_run = _hand(Propagating.show_run)
    next_doubtful = _hand(Propagating.next_doubtful)
    # Keeping
    undo = _hand(Keeping.undo)
    redo = _hand(Keeping.redo)
    restore = _hand(Keeping.restore)
    discard_saved = _hand(Keeping.discard_saved)
    export = _hand(Keeping.export)
    show_code = _hand(Keeping.show_code)
    code = _hand(Keeping.code)

    @property
    def box(self) -> BoxPrompt | None:
        """The active lesion's box, the last one drawn where it has several; assigning one is like
        dragging it. Raises `PromptError`."""
        lesion = self.model.document.current
        prompts = () if lesion is None else lesion.prompts
        boxes = [prompt for prompt in prompts if isinstance(prompt, BoxPrompt)]
        return boxes[-1] if boxes else None

    @box.setter
    def box(self, box: BoxPrompt) -> None:
        self.controller.set_box(box)

    @property
    def segmentation(self) -> Segmentation | None:
        """The result shown of the active lesion, None before the first."""
        lesion = self.model.document.current
        return None if lesion is None or lesion.run is None else lesion.run.segmentation

    @property
    def segmentations(self) -> tuple[Segmentation, ...]:
        """All results, lesion by lesion, oldest first."""
        lesions = self.model.document.lesions
        return tuple(run.segmentation for lesion in lesions for run in lesion.runs)

    @property
    def table(self) -> pd.DataFrame:
        """One row of scores per result; needs a reference, else it is empty."""
        return run_table(self.model.document)

    def propagate(
        self,
        strategy: str | None = None,
        extent: str | Extent | tuple[int, int] | None = None,
        wait: bool = True,
    ) -> Segmentation | None:
        """Press Propagate, after choosing a `strategy` or an `extent`.

        `extent` is "automatic", "reference", or the first and the last slice. With `wait`, returns
        the segmentation (None if cancelled before the first slice) or raises what went wrong;
        without, returns None at once.
        """
        if strategy is not None:
            self.controller.choose_strategy(strategy)
        if isinstance(extent, str):
            self.controller.choose_extent(extent)
        elif extent is not None:
            self.controller.choose_extent("range", extent)
        future = self.controller.propagate()
        if not wait:
            return None
        try:
            return future.result()
        except KeyboardInterrupt:
            self.controller.cancel()
            raise

    def wait(self) -> None:
        """Wait until the worker has done all that was asked of it: masks of prompts, suggestions,
        propagations, surfaces."""
        for _ in range(2):  # a job may leave another one behind, such as a run its surface
            self._executor.submit(lambda: None).result()

    def close(self) -> None:
        """Cancel what runs, free the worker, take the widget off the page."""
        self.controller.close()
        self.widget.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)

    def _warn(self, sentence: str) -> None:
        self.model.update(status=Status(sentence, "error"))


def _as_engine(engine: str | Path | Engine) -> Engine:
    return create_engine(str(engine)) if isinstance(engine, (str, Path)) else engine


def _folder(autosave: bool | str | Path) -> Path | None:
    if isinstance(autosave, bool):
        return default_folder() if autosave else None
    return Path(autosave)

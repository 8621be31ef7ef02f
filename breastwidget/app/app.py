"""The composition root: `TumorSegmenter` puts model, controller and views together."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from breastwidget.api import Reference, load_reference
from breastwidget.app.control_panel import ControlPanel
from breastwidget.app.controller import Controller
from breastwidget.app.dice_table import DiceTable, score_runs
from breastwidget.app.model import AppModel, Window
from breastwidget.app.session_room import SessionRoom
from breastwidget.app.slice_viewer import SliceViewer
from breastwidget.app.surface_panel import SurfacePanel
from breastwidget.app.warm_up import start_warm_up
from breastwidget.display import window_range
from breastwidget.engines.base import Engine
from breastwidget.engines.factory import create_engine
from breastwidget.prompts import BoxPrompt
from breastwidget.readers import check_image
from breastwidget.segmentation import Segmentation
from breastwidget.volume import Plane, Volume

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TumorSegmenter"]


class TumorSegmenter:
    """The widget: drag a box around a tumour, press Propagate, read volume, surface and Dice.

    Args:
        volume: the scan, as `breastwidget.load` gives it.
        reference: where known, the tumour's segmentation on the same grid: an (i, j, k) array, a
            volume or a file. It brings the Dice table and the reference's extent.
        engine: a name (`breastwidget engines` lists them), a checkpoint file, or an engine. It is
            opened at the first box, not before.
        plane: "native", "axial", "coronal" or "sagittal".
        strategy: the one chosen at the start.
        size_px: the longer side of the slice picture on the page, in CSS pixels.
        executor: what runs the engine, one job at a time; a thread of its own unless given.

    Raises `VolumeError` or `ReferenceMaskError` for a volume or a reference that cannot be used.
    Everything that a hand can do, Python can: `box`, `show_slice`, `propagate`, `cancel`.
    """

    def __init__(
        self,
        volume: Volume,
        reference: Reference | None = None,
        engine: str | Path | Engine = "nano",
        plane: str | Plane = Plane.NATIVE,
        strategy: str = "center-outward",
        size_px: int = 480,
        executor: Executor | None = None,
    ) -> None:
        check_image(volume)
        stack = volume.stack(plane)
        truth = None if reference is None else load_reference(reference, volume)
        self.model = AppModel(
            stack,
            Window(*window_range(stack.pixels)),
            None if truth is None else stack.from_voxels(truth),
        )
        label = str(engine) if isinstance(engine, (str, Path)) else engine.info.name
        self.model.update(engine_label=label)
        room = SessionRoom(self.model, lambda: _as_engine(engine))
        worker = executor or ThreadPoolExecutor(max_workers=1, thread_name_prefix="breastwidget")
        if executor is None:
            start_warm_up(with_scores=truth is not None)
        self.controller = Controller(self.model, room, worker)
        self.controller.choose_strategy(strategy)
        self.widget = self._build_views(size_px)

    @property
    def box(self) -> BoxPrompt | None:
        """The box in force; assigning one is like dragging it. Raises `PromptError`."""
        return self.model.box

    @box.setter
    def box(self, box: BoxPrompt) -> None:
        self.controller.set_box(box)

    @property
    def segmentation(self) -> Segmentation | None:
        """The last result, None before the first."""
        return self.model.runs[-1].segmentation if self.model.runs else None

    @property
    def segmentations(self) -> tuple[Segmentation, ...]:
        """All results, oldest first."""
        return tuple(run.segmentation for run in self.model.runs)

    @property
    def table(self) -> pd.DataFrame:
        """One row of scores per run; needs a reference, else it is empty."""
        return score_runs(self.model.runs)

    def show_slice(self, index: int) -> None:
        """Show slice `index`."""
        self.controller.show_slice(index)

    def propagate(
        self, strategy: str | None = None, extent: str | None = None, wait: bool = True
    ) -> Segmentation | None:
        """Press Propagate, after choosing a `strategy` or an `extent` ("automatic", "reference").

        With `wait`, returns the segmentation (None if cancelled before the first slice) or raises
        what went wrong; without, returns None at once.
        """
        if strategy is not None:
            self.controller.choose_strategy(strategy)
        if extent is not None:
            self.controller.choose_extent(extent)
        future = self.controller.propagate()
        if not wait:
            return None
        try:
            return future.result()
        except KeyboardInterrupt:
            self.controller.cancel()
            raise

    def cancel(self) -> None:
        """Press Cancel: stop within one slice, keeping what is done."""
        self.controller.cancel()

    def close(self) -> None:
        """Cancel what runs, free the worker, take the widget off the page."""
        self.controller.close()
        self.widget.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)

    def _build_views(self, size_px: int) -> widgets.Widget:
        intents = self.controller
        viewer = SliceViewer(
            self.model,
            on_show=intents.reporting(intents.show_slice),
            on_step=intents.reporting(intents.step),
            on_box=intents.reporting(intents.drag_box),
            on_window=intents.reporting(intents.set_window),
            on_auto_window=intents.reporting(intents.auto_window),
            on_follow=intents.reporting(intents.set_follow),
            size_px=size_px,
        )
        controls = ControlPanel(
            self.model,
            on_strategy=intents.reporting(intents.choose_strategy),
            on_extent=intents.reporting(intents.choose_extent),
            on_propagate=intents.reporting(intents.propagate),
            on_cancel=intents.reporting(intents.cancel),
        )
        self.views = viewer, controls, SurfacePanel(self.model), DiceTable(self.model)
        return _page(self.model, *(view.widget for view in self.views))


def _as_engine(engine: str | Path | Engine) -> Engine:
    return create_engine(str(engine)) if isinstance(engine, (str, Path)) else engine


def _page(model: AppModel, viewer: Any, controls: Any, surface: Any, dice: Any) -> widgets.Widget:
    css = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    style = widgets.HTML(f"<style>{css}</style>")
    style.add_class("bw-style")
    stack = model.stack
    _, rows, columns = stack.shape
    title = widgets.HTML(
        f'<p class="bw-title"><b>{escape(stack.volume.name)}</b> {stack.plane.value}, '
        f"{stack.shape[0]} slices of {columns} × {rows}</p>"
    )
    side = widgets.VBox([controls, surface])
    side.add_class("bw-side")
    columns_box = widgets.HBox([viewer, side])
    columns_box.add_class("bw-columns")
    page = widgets.VBox([style, title, columns_box, dice])
    page.add_class("bw-app")
    return page

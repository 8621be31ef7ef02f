"""A tiny scan with a bright block, and the app's parts around a fake engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest
from app_fakes import LESION, InlineExecutor, ManualResting

from breastwidget.app.autosave import Autosave
from breastwidget.app.controller import Controller
from breastwidget.app.measuring import Measures
from breastwidget.app.model import AppModel, Image, Scene, Status, Window
from breastwidget.app.session_room import SessionRoom
from breastwidget.engines.base import Engine, FakeEngine
from breastwidget.segmentation import Segmentation
from breastwidget.volume import Plane, SliceStack, Volume


def block_volume() -> Volume:
    """12 axial slices of 24 rows x 32 columns, 3 x 1 x 2 mm, the lesion 100 on 10."""
    pixels = np.full((12, 24, 32), 10, dtype=np.int16)
    pixels[LESION] = 100
    # Voxel axes run to left, posterior, superior, which is the stack's own order but for its axes.
    affine = np.diag([-2.0, -1.0, 3.0, 1.0])
    data = np.ascontiguousarray(pixels.transpose(2, 1, 0))
    volume = Volume(data, affine, name="block", slice_axis=2)
    assert (volume.stack().pixels == pixels).all()
    return volume


@pytest.fixture
def stack() -> SliceStack:
    return block_volume().stack()


@pytest.fixture
def reference(stack: SliceStack) -> np.ndarray:
    """(slice, row, column) bool."""
    return stack.pixels > 50


@pytest.fixture
def images(stack: SliceStack) -> tuple[Image, ...]:
    """The scan, and the same with all values doubled."""
    volume = stack.volume
    return Image("phase 1", volume), Image("phase 2", volume.with_data(volume.data * 2))


@pytest.fixture
def model(images: tuple[Image, ...], stack: SliceStack, reference: np.ndarray) -> AppModel:
    return AppModel(images, Plane.AXIAL, Window(0.0, 120.0), stack.to_voxels(reference))


@pytest.fixture
def saved_in(tmp_path: Path) -> Path:
    return tmp_path / "autosave"


@pytest.fixture
def make_autosave(model: AppModel, saved_in: Path) -> Callable[[], Autosave]:
    def make() -> Autosave:
        def report(text: str) -> None:
            model.update(status=Status(text, "error"))

        return Autosave(saved_in, model.images, report, InlineExecutor())

    return make


@pytest.fixture
def make_controller(
    model: AppModel, make_autosave: Callable[[], Autosave]
) -> Callable[..., Controller]:
    def make(engine: Engine | None = None, executor: Executor | None = None) -> Controller:
        chosen = engine or FakeEngine()
        room = SessionRoom(model, lambda: chosen)
        return Controller(model, room, executor or InlineExecutor(), make_autosave())

    return make


@pytest.fixture
def controller(make_controller: Callable[..., Controller]) -> Controller:
    return make_controller()


@pytest.fixture(autouse=True)
def quick_surfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """VTK takes seconds to load; scenes and measures have tests of their own."""
    monkeypatch.setattr("breastwidget.app.scene_room.make_scene", lambda *_: Scene(html="scene"))
    monkeypatch.setattr("breastwidget.app.scene_room.Resting", ManualResting)
    monkeypatch.setattr("breastwidget.app.results.measure", _volume_only)


def _volume_only(segmentation: Segmentation) -> Measures:
    return Measures(segmentation.volume_ml, 0.0, 1)


@pytest.fixture(autouse=True)
def no_view_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The model shields whoever changes it from views that fail; a test shall still hear of it."""
    yield
    failures = [each for each in caplog.get_records("call") if each.name == AppModel.__module__]
    assert [each.getMessage() for each in failures] == []

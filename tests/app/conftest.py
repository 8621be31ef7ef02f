"""A tiny scan with a bright block, and the app's parts around a fake engine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
import pytest
from app_fakes import LESION, InlineExecutor

from breastwidget.app.controller import Controller
from breastwidget.app.model import AppModel, Window
from breastwidget.app.session_room import SessionRoom
from breastwidget.engines.base import Engine, FakeEngine
from breastwidget.volume import SliceStack, Volume


@pytest.fixture
def stack() -> SliceStack:
    """12 axial slices of 24 rows x 32 columns, 3 x 1 x 2 mm, the lesion 100 on 10."""
    pixels = np.full((12, 24, 32), 10, dtype=np.int16)
    pixels[LESION] = 100
    # Voxel axes run to left, posterior, superior, which is the stack's own order but for its axes.
    affine = np.diag([-2.0, -1.0, 3.0, 1.0])
    data = np.ascontiguousarray(pixels.transpose(2, 1, 0))
    built = Volume(data, affine, name="block", slice_axis=2).stack()
    assert (built.pixels == pixels).all()
    return built


@pytest.fixture
def reference(stack: SliceStack) -> np.ndarray:
    return stack.pixels > 50


@pytest.fixture
def model(stack: SliceStack, reference: np.ndarray) -> AppModel:
    return AppModel(stack, Window(0.0, 120.0), reference)


@pytest.fixture
def make_controller(model: AppModel) -> Callable[..., Controller]:
    def make(engine: Engine | None = None, executor: Executor | None = None) -> Controller:
        chosen = engine or FakeEngine()
        return Controller(model, SessionRoom(model, lambda: chosen), executor or InlineExecutor())

    return make


@pytest.fixture
def controller(make_controller: Callable[..., Controller]) -> Controller:
    return make_controller()


@pytest.fixture(autouse=True)
def quick_scenes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """VTK takes seconds to load; the surface has tests of its own."""
    if "real_surface" not in request.keywords:
        monkeypatch.setattr("breastwidget.surface.scene_html", lambda *_, **__: "<p>scene</p>")

"""When a scene is made anew; what is in one is `test_scenes`' concern."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from app_fakes import InlineExecutor, ManualResting
from panel_fakes import lesion_with, make_run, show

from breastwidget.app.model import AppModel, Cursor, Progress, Scene, Window
from breastwidget.app.resting import Resting
from breastwidget.app.scene_room import SceneRoom
from breastwidget.volume import SliceStack


class Made:
    """The scenes that were made: the slice and window of each; `scene` is what comes of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.slices: list[tuple[int, tuple[float, float]]] = []

    def __call__(self, *arguments: Any) -> Scene:
        *_, index, window = arguments
        self.slices.append((index, window))
        return self.scene


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    made = Made(Scene(html="scene"))
    monkeypatch.setattr("breastwidget.app.scene_room.make_scene", made)
    return made


@pytest.fixture
def room(model: AppModel, stack: SliceStack, made: Made) -> SceneRoom:
    room = SceneRoom(model, InlineExecutor())
    model.update(cursor=Cursor(0, 0, 6))
    show(model, lesion_with(make_run(stack)))
    assert made.slices == [(6, (0.0, 120.0))]
    return room


def rest(room: SceneRoom) -> None:
    resting = room._rest
    assert isinstance(resting, ManualResting)
    resting.rest()


@pytest.mark.parametrize("scene", [Scene(html="page"), Scene(picture="data:,")])
def test_pages_and_stills_get_the_slice_that_is_looked_at(
    room: SceneRoom, model: AppModel, made: Made, scene: Scene
) -> None:
    model.update(scene=scene)
    made.slices.clear()
    for index in (7, 8, 9):  # the wheel
        model.update(cursor=Cursor(0, 0, index))
    assert made.slices == []
    rest(room)
    assert made.slices == [(9, (0.0, 120.0))]
    model.update(window=Window(0.0, 50.0))
    rest(room)
    assert made.slices[1:] == [(9, (0.0, 50.0))]
    model.update(cursor=Cursor(5, 5, 9))  # the crosshair moves within the slice
    rest(room)
    assert len(made.slices) == 2


def test_a_live_scene_moves_its_slice_by_itself(
    room: SceneRoom, model: AppModel, made: Made
) -> None:
    model.update(scene=Scene(data=b"zip"), cursor=Cursor(0, 0, 9))
    rest(room)
    assert len(made.slices) == 1


def test_without_the_slice_in_it_a_scene_stays(
    room: SceneRoom, model: AppModel, made: Made
) -> None:
    room.set_scene(slice_plane=False)
    made.slices.clear()
    model.update(cursor=Cursor(0, 0, 9))
    rest(room)
    assert made.slices == []


def test_a_propagation_that_moves_the_slice_is_waited_for(
    room: SceneRoom, model: AppModel, made: Made
) -> None:
    model.update(progress=Progress(running=True), cursor=Cursor(0, 0, 9))
    rest(room)
    assert len(made.slices) == 1
    model.update(progress=Progress())  # cancelled before anything was found
    rest(room)
    assert made.slices[1:] == [(9, (0.0, 120.0))]


def test_resting_calls_once_after_the_last_disturbance() -> None:
    called = threading.Event()
    resting = Resting(0.01, called.set)
    resting.disturb()
    assert called.wait(30)
    never = Resting(3600.0, pytest.fail)
    never.disturb()
    waiting = never._timer
    never.disturb()
    assert waiting is not None
    assert waiting.finished.is_set()  # given up for the later one
    never.stop()
    assert never._timer is not None
    assert never._timer.finished.is_set()

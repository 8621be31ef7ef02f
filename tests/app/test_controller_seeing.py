"""Seeing, through the controller: no view, no browser, no engine."""

from __future__ import annotations

import pytest
from app_fakes import BOX

from breastwidget.app.controller import Controller
from breastwidget.app.model import AppModel, Cursor, SceneOptions
from breastwidget.errors import BreastWidgetError, PromptError, VolumeError
from breastwidget.volume import Plane


@pytest.mark.parametrize(("asked", "shown"), [(3, 3), (-1, 0), (11, 11), (12, 11)])
def test_a_slice_that_does_not_exist_is_the_nearest_one(
    controller: Controller, model: AppModel, asked: int, shown: int
) -> None:
    controller.show_slice(asked)
    assert model.slice_index == shown


def test_steps_are_from_the_slice_shown(controller: Controller, model: AppModel) -> None:
    controller.show_slice(4)
    controller.step(-2)
    assert model.slice_index == 2


def test_a_slice_keeps_the_crosshairs_place_in_the_picture(
    controller: Controller, model: AppModel
) -> None:
    controller.move_cursor(Plane.AXIAL, 3, (7.9, 2.0))
    controller.show_slice(9)
    assert model.cursor == Cursor(7, 2, 9)


@pytest.mark.parametrize(
    ("plane", "index", "at", "voxel"),
    [
        # Voxels run to left, posterior, superior: axial pictures show (j, i).
        ("axial", 5, (31.9, 23.9), (31, 23, 5)),
        ("axial", 99, (-3.0, 50.0), (0, 23, 11)),
        # Coronal rows run downwards, from superior to inferior; columns to the left.
        ("coronal", 4, (30.5, 0.5), (30, 4, 11)),
        # Sagittal columns run from anterior to posterior.
        ("sagittal", 6, (2.0, 11.0), (6, 2, 0)),
    ],
)
def test_the_crosshair_goes_to_the_voxel_under_the_pointer(
    controller: Controller,
    model: AppModel,
    plane: str,
    index: int,
    at: tuple[float, float],
    voxel: tuple[int, int, int],
) -> None:
    controller.move_cursor(Plane(plane), index, at)
    assert model.cursor.voxel == voxel


def test_a_point_that_is_none_is_refused(controller: Controller, model: AppModel) -> None:
    before = model.cursor
    with pytest.raises(PromptError, match="point"):
        controller.move_cursor(Plane.AXIAL, 3, (float("nan"), 2.0))
    assert model.cursor is before


def test_planes_go_by_name_and_native_is_the_acquired_one(
    controller: Controller, model: AppModel
) -> None:
    controller.show_plane(Plane.SAGITTAL)
    assert model.plane is Plane.SAGITTAL
    controller.show_plane(Plane.NATIVE)
    assert model.plane is Plane.AXIAL
    with pytest.raises(VolumeError, match="oblique"):
        controller.show_plane("oblique")


def test_each_image_remembers_its_window(controller: Controller, model: AppModel) -> None:
    controller.set_window(20, 80)
    controller.choose_image("phase 2")
    assert model.volume.data.max() == 200
    assert (model.window.lo, model.window.hi) == (20, 200)
    controller.choose_image("phase 1")
    assert (model.window.lo, model.window.hi) == (20, 80)
    with pytest.raises(VolumeError, match="phase 1, phase 2"):
        controller.choose_image("phase 3")


def test_window_handles_that_meet_change_nothing(controller: Controller, model: AppModel) -> None:
    controller.set_window(20, 80)
    for lo, hi in ((50, 50), (60, 50), (0, float("inf")), (float("nan"), 1)):
        controller.set_window(lo, hi)
    assert (model.window.lo, model.window.hi) == (20, 80)


def test_dragging_the_window(controller: Controller, model: AppModel) -> None:
    controller.set_window(0, 100)
    controller.drag_window(0.5, 0.0)
    assert (model.window.lo, model.window.hi) == (-25, 125)
    controller.drag_window(0.0, 0.1)  # brighter: lower values become white
    assert (model.window.lo, model.window.hi) == (-40, 110)
    for _ in range(200):
        controller.drag_window(-1.0, 0.0)
    assert model.window.lo < model.window.hi


def test_window_presets(controller: Controller, model: AppModel) -> None:
    controller.show_slice(6)
    controller.choose_window("auto")
    assert (model.window.lo, model.window.hi) == (10, 100)
    controller.show_slice(0)  # nothing but 10
    controller.choose_window("auto")
    assert (model.window.lo, model.window.hi) == (10, 11)
    controller.choose_window("full")
    assert (model.window.lo, model.window.hi) == (10, 100)
    with pytest.raises(PromptError, match="no lesion"):
        controller.choose_window("lesion")
    controller.set_box(BOX)
    controller.choose_window("lesion")
    assert (model.window.lo, model.window.hi) == (10, 100)
    with pytest.raises(BreastWidgetError, match="volume"):
        controller.choose_window("best")


def test_the_look_changes_field_by_field(controller: Controller, model: AppModel) -> None:
    controller.set_look(opacity=7)
    controller.set_look(style="fill", crosshair=False)
    assert (model.look.style, model.look.opacity, model.look.crosshair) == ("fill", 1.0, False)
    for bad in ({"style": "dots"}, {"colour": 1}):
        with pytest.raises(BreastWidgetError, match="Unknown"):
            controller.set_look(**bad)


def test_tools_brush_theme_and_follow(controller: Controller, model: AppModel) -> None:
    controller.choose_tool("paint")
    controller.set_brush(1000)
    controller.choose_theme("dark")
    controller.set_follow(False)
    assert (model.tool, model.brush_mm, model.theme, model.follow) == ("paint", 100, "dark", False)
    with pytest.raises(BreastWidgetError, match="box, point"):
        controller.choose_tool("laser")
    with pytest.raises(BreastWidgetError, match="auto, light, dark"):
        controller.choose_theme("pink")
    controller.set_brush(float("nan"))
    assert model.brush_mm == 100


def test_nothing_that_only_shows_can_be_undone(controller: Controller, model: AppModel) -> None:
    document = model.document
    controller.show_slice(2)
    controller.show_plane(Plane.CORONAL)
    controller.choose_image("phase 2")
    controller.set_look(style="fill")
    controller.set_scene(diameters=True)
    assert model.document is document
    assert not model.history.past


def test_scene_options(controller: Controller, model: AppModel) -> None:
    controller.set_scene(diameters=True, mode="html")
    assert model.scene_options == SceneOptions("html", diameters=True)
    with pytest.raises(BreastWidgetError, match="signed_distance"):
        controller.set_scene(colour=True)
    with pytest.raises(BreastWidgetError, match="picture"):
        controller.set_scene(mode="hologram")


def test_a_view_gets_errors_as_sentences(controller: Controller, model: AppModel) -> None:
    views = controller.for_views()
    views.choose_tool("laser")
    assert model.status.level == "error"
    assert "laser" in model.status.text
    with pytest.raises(AttributeError):
        _ = views.close  # no intent

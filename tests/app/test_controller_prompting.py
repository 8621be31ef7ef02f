"""Boxes, points, strokes and masks through the controller, with a fake engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from app_fakes import BOX, ManualExecutor, ScriptedEngine, active, check

from breastwidget.app.controller import Controller
from breastwidget.app.model import AppModel
from breastwidget.errors import EngineError, PromptError
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt
from breastwidget.volume import Plane, SliceStack

OTHER = BoxPrompt(4, 8, 3, 22, 12)


def test_a_box_makes_the_first_lesion_and_shows_its_mask(
    controller: Controller, model: AppModel, reference: np.ndarray
) -> None:
    controller.show_slice(0)
    controller.set_box(BOX)
    lesion = active(model)
    assert (lesion.key, lesion.name, lesion.plane) == (1, "lesion 1", Plane.AXIAL)
    assert lesion.prompts == (BOX,)
    assert np.array_equal(lesion.masks.by_slice[6], reference[6])
    assert model.slice_index == 6
    assert model.history.undo_label == "draw a box"
    check(model)


def test_a_box_replaces_that_of_its_slice_and_joins_those_of_others(
    controller: Controller, model: AppModel
) -> None:
    smaller = BoxPrompt(6, 9, 4, 21, 11)
    controller.set_box(BOX)
    controller.set_box(OTHER)
    controller.set_box(smaller)
    assert active(model).prompts == (smaller, OTHER)
    assert sorted(active(model).masks.by_slice) == [4, 6]


def test_an_older_boxs_late_mask_is_dropped(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    engine = ScriptedEngine()
    controller = make_controller(engine, executor)
    controller.set_box(BOX)
    controller.set_box(BoxPrompt(6, 9, 4, 21, 11))
    executor.run_next()
    assert engine.opened == 0  # nobody wants it any more
    assert not active(model).masks.by_slice
    executor.run_next()
    assert list(active(model).masks.by_slice) == [6]


def test_a_mask_that_was_computed_for_an_older_box_is_dropped(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine = ScriptedEngine()
    executor = ManualExecutor()
    controller = make_controller(engine, executor)
    controller.set_box(BOX)
    open_session = engine.open

    def draw_meanwhile(stack: SliceStack) -> object:
        controller.undo()
        return open_session(stack)

    engine.open = draw_meanwhile  # type: ignore[method-assign,assignment]
    executor.run_next()
    assert model.document.lesions == ()
    check(model)


@pytest.mark.parametrize(
    "box",
    [
        BoxPrompt(12, 1, 1, 9, 9),  # no such slice
        BoxPrompt(6, 9, 1, 1, 9),  # inverted
        BoxPrompt(6, 9, 1, 9, 9),  # of zero size
        BoxPrompt(6, 0, 0, 33, 9),  # outside
    ],
)
def test_a_bad_box_leaves_everything_as_it_was(
    controller: Controller, model: AppModel, box: BoxPrompt
) -> None:
    controller.set_box(BOX)
    document, history = model.document, model.history
    with pytest.raises(PromptError):
        controller.set_box(box)
    controller.for_views().set_box(box)
    assert model.status.level == "error"
    assert (model.document, model.history) == (document, history)


@pytest.mark.parametrize("corners", [(8, 3, 8, 12), (8, 3, 22, 3), (8, 3, 8, 3)])
def test_a_box_without_area_is_refused_kindly(
    controller: Controller, model: AppModel, corners: tuple[int, int, int, int]
) -> None:
    controller.set_box(BOX)
    document, history = model.document, model.history
    controller.for_views().set_box(BoxPrompt(6, *corners))
    assert model.status.text.startswith("The box has no area: press where one corner shall be")
    assert (model.document, model.history) == (document, history)


def test_points_join_the_prompts_of_their_slice(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine = ScriptedEngine()
    controller = make_controller(engine)
    controller.set_box(BOX)
    controller.add_point(6, (12.5, 7.5), True)
    controller.add_point(6, (9.0, 4.0), False)
    points = PointPrompt(6, 12.5, 7.5), PointPrompt(6, 9.0, 4.0, positive=False)
    assert active(model).prompts == (BOX, *points)
    lesion, index = engine.sessions[0].predicted[-1]
    assert (lesion.prompts, index) == ((BOX, *points), 6)
    assert 6 in active(model).masks.by_slice
    smaller = BoxPrompt(6, 9, 4, 21, 11)
    controller.set_box(smaller)
    assert active(model).prompts == (smaller, *points)


def test_a_positive_point_alone_starts_a_lesion_and_a_negative_one_does_not(
    controller: Controller, model: AppModel
) -> None:
    with pytest.raises(PromptError, match="negative"):
        controller.add_point(6, (12.5, 7.5), False)
    assert model.document.lesions == ()
    controller.add_point(6, (12.5, 7.5), True)
    assert active(model).prompts == (PointPrompt(6, 12.5, 7.5),)
    with pytest.raises(PromptError, match="outside"):
        controller.add_point(6, (32.0, 7.5), True)


def test_a_stroke_is_shown_at_once_without_an_engine(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine = ScriptedEngine()
    controller = make_controller(engine)
    controller.set_brush(4)  # 2 mm around: one column (2 mm) and two rows (1 mm) each way
    controller.stroke(5, [(10.5, 8.5)], erase=False)
    mask = active(model).masks.by_slice[5]
    rows, columns = np.nonzero(mask)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [
        (6, 10),
        (7, 10),
        (8, 9),
        (8, 10),
        (8, 11),
        (9, 10),
        (10, 10),
    ]
    (prompt,) = active(model).prompts
    assert isinstance(prompt, MaskPrompt)
    assert np.array_equal(prompt.mask, mask)
    assert engine.opened == 0


def test_strokes_go_on_from_the_mask_shown_and_replace_the_slices_prompts(
    controller: Controller, model: AppModel, reference: np.ndarray
) -> None:
    controller.set_box(BOX)
    controller.set_brush(2)
    controller.stroke(6, [(0.5, 0.5), (3.5, 0.5)], erase=False)
    mask = active(model).masks.by_slice[6]
    expected = reference[6].copy()
    expected[0, :4] = True
    expected[1, :4] = True
    assert np.array_equal(mask, expected)
    assert len(active(model).prompts) == 1
    controller.stroke(6, [(2.5, 0.5)], erase=True)
    assert not active(model).masks.by_slice[6][0, 2]
    assert len(active(model).prompts) == 1


def test_erasing_everything_leaves_no_prompt_and_an_empty_slice(
    controller: Controller, model: AppModel
) -> None:
    controller.set_brush(100)
    controller.set_box(BOX)
    controller.stroke(6, [(15, 7)], erase=True)
    assert active(model).prompts == ()
    assert not active(model).masks.by_slice[6].any()
    history = model.history
    controller.stroke(6, [(15, 7)], erase=True)  # nothing left to erase
    assert model.history is history
    check(model)


def test_a_stroke_must_be_on_a_slice_that_exists(controller: Controller) -> None:
    with pytest.raises(PromptError, match="0 to 11"):
        controller.stroke(12, [(1, 1)], erase=False)


def test_removing_prompts(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.add_point(6, (12.5, 7.5), True)
    controller.remove_prompt(PointPrompt(6, 12.5, 7.5))
    assert active(model).prompts == (BOX,)
    assert 6 in active(model).masks.by_slice
    controller.remove_prompt(BOX)
    assert active(model).prompts == ()
    assert 6 not in active(model).masks.by_slice
    with pytest.raises(PromptError, match="gone"):
        controller.remove_prompt(BOX)


def test_a_lesion_belongs_to_one_plane(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.show_plane(Plane.CORONAL)
    with pytest.raises(PromptError, match="axial"):
        controller.set_box(BoxPrompt(7, 1, 1, 9, 9))
    controller.new_lesion()
    controller.set_box(BoxPrompt(7, 1, 1, 9, 9))
    assert [lesion.plane for lesion in model.document.lesions] == [Plane.AXIAL, Plane.CORONAL]
    # A lesion without prompts follows the plane.
    controller.new_lesion()
    controller.show_plane(Plane.SAGITTAL)
    controller.set_box(BoxPrompt(7, 1, 1, 9, 9))
    assert active(model).plane is Plane.SAGITTAL
    check(model)


def test_an_engine_that_does_not_open_is_tried_again(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine = ScriptedEngine()
    open_session = engine.open

    def refuse(stack: SliceStack) -> object:
        engine.open = open_session  # type: ignore[method-assign]
        raise EngineError("No memory.")

    engine.open = refuse  # type: ignore[method-assign,assignment]
    controller = make_controller(engine)
    controller.set_box(BOX)
    assert model.status.text == "No memory."
    assert controller.propagate().result() is not None


def test_the_engine_is_opened_once_for_each_image_and_plane_and_late(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine = ScriptedEngine()
    controller = make_controller(engine)
    assert engine.opened == 0
    controller.set_box(BOX)
    controller.propagate()
    controller.propagate()
    assert engine.opened == 1
    assert model.engine_label == "scripted (01234567)"
    controller.choose_image("phase 2")
    controller.propagate()
    assert engine.opened == 2
    controller.choose_image("phase 1")
    controller.set_box(OTHER)
    assert engine.opened == 2

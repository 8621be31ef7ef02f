"""Corrections after a propagation: from there only, with nothing encoded twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from app_fakes import BOX, ScriptedEngine, active, check

from breastwidget.app.controller import Controller
from breastwidget.app.model import AppModel
from breastwidget.app.wording import describe_strategy
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def corrected(make_controller: Callable[..., Controller], engine: ScriptedEngine) -> Controller:
    """A controller whose lesion was propagated center-outward from 6 over the slices 4 to 8."""
    controller = make_controller(engine)
    controller.set_box(BOX)
    controller.choose_extent("reference")
    controller.propagate()
    return controller


def paint(controller: Controller, index: int) -> None:
    """A speck beside the lesion."""
    controller.set_brush(2)
    controller.stroke(index, [(0.5, 0.5)], erase=False)


def test_a_correction_goes_on_from_its_slice_only(
    corrected: Controller, model: AppModel, engine: ScriptedEngine
) -> None:
    (session,) = engine.sessions
    before = active(model)
    tracked, encoded = len(session.tracked), session.encoded_slices
    paint(corrected, 7)
    assert active(model).pending == 7
    assert active(model).masks.by_slice[7][0, 0]
    assert "corrected slice 7" in describe_strategy(model)
    assert "Press Propagate" in model.status.text

    result = corrected.propagate().result()
    assert session.tracked[tracked:] == [7, 8]
    assert session.encoded_slices == encoded
    lesion = active(model)
    assert lesion.pending is None
    assert len(lesion.runs) == 2
    assert lesion.run is not None
    assert lesion.run.corrected == 7
    assert model.history.undo_label == "propagate from slice 7"
    assert before.run is not None
    for index in (4, 5, 6):
        assert lesion.run.masks.by_slice[index] is before.run.masks.by_slice[index]
    assert result is not None
    assert [each.slice for each in result.slices] == [6, 5, 4, 7, 8]
    assert lesion.run.prompts == lesion.prompts
    check(model)


def test_a_corrected_start_slice_is_propagated_anew_both_ways(
    corrected: Controller, model: AppModel, engine: ScriptedEngine
) -> None:
    tracked = len(engine.sessions[0].tracked)
    corrected.set_box(BoxPrompt(6, 9, 4, 21, 11))
    assert active(model).pending == 6
    corrected.propagate()
    assert engine.sessions[0].tracked[tracked:] == [6, 7, 8, 5, 4]
    assert active(model).run is not None
    assert active(model).run.corrected == 6


def test_corrections_on_both_sides_are_propagated_together(
    corrected: Controller, model: AppModel, engine: ScriptedEngine
) -> None:
    tracked = len(engine.sessions[0].tracked)
    for index in (8, 5, 7):
        paint(corrected, index)
    assert active(model).pending == 7
    corrected.propagate()
    # From 7 the correction on 8 is met on the way.
    assert sorted(engine.sessions[0].tracked[tracked:]) == [4, 5, 7, 8]
    assert active(model).pending is None


def test_a_one_way_correction_goes_on_to_the_end_of_its_order(
    make_controller: Callable[..., Controller], model: AppModel, engine: ScriptedEngine
) -> None:
    controller = make_controller(engine)
    controller.set_box(BOX)
    controller.choose_extent("reference")
    controller.choose_strategy("top-to-bottom")  # from 8 down to 4
    controller.propagate()
    tracked = len(engine.sessions[0].tracked)
    paint(controller, 5)
    controller.propagate()
    assert engine.sessions[0].tracked[tracked:] == [5, 4]


@pytest.mark.parametrize("choice", ["strategy", "extent", "image"])
def test_with_another_choice_it_is_propagated_anew(
    corrected: Controller, model: AppModel, choice: str
) -> None:
    paint(corrected, 7)
    if choice == "strategy":
        corrected.choose_strategy("bottom-to-top")
    elif choice == "extent":
        corrected.choose_extent("range", (5, 8))
    else:
        corrected.choose_image("phase 2")
    result = corrected.propagate().result()
    assert result is not None
    assert len(result.slices) == (4 if choice == "extent" else 5)
    assert active(model).run is not None
    assert active(model).run.corrected is None


def test_without_a_change_it_is_propagated_anew(corrected: Controller, model: AppModel) -> None:
    corrected.propagate()
    assert [run.corrected for run in active(model).runs] == [None, None]


def test_a_point_corrects_the_mask_that_was_propagated(
    corrected: Controller, model: AppModel, engine: ScriptedEngine
) -> None:
    tracked = active(model).masks.by_slice[8]
    corrected.add_point(8, (11.5, 6.5), False)
    mask, point = active(model).lesion.on(8)
    assert isinstance(mask, MaskPrompt)
    assert mask.mask is tracked
    assert point == PointPrompt(8, 11.5, 6.5, positive=False)
    lesion, index = engine.sessions[0].predicted[-1]
    assert (index, lesion.on(8)) == (8, (mask, point))
    assert active(model).prompts[0] == BOX  # which is where the propagation started
    assert active(model).pending == 8
    corrected.remove_prompt(point)
    corrected.remove_prompt(mask)
    assert active(model).pending is None
    assert active(model).masks.by_slice[8] is tracked


def test_what_was_erased_stays_erased_by_a_correction_elsewhere(
    corrected: Controller, model: AppModel
) -> None:
    corrected.set_brush(100)
    corrected.stroke(4, [(15, 7)], erase=True)
    assert active(model).pending is None
    paint(corrected, 7)
    result = corrected.propagate().result()
    assert result is not None
    assert not result.stack_mask[4].any()
    assert result.stack_mask[5].any()
    check(model)


def test_a_prompt_taken_away_is_propagated_anew(corrected: Controller, model: AppModel) -> None:
    paint(corrected, 7)
    corrected.propagate()
    (painted,) = active(model).lesion.on(7)
    corrected.remove_prompt(painted)
    paint(corrected, 8)
    corrected.propagate()
    assert active(model).run is not None
    assert active(model).run.corrected is None


@pytest.mark.parametrize("after", [1, 2])
def test_a_cancelled_correction_keeps_what_stays_and_what_is_done(
    corrected: Controller, model: AppModel, engine: ScriptedEngine, after: int
) -> None:
    paint(corrected, 7)
    started: list[int] = []

    def before(index: int) -> None:
        started.append(index)
        if len(started) == after:
            corrected.cancel()

    engine.before = before
    corrected.propagate()
    run = active(model).run
    assert run is not None
    assert not run.complete
    assert sorted(run.masks.by_slice) == [4, 5, 6, 7, 8][: 3 + after]
    check(model)


def test_an_engine_that_raises_keeps_the_correction_waiting(
    corrected: Controller, model: AppModel, engine: ScriptedEngine
) -> None:
    paint(corrected, 7)
    document = model.document

    def fail(_index: int) -> None:
        raise RuntimeError("nan")

    engine.before = fail
    with pytest.raises(RuntimeError):
        corrected.propagate().result()
    assert model.document is document
    assert active(model).pending == 7


def test_showing_the_run_before_keeps_a_waiting_correction(
    corrected: Controller, model: AppModel
) -> None:
    corrected.propagate()
    paint(corrected, 7)
    corrected.show_run(1, 0)
    assert active(model).pending == 7
    assert active(model).masks.by_slice[7][0, 0]
    assert np.array_equal(active(model).masks.by_slice[8], active(model).runs[0].masks.by_slice[8])
    check(model)

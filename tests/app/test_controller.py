"""The controller with a fake engine: no view, no browser, no thread unless the test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from app_fakes import BOX, ManualExecutor, ScriptedEngine

from breastwidget.app.controller import Controller
from breastwidget.app.model import AppModel, Progress
from breastwidget.errors import EngineError, PromptError, StrategyError
from breastwidget.prompts import BoxPrompt
from breastwidget.volume import SliceStack

# Seeing


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


def test_window_handles_that_meet_change_nothing(controller: Controller, model: AppModel) -> None:
    controller.set_window(20, 80)
    controller.set_window(50, 50)
    assert (model.window.lo, model.window.hi) == (20, 80)


def test_auto_window_spans_the_slice_shown(controller: Controller, model: AppModel) -> None:
    controller.show_slice(6)
    controller.auto_window()
    assert (model.window.lo, model.window.hi) == (10, 100)


# Prompting


def test_a_drag_becomes_a_box_in_columns_and_rows(controller: Controller, model: AppModel) -> None:
    controller.drag_box(6, (22 / 32, 12 / 24), (8 / 32, 3 / 24))  # from right to left, upwards
    assert model.box == BOX


def test_a_box_shows_its_slice_and_the_mask_on_it(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    assert model.slice_index == 6
    assert list(model.masks.by_slice) == [6]
    assert np.array_equal(model.masks.by_slice[6], model.reference[6])


def test_an_older_boxs_late_preview_is_dropped(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.set_box(BOX)
    controller.set_box(BoxPrompt(4, 8, 3, 22, 12))
    executor.run_next()
    assert not model.masks.by_slice
    executor.run_next()
    assert list(model.masks.by_slice) == [4]


@pytest.mark.parametrize(
    "box",
    [
        BoxPrompt(12, 1, 1, 9, 9),  # no such slice
        BoxPrompt(6, 9, 1, 1, 9),  # inverted
        BoxPrompt(6, 0, 0, 33, 9),  # outside
    ],
)
def test_a_bad_box_leaves_the_one_before(
    controller: Controller, model: AppModel, box: BoxPrompt
) -> None:
    controller.set_box(BOX)
    masks = model.masks
    with pytest.raises(PromptError):
        controller.set_box(box)
    assert model.box is BOX
    assert model.masks is masks


def test_a_view_gets_the_error_as_a_sentence(controller: Controller, model: AppModel) -> None:
    controller.reporting(controller.drag_box)(6, (0.5, 0.5), (0.5, 0.5))
    assert model.status.level == "error"
    assert "too small" in model.status.text
    assert model.box is None


# Choosing


def test_unknown_choices_are_refused(controller: Controller, model: AppModel) -> None:
    with pytest.raises(StrategyError, match="center-outward"):
        controller.choose_strategy("sideways")
    with pytest.raises(StrategyError, match="automatic"):
        controller.choose_extent("whole")
    assert (model.strategy, model.extent_source) == ("center-outward", "automatic")


def test_the_references_extent_needs_a_reference(controller: Controller, model: AppModel) -> None:
    model.reference = None
    with pytest.raises(StrategyError, match="no reference"):
        controller.choose_extent("reference")


# Propagating


def test_propagating_needs_a_box(controller: Controller, model: AppModel) -> None:
    with pytest.raises(PromptError, match="no box"):
        controller.propagate()
    assert model.progress == Progress()


def test_the_box_must_lie_in_the_references_extent(controller: Controller) -> None:
    controller.set_box(BoxPrompt(2, 8, 3, 22, 12))
    controller.choose_extent("reference")
    with pytest.raises(StrategyError, match="slices 4 to 8"):
        controller.propagate()


def test_a_run_gives_masks_scores_surface_and_progress(
    controller: Controller, model: AppModel, stack: SliceStack
) -> None:
    controller.set_box(BOX)
    controller.choose_extent("reference")
    seen = []
    model.observe(lambda change: seen.append((change.new.done, change.new.total)), "progress")
    result = controller.propagate().result()

    assert result is not None
    assert np.array_equal(result.stack_mask, stack.pixels > 50)
    assert sorted(model.masks.by_slice) == [4, 5, 6, 7, 8]
    assert seen == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (5, 5)]
    (run,) = model.runs
    assert run.complete
    assert run.scores.dice == 1.0
    assert run.segmentation.volume_ml == pytest.approx(5 * 5 * 10 * 6 / 1000)
    assert run.segmentation.provenance.extent is not None
    assert model.scene.html
    assert not model.progress.running
    assert model.slice_index == 6


def test_an_automatic_extent_has_no_total(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.propagate()
    assert model.progress == Progress(False, 9, None)  # slices 4 to 8, two empty ones each way
    assert model.runs[0].segmentation.provenance.extent is None


def test_results_are_kept_side_by_side(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    for strategy in ("center-outward", "top-to-bottom", "bottom-to-top"):
        controller.choose_strategy(strategy)
        controller.propagate()
    assert [run.strategy for run in model.runs] == [
        "center-outward",
        "top-to-bottom",
        "bottom-to-top",
    ]


def test_the_engine_is_opened_once_and_late(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine = ScriptedEngine(lambda _index: None)
    controller = make_controller(engine)
    assert engine.opened == 0
    controller.set_box(BOX)
    controller.propagate()
    controller.propagate()
    assert engine.opened == 1
    assert model.engine_label == "scripted (01234567)"


@pytest.mark.parametrize("after", range(1, 6))
def test_cancel_takes_effect_within_one_slice_and_keeps_what_is_done(
    make_controller: Callable[..., Controller], model: AppModel, after: int
) -> None:
    started: list[int] = []

    def before(index: int) -> None:
        started.append(index)
        if len(started) == after:
            controller.cancel()

    controller = make_controller(ScriptedEngine(before))
    controller.choose_extent("reference")
    controller.set_box(BOX)
    result = controller.propagate().result()

    assert len(started) == after
    assert result is not None
    assert sorted(each.slice for each in result.slices) == sorted(started)
    assert not model.runs[0].complete
    assert "Cancelled" in model.status.text
    assert not model.progress.running


def test_cancel_works_while_a_one_way_strategy_looks_for_its_start(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    started: list[int] = []

    def before(index: int) -> None:
        started.append(index)
        controller.cancel()

    controller = make_controller(ScriptedEngine(before))
    controller.choose_strategy("top-to-bottom")
    controller.set_box(BOX)
    masks = model.masks
    assert controller.propagate().result() is None
    assert len(started) == 1
    assert model.runs == ()
    assert model.masks is masks


def test_cancelled_while_waiting_for_the_worker(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.set_box(BOX)
    future = controller.propagate()
    controller.cancel()
    executor.run_next()
    executor.run_next()
    assert future.result() is None
    assert not model.progress.running


def test_cancel_while_idle_changes_nothing(controller: Controller, model: AppModel) -> None:
    status = model.status
    controller.cancel()
    assert model.status is status


def test_a_second_click_while_busy_is_ignored(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.set_box(BOX)
    first = controller.propagate()
    assert controller.propagate() is first
    assert "Already" in model.status.text
    executor.run_next()
    executor.run_next()
    assert len(model.runs) == 1
    assert not executor.jobs


def test_another_box_waits_for_the_run(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    controller = make_controller(executor=ManualExecutor())
    controller.set_box(BOX)
    controller.propagate()
    with pytest.raises(PromptError, match="Cancel"):
        controller.set_box(BoxPrompt(4, 8, 3, 22, 12))
    assert model.box is BOX


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(EngineError("The fuse blew."), "The fuse blew."), (RuntimeError("nan"), "The engine failed")],
)
def test_an_engine_that_raises_leaves_everything_as_it_was(
    make_controller: Callable[..., Controller],
    model: AppModel,
    error: Exception,
    sentence: str,
) -> None:
    broken = False

    def before(index: int) -> None:
        if broken and index == 8:
            raise error

    controller = make_controller(ScriptedEngine(before))
    controller.set_box(BOX)
    controller.propagate()
    masks, runs, scene = model.masks, model.runs, model.scene
    broken = True
    with pytest.raises(type(error)):
        controller.propagate().result()
    assert (model.masks, model.runs, model.scene) == (masks, runs, scene)
    assert model.status.level == "error"
    assert sentence in model.status.text
    assert model.progress == Progress()

    broken = False
    controller.propagate()
    assert len(model.runs) == 2


def test_an_engine_that_does_not_open_is_tried_again(
    model: AppModel, make_controller: Callable[..., Controller]
) -> None:
    class Refusing(ScriptedEngine):
        def open(self, stack: SliceStack) -> ScriptedEngine:
            if self.opened == 0:
                self.opened += 1
                raise EngineError("No memory.")
            return super().open(stack)

    controller = make_controller(Refusing(lambda _index: None))
    controller.set_box(BOX)
    assert model.status.text == "No memory."
    assert controller.propagate().result() is not None


# Following


def test_the_picture_follows_until_a_person_scrolls(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    shown: list[int] = []
    model.observe(lambda change: shown.append(change.new), "slice_index")

    def before(index: int) -> None:
        if index == 8:
            controller.show_slice(0)

    controller = make_controller(ScriptedEngine(before))
    controller.choose_extent("reference")
    controller.show_slice(5)
    controller.set_box(BoxPrompt(5, 8, 3, 22, 12))
    controller.choose_strategy("bottom-to-top")
    controller.propagate()
    assert shown[-2:] == [4, 0]  # the first slice of the run, then the person's
    assert model.slice_index == 0
    assert not model.follow


# Threads


def test_with_a_real_worker_the_caller_stays_free_and_cancel_stops_it(
    make_controller: Callable[..., Controller],
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def before(index: int) -> None:
        if index == 7:
            reached.set()
            assert go_on.wait(10)

    with ThreadPoolExecutor(1) as executor:
        controller = make_controller(ScriptedEngine(before), executor)
        controller.choose_extent("reference")
        controller.set_box(BOX)
        future = controller.propagate()
        assert reached.wait(10)
        controller.step(1)  # not blocked by the engine
        controller.cancel()
        go_on.set()
        result = future.result(10)
    assert result is not None
    assert [each.slice for each in result.slices] == [6, 7]

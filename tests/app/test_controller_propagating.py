"""Propagating through the controller with a fake engine; no thread unless the test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from app_fakes import BOX, ManualExecutor, ScriptedEngine, active, check

from breastwidget.app.controller import Controller
from breastwidget.app.document import ExtentChoice
from breastwidget.app.model import AppModel, Progress
from breastwidget.app.wording import describe_progress, describe_strategy
from breastwidget.errors import EngineError, PromptError, StrategyError
from breastwidget.prompts import BoxPrompt
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, SliceStack

# Choosing


def test_unknown_choices_are_refused(controller: Controller, model: AppModel) -> None:
    document = model.document
    with pytest.raises(StrategyError, match="center-outward"):
        controller.choose_strategy("sideways")
    with pytest.raises(StrategyError, match="automatic"):
        controller.choose_extent("whole")
    with pytest.raises(StrategyError, match="none"):
        controller.choose_extent("range")
    with pytest.raises(StrategyError, match="0 to 11"):
        controller.choose_extent("range", Extent(4, 12))
    with pytest.raises(StrategyError, match="FIRST"):
        controller.choose_extent("range", (8, 4))
    assert model.document is document


def test_choices_are_edits(controller: Controller, model: AppModel) -> None:
    controller.choose_strategy("top-to-bottom")
    controller.choose_extent("range", (4, 8))
    assert model.document.extent == ExtentChoice("range", Extent(4, 8), Plane.AXIAL)
    assert model.history.undo_label == "choose slices 4 to 8"
    controller.undo()
    controller.undo()
    assert model.document.strategy == "center-outward"
    controller.choose_strategy("center-outward")  # as it is
    assert not model.history.past


def test_the_references_extent_needs_a_reference(controller: Controller, model: AppModel) -> None:
    model.reference = None
    with pytest.raises(StrategyError, match="no reference"):
        controller.choose_extent("reference")


@pytest.mark.parametrize(
    ("strategy", "extent", "sentence"),
    [
        ("center-outward", "automatic", "Starts on slice 6 and works outward both ways until"),
        ("center-outward", "reference", "Starts on slice 6 and works outward to slices 4 and 8."),
        # Superior is last: top to bottom runs from 8 down.
        ("top-to-bottom", "reference", "Starts on slice 8, the top, and visits every slice to 4."),
        ("bottom-to-top", "reference", "Starts on slice 4, the bottom, and visits every slice to"),
        ("top-to-bottom", "automatic", "Looks for the tumour's top from slice 6, then visits"),
    ],
)
def test_a_strategy_says_where_it_starts_and_what_it_visits(
    controller: Controller, model: AppModel, strategy: str, extent: str, sentence: str
) -> None:
    assert "your box" in describe_strategy(model)
    controller.set_box(BOX)
    controller.choose_extent(extent)
    assert describe_strategy(model, strategy).startswith(sentence)


# Running


def test_propagating_needs_a_prompt(controller: Controller, model: AppModel) -> None:
    with pytest.raises(PromptError, match="no box"):
        controller.propagate()
    controller.new_lesion()
    with pytest.raises(PromptError, match="no box of lesion 1"):
        controller.propagate()
    assert model.progress == Progress()


def test_the_prompt_must_lie_in_the_extent(controller: Controller, model: AppModel) -> None:
    controller.set_box(BoxPrompt(2, 8, 3, 22, 12))
    controller.choose_extent("reference")
    with pytest.raises(StrategyError, match="4 to 8"):
        controller.propagate()
    assert "4 to 8" in describe_strategy(model)
    controller.choose_extent("range", (0, 1))
    with pytest.raises(StrategyError, match="0 to 1"):
        controller.propagate()
    controller.show_plane(Plane.CORONAL)
    controller.choose_extent("range", (0, 20))
    with pytest.raises(StrategyError, match="coronal"):
        controller.propagate()


def test_a_run_gives_masks_scores_measures_surface_and_progress(
    controller: Controller, model: AppModel, stack: SliceStack
) -> None:
    controller.set_box(BOX)
    controller.choose_extent("reference")
    seen = []
    model.observe(lambda change: seen.append((change.new.done, change.new.total)), "progress")
    result = controller.propagate().result()

    assert result is not None
    assert np.array_equal(result.stack_mask, stack.pixels > 50)
    assert seen == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (5, 5)]
    lesion = active(model)
    assert sorted(lesion.masks.by_slice) == [4, 5, 6, 7, 8]
    (run,) = lesion.runs
    assert run is lesion.run
    assert run.complete
    assert run.scores is not None
    assert run.scores.dice == 1.0
    assert run.measures is not None
    assert run.measures.volume_ml == pytest.approx(5 * 5 * 10 * 6 / 1000)
    assert run.segmentation.provenance.extent is not None
    assert model.scene.html
    assert not model.progress.running
    assert model.live is None
    assert model.slice_index == 6
    assert describe_progress(model) == "5 of 5 slices"
    assert model.history.undo_label == "propagate center-outward"
    check(model)


def test_masks_stream_into_view(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    seen = []

    def before(index: int) -> None:
        live = model.live
        assert live is not None
        seen.append((index, sorted(live.masks.by_slice), sorted(live.confidence)))
        assert model.masks_of(1) is live.masks
        assert sorted(active(model).masks.by_slice) == [6]  # the document waits for the end

    controller = make_controller(ScriptedEngine(before))
    controller.set_box(BOX)
    controller.choose_extent("range", (5, 7))
    controller.propagate()
    assert seen == [(6, [6], []), (7, [6], [6]), (5, [6, 7], [6, 7])]


def test_an_automatic_extent_has_no_total(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.propagate()
    assert model.progress == Progress(False, 9, None)  # slices 4 to 8, two empty ones each way
    assert active(model).runs[0].segmentation.provenance.extent is None


def test_results_are_kept_side_by_side_and_shown_by_number(
    controller: Controller, model: AppModel
) -> None:
    controller.set_box(BOX)
    for strategy in ("center-outward", "top-to-bottom", "bottom-to-top"):
        controller.choose_strategy(strategy)
        controller.propagate()
    lesion = active(model)
    assert [run.strategy for run in lesion.runs] == [
        "center-outward",
        "top-to-bottom",
        "bottom-to-top",
    ]
    assert lesion.shown == 2
    controller.show_run(1, 0)
    assert active(model).run is lesion.runs[0]
    assert active(model).masks is lesion.runs[0].masks
    assert model.history.undo_label == "show result 1 of lesion 1"
    with pytest.raises(StrategyError, match="no result 3"):
        controller.show_run(1, 3)
    check(model)


def test_the_image_chosen_is_the_one_segmented(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.choose_image("phase 2")
    controller.propagate()
    (run,) = active(model).runs
    assert run.image == "phase 2"
    assert run.segmentation.volume is model.images[1].volume


def test_a_result_is_kept_where_it_cannot_be_scored(
    controller: Controller, model: AppModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ImportError("monai")

    monkeypatch.setattr("breastwidget.metrics.score_masks", fail)
    controller.set_box(BOX)
    assert controller.propagate().result() is not None
    assert active(model).runs[0].scores is None


# Cancelling


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
    assert not active(model).runs[0].complete
    assert sorted(active(model).masks.by_slice) == sorted(started)
    assert "Cancelled" in model.status.text
    assert not model.progress.running
    check(model)


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
    document = model.document
    assert controller.propagate().result() is None
    assert len(started) == 1
    assert model.document is document
    check(model)


def test_cancelled_while_waiting_for_the_worker(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.set_box(BOX)
    future = controller.propagate()
    controller.cancel()
    executor.run_all()
    assert future.result() is None
    assert not model.progress.running
    assert sorted(active(model).masks.by_slice) == [6]


def test_cancel_while_idle_changes_nothing(controller: Controller, model: AppModel) -> None:
    status = model.status
    controller.cancel()
    assert model.status is status


# Busy


def test_a_second_click_while_busy_is_ignored(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.set_box(BOX)
    first = controller.propagate()
    assert controller.propagate() is first
    assert "Already" in model.status.text
    executor.run_all()
    assert len(active(model).runs) == 1


def test_what_a_run_is_made_from_does_not_change_while_it_runs(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.set_box(BOX)
    controller.propagate()
    document = model.document
    refused: list[Callable[[], object]] = [
        lambda: controller.set_box(BoxPrompt(4, 8, 3, 22, 12)),
        lambda: controller.add_point(6, (12, 6), True),
        lambda: controller.stroke(6, [(1, 1)], False),
        lambda: controller.use_mask("mask.nii.gz"),
        lambda: controller.remove_prompt(BOX),
        lambda: controller.delete_lesion(1),
        controller.suggest,
        lambda: controller.accept(0),
        lambda: controller.show_run(1, 0),
        controller.undo,
        controller.redo,
        controller.restore,
    ]
    for action in refused:
        with pytest.raises(PromptError, match="Cancel"):
            action()
    assert model.document is document
    controller.rename_lesion(1, "left")
    controller.recolour_lesion(1, "#123456")
    executor.run_all()
    assert (active(model).name, len(active(model).runs)) == ("left", 1)


# Failing


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
    document, history, scene = model.document, model.history, model.scene
    broken = True
    with pytest.raises(type(error)):
        controller.propagate().result()
    assert (model.document, model.history, model.scene) == (document, history, scene)
    assert model.status.level == "error"
    assert sentence in model.status.text
    assert model.progress == Progress()
    check(model)

    broken = False
    controller.propagate()
    assert len(active(model).runs) == 2


# Following


def test_the_picture_follows_until_a_person_scrolls(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    shown: list[int] = []
    model.observe(lambda change: shown.append(change.new.k), "cursor")

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


# Doubting


def test_next_doubtful_goes_round_the_doubtful_slices(
    controller: Controller, model: AppModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.next_doubtful()
    assert "no result" in model.status.text
    controller.set_box(BOX)
    controller.propagate()
    controller.next_doubtful()
    assert "No slice" in model.status.text
    monkeypatch.setattr("breastwidget.app.propagating.doubtful", lambda _lesion: (2, 9))
    for expected in (9, 2, 9):
        controller.next_doubtful()
        assert model.slice_index == expected


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

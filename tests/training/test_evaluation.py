"""The evaluation on made-up results whose figures are known by hand; no network is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from breastwidget.display import REFERENCE_COLOUR, RESULT_COLOURS
from breastwidget.engines.base import EngineInfo, EngineSession, SliceResult
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt
from breastwidget.strategies import Extent, Pass
from breastwidget.volume import SliceStack, Volume
from training import calibration, comparison, extents, failures, speed, tables
from training.endings import Walk, present_past, stopped, walks
from training.evaluate import BASELINE_PROMPTS, Evaluation, evaluate, parse, report
from training.evaluation_cases import Case
from training.protocols import PROMPTS, Target, evaluate_case, loosened, prompts, trials


class Painter:
    """An engine that finds the same square on certain slices, whatever it is asked."""

    def __init__(self, slices: range, rows: slice = slice(4, 8)) -> None:
        self.slices, self.rows = slices, rows

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("painter")

    def open(self, stack: SliceStack) -> EngineSession:
        return PainterSession(self, stack)


class PainterSession:
    def __init__(self, painter: Painter, stack: SliceStack) -> None:
        self._painter, self._stack = painter, stack

    @property
    def encoded_slices(self) -> int:
        return 0

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        mask = np.zeros(self._stack.shape[1:], dtype=bool)
        mask[self._painter.rows, 6:10] = index in self._painter.slices
        return SliceResult(index, mask, 0.75, 0.9 if mask.any() else 0.2, 0.01)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        return (self.predict(lesion, index) for index in run.slices)


def _reference(slices: range = range(8, 12), depth: int = 24) -> NDArray[np.bool_]:
    """A 4 x 4 square at rows 4-7, columns 6-9 on some slices; (slice, row, column)."""
    reference = np.zeros((depth, 16, 20), dtype=bool)
    reference[slices, 4:8, 6:10] = True
    return reference


@pytest.fixture
def case() -> Case:
    """An axial volume whose slice 0 is the lowest; the square is on slices 8-11 of 24."""
    affine = np.diag([-1.0, -1.0, 3.0, 1.0])  # stored as displayed: columns to L, rows to P
    reference = np.ascontiguousarray(_reference().transpose(2, 1, 0))
    volume = Volume(reference.astype(np.float32), affine, "square", slice_axis=2)
    return Case("synthetic", "square", volume, reference, "square")


def _runs(**columns: list[Any]) -> pd.DataFrame:
    """Rows of runs: what is not given is one synthetic, center-outward box of nano."""
    count = len(next(iter(columns.values())))
    usual: dict[str, Any] = {
        "engine": "nano",
        "group": "real",
        "kind": "square",
        "strategy": "center-outward",
        "prompt": "box",
        "reach": "reference",
    }
    return pd.DataFrame({**{name: [value] * count for name, value in usual.items()}, **columns})


# -- prompts and extents


@pytest.mark.parametrize(
    ("longer", "expected"),
    [(0.10, (9.5, 4.8, 20.5, 9.2)), (0.25, (8.75, 4.5, 21.25, 9.5))],
)
def test_a_loosened_box_has_sides_so_much_longer(
    longer: float, expected: tuple[float, float, float, float]
) -> None:
    reference = np.zeros((3, 30, 40), dtype=bool)
    reference[1, 5:9, 10:20] = True  # 4 rows, 10 columns
    box = loosened(Target.of(reference, 0), 1, longer)
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(expected)
    assert box.x1 - box.x0 == pytest.approx(10 * (1 + longer))


def test_a_loosened_box_is_cut_at_the_edge_of_the_picture() -> None:
    reference = np.zeros((1, 10, 10), dtype=bool)
    reference[0, 0:4, 2:10] = True
    box = loosened(Target.of(reference, 0), 0, 0.25)
    assert (box.x0, box.y0, box.x1, box.y1) == (1.0, 0.0, 10.0, 4.5)


def test_the_start_is_the_nearest_slice_that_shows_the_lesion() -> None:
    reference = _reference(range(4, 13))
    reference[7:10] = False  # the middle, 8, shows nothing; 6 and 10 are as near
    assert Target.of(reference, 0).start("center-outward") == 6
    assert Target.of(reference, 0).start("top-to-bottom") == 4
    assert Target.of(reference, 23).start("top-to-bottom") == 12


@pytest.mark.parametrize(
    ("strategy", "top", "expected"),
    [
        ("center-outward", 0, Extent(2, 21)),
        ("top-to-bottom", 0, Extent(10, 21)),
        ("bottom-to-top", 0, Extent(2, 13)),
        ("top-to-bottom", 29, Extent(2, 13)),
    ],
)
def test_an_extent_is_widened_where_passes_run_over_its_end(
    strategy: str, top: int, expected: Extent
) -> None:
    target = Target.of(_reference(range(10, 14), depth=30), top)
    assert target.widened(strategy) == expected


def test_a_widened_extent_stays_in_the_stack() -> None:
    target = Target.of(_reference(range(3, 22)), 0)
    assert target.widened("center-outward") == Extent(0, 23)


def test_every_strategy_has_its_prompts_and_one_way_ones_also_the_middle_box() -> None:
    target = Target.of(_reference(), 0)
    assert tuple(prompts(target, "center-outward")) == PROMPTS[:-1]
    one_way = prompts(target, "top-to-bottom")
    assert tuple(one_way) == PROMPTS
    assert one_way["box"] == BoxPrompt(8, 6.0, 4.0, 10.0, 8.0)
    assert one_way["middle box"].slice == 9
    assert isinstance(one_way["mask"], MaskPrompt)


def test_the_first_trial_is_a_center_outward_box_and_baselines_have_six() -> None:
    target = Target.of(_reference(), 0)
    first = next(trials(target))
    assert (first.strategy, first.kind, first.reach) == ("center-outward", "box", "reference")
    fewer = list(trials(target, BASELINE_PROMPTS, free=False))
    assert len(fewer) == 6
    assert {trial.reach for trial in fewer} == {"reference"}


# -- where a pass ends


@pytest.mark.parametrize(
    ("present", "inside", "expected"),
    [
        ("###..", 3, 0),
        ("##...", 3, -1),
        ("#.#..", 3, 0),  # one slice without it is not the end
        ("#..##", 5, -4),  # two are, even where it comes back
        ("####.#..", 3, 3),
        ("#####", 3, 2),  # never let go while it was watched
        ("##.", 3, -1),  # the stack ends with the reference
        ("###", 3, 0),
        (".....", 3, -3),
    ],
)
def test_a_pass_lets_go_at_the_first_two_slices_without_the_object(
    present: str, inside: int, expected: int
) -> None:
    walk = Walk("last", tuple(mark == "#" for mark in present), inside)
    assert stopped(walk) == expected


def test_presence_past_the_end_is_unknown_where_the_stack_ends() -> None:
    walk = Walk("last", (True, True, True, False, True), 2)
    assert present_past(walk, 1) == 1.0
    assert present_past(walk, 2) == 0.0
    assert math.isnan(present_past(walk, 4))


def test_walks_leave_the_prompt_in_both_directions() -> None:
    present = {3: False, 4: True, 5: True, 6: True, 7: False, 8: False}
    up, down = walks(present, 5, 4, 7, ("last", "first"))
    assert (up.end, up.present, up.inside) == ("last", (True, True, False, False), 3)
    assert (down.end, down.present, down.inside) == ("first", (True, True, False), 2)
    assert (stopped(up), stopped(down)) == (-1, 0)


# -- runs


def test_a_run_that_keeps_going_for_two_slices(case: Case) -> None:
    found = list(evaluate_case(case, Painter(range(8, 14)), "nano"))
    runs = pd.DataFrame([row for _, _, rows in found for row in rows.runs])
    center = tables.pick(runs, strategy="center-outward", prompt="box").set_index("reach")
    assert center.loc["reference", "volume"] == 1.0
    assert center.loc["widened", "volume"] == pytest.approx(2 * 4 / (4 + 6))
    assert center.loc["automatic", "volume"] == pytest.approx(0.8)
    assert center.loc["reference", "slices"] == 4
    assert center.loc["widened", "visited"] == 8 + 4 + 8
    endings = pd.DataFrame([row for _, _, rows in found for row in rows.endings])
    up = endings[endings["end"] == "last"]
    assert set(up["stopped"]) == {2}
    assert set(endings.loc[endings["end"] == "first", "stopped"]) == {0}
    assert up[["past 1", "past 2", "past 4"]].iloc[0].tolist() == [1.0, 1.0, 0.0]


def test_slice_rows_hold_overlap_distance_and_presence(case: Case) -> None:
    painter = Painter(range(8, 11), rows=slice(6, 10))  # half of the square, and as much beside it
    _, _, rows = next(iter(evaluate_case(case, painter, "nano")))
    by_slice = {row["slice"]: row for row in rows.slices}
    assert sorted(by_slice) == [8, 9, 10, 11]
    assert by_slice[8]["dice"] == 0.5
    assert by_slice[8]["iou"] == pytest.approx(1 / 3)
    assert by_slice[11]["distance"] == 2
    assert by_slice[11]["there"]
    assert not by_slice[11]["present"]
    assert by_slice[11]["dice"] == 0.0


# -- tables


def test_dice_by_distance_is_a_mean_of_case_means() -> None:
    slices = _runs(
        case=["a", "a", "a", "a", "b"],
        distance=[0, 1, -2, 4, 2],
        dice=[1.0, 0.8, 0.6, 0.2, 0.1],
        there=[True, True, True, False, True],
    )
    row = tables.by_distance(slices).frame.iloc[0]
    assert row["0"] == 1.0
    assert row["1–2"] == pytest.approx(((0.8 + 0.6) / 2 + 0.1) / 2)
    assert math.isnan(row["3–5"])  # the lesion is not on that slice


def test_passes_are_counted_early_and_late() -> None:
    endings = _runs(
        stopped=[0, -1, -3, 2],
        **{"past 1": [0.0, 0.0, 0.0, 1.0], "past 2": [0.0, 0.0, math.nan, 1.0]},
        **{"past 4": [math.nan] * 4},
    )
    row = extents.ends(endings).frame.iloc[0]
    assert row["passes"] == 4
    assert row["lets go early, %"] == 0.5
    assert row["early by, slices"] == 2.0
    assert row["goes on, %"] == 0.25
    assert row["on for, slices"] == 2.0
    assert row["present 1 past, %"] == 0.25
    assert row["present 2 past, %"] == pytest.approx(1 / 3)
    assert math.isnan(row["present 4 past, %"])


def test_dice_lost_to_an_automatic_extent_is_paired_by_case() -> None:
    runs = _runs(
        case=["a", "b", "b", "a"],
        reach=["reference", "reference", "automatic", "automatic"],
        volume=[0.9, 0.8, 0.5, 0.8],
    )
    row = extents.automatic(runs).frame.iloc[0]
    assert row["Dice lost"] == pytest.approx(0.2)
    assert row["most lost in a case"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("goes on, %", 0.25, "25 %"),
        ("encoding, ms", 12.34, "12.3"),
        ("volume", 0.7, "0.700"),
        ("volume", math.nan, "–"),
        ("cases", 8, "8"),
        ("case", "a", "a"),
    ],
)
def test_cells_are_written_by_their_column(column: str, value: object, expected: str) -> None:
    assert tables.cell(column, value) == expected


def test_a_table_is_markdown_with_its_conventions_beneath() -> None:
    table = tables.Table("Dice", pd.DataFrame({"case": ["a"], "volume": [0.5]}), "Mean Dice.")
    lines = table.markdown().splitlines()
    assert lines[0] == "### Dice"
    assert lines[2:5] == ["| case | volume |", "| --- | --- |", "| a | 0.500 |"]
    assert lines[-1] == "Mean Dice."


# -- calibration


def test_reliability_puts_edges_into_the_upper_part_and_one_into_the_last() -> None:
    rows = calibration.reliability([0.0, 0.3, 0.35, 1.0], [0.1, 0.5, 0.7, 1.0])
    assert [count for count, _, _ in rows] == [1, 0, 0, 2, 0, 0, 0, 0, 0, 1]
    assert rows[3][1:] == pytest.approx((0.325, 0.6))
    assert math.isnan(rows[1][1])


def test_calibration_error_weighs_bins_by_their_counts() -> None:
    # Three slices said 0.9 of which two are there, one said 0.2 which is not.
    error = calibration.calibration_error([0.9, 0.9, 0.9, 0.2], [1, 1, 0, 0])
    assert error == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.2)
    assert math.isnan(calibration.calibration_error([], []))


def test_correlation_is_unknown_where_nothing_varies() -> None:
    assert calibration.correlation([0.1, 0.2, 0.3], [0.2, 0.4, 0.6]) == pytest.approx(1.0)
    assert math.isnan(calibration.correlation([0.5, 0.5], [0.1, 0.9]))


def test_calibration_figures_take_iou_where_it_is_shown_and_score_where_it_was_tracked() -> None:
    slices = _runs(
        reach=["widened"] * 4,
        distance=[0, 1, 2, 3],
        there=[True, True, True, False],
        present=[True, True, False, True],
        iou=[0.9, 0.5, 0.0, 0.0],
        score=[0.99, 0.9, 0.1, 0.8],
        **{"predicted iou": [0.8, 0.8, 0.3, 0.9]},
    )
    row = calibration.calibration_figures(slices).frame.iloc[0]
    assert row["IoU: count"] == 2
    assert row["IoU: mean absolute error"] == pytest.approx((0.1 + 0.3) / 2)
    assert row["IoU: mean predicted − true"] == pytest.approx((-0.1 + 0.3) / 2)
    assert row["score: count"] == 3
    assert row["score: right, %"] == pytest.approx(1 / 3)


# -- speed


def test_milliseconds_are_told_apart_by_what_was_encoded() -> None:
    # Encoding takes 10 ms, a prompt 5 and a tracked slice 20; three slices were encoded at once.
    slices = _runs(
        case=["a"] * 4,
        distance=[0, 1, 2, 3],
        encoded=[1, 3, 0, 0],
        seconds=[0.015, 0.050, 0.020, 0.020],
    )
    found = speed.speed_figures(slices)
    assert found == pytest.approx(
        {"encoding": 10.0, "prompted": 5.0, "tracked": 20.0, "all": 105 / 4}
    )


# -- baselines and the figures to reach


def _rivals() -> pd.DataFrame:
    return _runs(
        engine=["nano"] * 3 + ["otsu"] * 3 + ["random-walker"] * 3,
        case=["a", "b", "c"] * 3,
        volume=[0.9, 0.6, 0.7, 0.5, 0.7, 0.6, 0.8, 0.1, 0.7],
        **{"prompted slice": [0.9] * 3 + [0.8] * 3 + [0.7] * 3},
    )


def test_nano_is_better_only_where_it_beats_every_baseline() -> None:
    row = comparison.baseline_table(_rivals(), ("otsu", "random-walker")).frame.iloc[0]
    assert row["better than otsu"] == "2 of 3"
    assert row["better than random-walker"] == "2 of 3"  # a tie is not better
    assert row["better than all of them"] == "1 of 3"
    assert row["volume: nano"] == pytest.approx(2.2 / 3)
    assert row["prompted slice: otsu"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("value", "lower", "expected"),
    [
        (0.93, False, "aim"),
        (0.91, False, "floor"),
        (0.89, False, "below the floor"),
        (math.nan, False, "not measured"),
    ],
)
def test_a_goal_says_what_it_reaches(value: float, lower: bool, expected: str) -> None:
    assert comparison.Goal("x", 0.90, 0.93, value, lower_is_better=lower).verdict == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.01, "aim"), (0.05, "floor"), (0.09, "below the floor")]
)
def test_a_goal_of_losses_is_reached_from_above(value: float, expected: str) -> None:
    assert comparison.Goal("x", 0.08, 0.03, value, lower_is_better=True).verdict == expected


def test_being_behind_a_baseline_on_average_is_below_the_floor() -> None:
    ahead = comparison.goals(_rivals(), _runs(case=[]), ("otsu", "random-walker"))[4]
    assert ahead.text == "yes on average; 1 of 3 cases"
    assert ahead.verdict == "floor"
    runs = _rivals()
    runs.loc[runs["engine"] == "otsu", "volume"] = [1.0, 0.5, 0.8]
    behind = comparison.goals(runs, _runs(case=[]), ("otsu", "random-walker"))[4]
    assert behind.text == "no on average; 1 of 3 cases"
    assert behind.verdict == "below the floor"


# -- pictures


def test_slices_are_shown_from_the_prompt_to_the_end() -> None:
    assert failures.shown_slices(5, 5) == [5]
    assert failures.shown_slices(5, 3) == [5, 4, 3]
    assert failures.shown_slices(0, 20, 6) == [0, 4, 8, 12, 16, 20]


def test_pictures_of_real_cases_stay_outside_the_repository(tmp_path: Path) -> None:
    inside = tmp_path / "docs" / "pictures"
    assert failures.refuse_inside(inside, tmp_path, ["synthetic", "phantom"]) is None
    assert failures.refuse_inside(tmp_path / ".." / "else", tmp_path, ["real"]) is None
    assert "outside" in str(failures.refuse_inside(inside, tmp_path, ["phantom", "real"]))
    with pytest.raises(SystemExit):
        parse(["--pictures", str(Path(__file__).parent), "--pictures-of", "real"])


def test_the_worst_cases_are_kept_and_drawn_in_both_colours(case: Case, tmp_path: Path) -> None:
    stack = case.volume.stack()
    reference = stack.from_voxels(case.reference)
    found = np.roll(reference, 2, axis=1)
    box = BoxPrompt(9, 6.0, 4.0, 10.0, 8.0)
    worst = failures.Worst(["synthetic"], count=2)
    for name, value in (("fair", 0.7), ("good", 0.9), ("bad", 0.2)):
        outcome = failures.Outcome("synthetic", name, stack, reference, found, box, value)
        worst.add(outcome)
        worst.add(failures.Outcome("real", name, stack, reference, found, box, 0.0))
    assert [each.name for each in worst.outcomes] == ["bad", "fair"]
    assert [path.name for path in worst.save(tmp_path)] == ["bad.png", "fair.png"]
    picture = np.asarray(failures.draw_outcome(worst.outcomes[0]))
    for colour in (REFERENCE_COLOUR, RESULT_COLOURS[0]):
        rgb = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        below = picture[40:]  # without the legend
        assert (below == rgb).all(axis=2).any()


# -- all together


def test_a_whole_evaluation_prints_every_table(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    rivals = {"otsu": Painter(range(8, 10)), "random-walker": Painter(range(8, 11))}
    worst = failures.Worst(["synthetic"])
    found = evaluate([case], Painter(range(8, 12)), rivals, worst)
    assert "square" in capsys.readouterr().out
    text = report(found, tuple(rivals), threads=2)
    assert text.count("### ") == 12
    assert "| better than all baselines" in text
    assert "yes on average; 1 of 1 cases" in text
    assert worst.outcomes[0].dice == 1.0


def test_fewer_prompts_leave_figures_unmeasured(case: Case) -> None:
    found = evaluate([case], Painter(range(8, 12)), {}, failures.Worst([]), ("box",))
    assert isinstance(found, Evaluation)
    assert set(found.runs["prompt"]) == {"box"}
    verdicts = [goal.verdict for goal in comparison.goals(found.runs, found.slices, baselines=())]
    assert verdicts[2] == verdicts[4] == verdicts[6] == "not measured"
    assert verdicts[1] == verdicts[3] == verdicts[5] == "aim"

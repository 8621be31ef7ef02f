"""Corrections: which slices are visited again, and what becomes of the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import breastwidget as bw
from breastwidget.engines.base import FakeEngine
from breastwidget.errors import PromptError, StrategyError
from breastwidget.prompts import BoxPrompt, Lesion, PointPrompt
from breastwidget.propagation import repropagate, superseded
from breastwidget.readers import write_volume
from breastwidget.strategies import STRATEGIES, Extent, Pass, plan, replan
from breastwidget.volume import Plane

EXTENT = Extent(3, 9)


class TestReplan:
    def test_center_outward_runs_away_from_the_start(self):
        assert replan("center-outward", [6], EXTENT, 0, 8) == (Pass((8, 9)),)
        assert replan("center-outward", [6], EXTENT, 0, 4) == (Pass((4, 3)),)
        assert replan("center-outward", [6], EXTENT, 0, 9) == (Pass((9,)),)

    def test_the_start_slice_itself_is_done_over_both_ways(self):
        assert replan("center-outward", [6], EXTENT, 0, 6) == plan("center-outward", [6], EXTENT, 0)

    def test_the_start_is_the_one_that_plan_chose(self):
        assert plan("center-outward", [3, 7], EXTENT, 0)[0].slices[0] == 7
        assert replan("center-outward", [3, 7], EXTENT, 0, 5) == (Pass((5, 4, 3)),)

    @pytest.mark.parametrize(
        ("strategy", "top_slice", "expected"),
        [
            ("top-to-bottom", 0, (7, 8, 9)),
            ("top-to-bottom", 99, (7, 6, 5, 4, 3)),
            ("bottom-to-top", 0, (7, 6, 5, 4, 3)),
            ("bottom-to-top", 99, (7, 8, 9)),
        ],
    )
    def test_one_way_runs_to_the_end_of_its_order(self, strategy, top_slice, expected):
        assert replan(strategy, [5], EXTENT, top_slice, 7) == (Pass(expected),)

    def test_a_correction_outside_the_extent_is_refused(self):
        with pytest.raises(StrategyError, match=r"corrected slice 2 .* 3:9"):
            replan("center-outward", [6], EXTENT, 0, 2)

    @given(
        strategy=st.sampled_from(STRATEGIES),
        start=st.integers(0, 20),
        corrected=st.integers(0, 20),
        top_first=st.booleans(),
    )
    def test_what_is_replanned_is_the_rest_of_the_pass_that_visits_it(
        self, strategy, start, corrected, top_first
    ):
        extent, top = Extent(0, 20), 0 if top_first else 20
        again = [i for run in replan(strategy, [start], extent, top, corrected) for i in run.slices]
        for run in plan(strategy, [start], extent, top):
            if corrected in run.slices and not (
                strategy == "center-outward" and corrected == start
            ):
                assert tuple(again) == run.slices[run.slices.index(corrected) :]


@pytest.fixture
def stack(ball_volume):
    """Axial slices 0-19 of the ball, which is on slices 4 to 16; the last slice is the top."""
    return ball_volume.stack(Plane.AXIAL)


def box(index):
    return BoxPrompt(index, 8, 12, 24, 27)


class Recording:
    """A session that notes which passes it was asked for, and for which lesion."""

    def __init__(self, session):
        self._session = session
        self.asked = []

    @property
    def encoded_slices(self):
        return self._session.encoded_slices

    def predict(self, lesion, index):
        return self._session.predict(lesion, index)

    def track(self, lesion, run):
        self.asked.append((lesion, run))
        return self._session.track(lesion, run)


def again(stack, prompts, strategy, extent, corrected, **options):
    session = Recording(FakeEngine().open(stack))
    lesion = Lesion(tuple(prompts))
    results = repropagate(session, stack, lesion, strategy, extent, corrected, **options)
    return [result.slice for result in results], session


class TestRepropagate:
    def test_only_the_slices_from_the_correction_on_are_visited(self, stack):
        order, session = again(stack, [box(10), box(13)], "center-outward", Extent(4, 16), 13)
        assert order == [13, 14, 15, 16]
        assert session.encoded_slices == 4

    def test_every_prompt_goes_to_the_engine(self, stack):
        point = PointPrompt(12, 16, 19, positive=False)
        _, session = again(stack, [box(10), box(13), point], "center-outward", Extent(4, 16), 12)
        ((lesion, run),) = session.asked
        assert lesion.prompts == (box(10), box(13), point)
        assert run == Pass((12, 13, 14, 15, 16))

    def test_an_automatic_extent_ends_when_the_object_is_gone(self, stack):
        assert again(stack, [box(10), box(13)], "center-outward", None, 13)[0] == [*range(13, 19)]
        assert again(stack, [box(10), box(7)], "bottom-to-top", None, 7)[0] == [*range(7, 19)]

    def test_the_start_slice_is_corrected_both_ways(self, stack):
        order, _ = again(stack, [box(10), box(10)], "center-outward", Extent(8, 12), 10)
        assert order == [10, 11, 12, 9, 8]

    def test_the_start_is_the_first_prompt_unless_said(self, stack):
        prompts = [box(5), box(12), box(8)]
        assert again(stack, prompts, "center-outward", Extent(4, 16), 8)[0] == [*range(8, 17)]
        order, _ = again(stack, prompts, "center-outward", Extent(4, 16), 8, start=12)
        assert order == [8, 7, 6, 5, 4]

    def test_it_streams_and_stops_when_asked_no_more(self, stack):
        session = FakeEngine().open(stack)
        lesion = Lesion((box(10), box(12)))
        results = repropagate(session, stack, lesion, "center-outward", Extent(4, 16), 12)
        next(results)
        assert session.encoded_slices == 1

    def test_bad_input_is_refused_before_any_slice(self, stack):
        session = FakeEngine().open(stack)
        lesion = Lesion((box(10),))
        with pytest.raises(PromptError, match="Slice 12 carries no prompt of lesion 1"):
            repropagate(session, stack, lesion, "center-outward", None, 12)
        with pytest.raises(StrategyError, match="outside the extent"):
            repropagate(
                session, stack, Lesion((box(10), box(3))), "top-to-bottom", Extent(5, 12), 3
            )
        with pytest.raises(StrategyError, match="leaves the volume"):
            repropagate(session, stack, lesion, "center-outward", Extent(5, 40), 10)
        assert session.encoded_slices == 0


class TestSuperseded:
    def test_old_results_to_the_end_of_the_volume_are_void(self, stack):
        lesion = Lesion((box(10), box(13)))
        assert superseded(stack, lesion, "center-outward", 13) == frozenset(range(13, 20))
        assert superseded(stack, lesion, "center-outward", 10) == frozenset(range(20))
        # The last slice is the top.
        assert superseded(stack, lesion, "top-to-bottom", 13) == frozenset(range(14))

    def test_a_lesion_without_prompts_is_refused(self, stack):
        with pytest.raises(PromptError, match="no prompt"):
            superseded(stack, Lesion(()), "center-outward", 3)


def test_a_correction_with_the_same_prompt_changes_nothing(stack):
    session = FakeEngine().open(stack)
    lesion = Lesion((box(10),))
    first = {r.slice: r.mask for r in session.track(lesion, Pass(tuple(range(4, 17))))}
    for result in repropagate(session, stack, lesion, "center-outward", Extent(4, 16), 10):
        assert np.array_equal(result.mask, first[result.slice])


class TestSegmenterCorrect:
    @pytest.fixture
    def segmenter(self, ball_volume):
        return bw.Segmenter(ball_volume, FakeEngine(), "axial")

    def test_slices_before_the_correction_keep_their_masks(self, segmenter):
        result = segmenter.segment(box(10))
        before = result.stack_mask.copy()
        # The fake engine heeds the first prompted slice: half its box, and half the ball is found.
        smaller = Lesion((BoxPrompt(10, 8, 12, 16, 27), BoxPrompt(12, 8, 12, 16, 27)))
        seen = []
        corrected = segmenter.correct(result, smaller, 12, progress=lambda r: seen.append(r.slice))
        after = corrected.stack_mask
        assert np.array_equal(after[:12], before[:12])
        assert after[12:].sum() < before[12:].sum()
        assert seen == list(range(12, 18))  # two beyond its half
        assert [each.slice for each in corrected.slices][-6:] == seen
        assert len({each.slice for each in corrected.slices}) == len(corrected.slices)

    def test_old_slices_that_the_object_no_longer_reaches_are_emptied(self, segmenter):
        result = segmenter.segment(box(10))
        gone = Lesion((BoxPrompt(10, 0, 0, 2, 2), BoxPrompt(13, 0, 0, 2, 2)))
        corrected = segmenter.correct(result, gone, 13)
        assert not corrected.stack_mask[13:].any()
        assert np.array_equal(corrected.stack_mask[:13], result.stack_mask[:13])
        assert max(each.slice for each in corrected.slices) == 14  # gone after two

    def test_a_prompt_is_added_to_the_others(self, segmenter):
        result = segmenter.segment(box(10), "bottom-to-top", (4, 16))
        corrected = segmenter.correct(result, box(13))
        assert corrected.provenance.last_lesion.prompts == (box(10), box(13))
        assert corrected.provenance.lesion.prompts == (box(10),)
        assert corrected.provenance.extent == Extent(4, 16)
        assert np.array_equal(corrected.mask, result.mask)

    def test_the_start_stays_that_of_the_first_propagation(self, segmenter):
        # Of 6 and 12, 12 is nearer the middle of 4:16, where the first propagation began.
        result = segmenter.segment([box(6), box(12)], extent=(4, 16))
        seen = []
        segmenter.correct(result, box(9), progress=lambda r: seen.append(r.slice))
        assert seen == [9, 8, 7, 6, 5, 4]

    def test_one_slice_at_a_time(self, segmenter):
        result = segmenter.segment(box(10))
        with pytest.raises(PromptError, match="one slice after the other"):
            segmenter.correct(result, [box(13), box(7)])
        with pytest.raises(PromptError, match="corrected=SLICE"):
            segmenter.correct(result, Lesion((box(10), box(13))))


def test_a_corrected_session_replays_bit_identically(ball_volume, tmp_path, monkeypatch):
    monkeypatch.setattr("breastwidget.api.create_engine", lambda *_, **__: FakeEngine())
    write_volume(tmp_path / "scan.nii.gz", ball_volume)
    segmenter = bw.Segmenter(bw.load(tmp_path / "scan.nii.gz"), "fake", "axial")
    result = segmenter.segment(box(10))
    result = segmenter.correct(
        result, Lesion((BoxPrompt(10, 8, 12, 16, 27), BoxPrompt(12, 8, 12, 16, 27))), 12
    )
    folder = result.save(tmp_path / "out")
    again, identical = bw.replay(folder / "session.json")
    assert identical
    assert again.provenance.corrections[0].corrected == 12

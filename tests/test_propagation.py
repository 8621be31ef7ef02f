import numpy as np
import pytest

from breastwidget.engines.base import FakeEngine, SliceResult
from breastwidget.errors import PromptError, StrategyError
from breastwidget.prompts import BoxPrompt, Lesion, prompted_slices
from breastwidget.propagation import propagate
from breastwidget.strategies import STRATEGIES, Extent
from breastwidget.volume import Plane


@pytest.fixture
def stack(ball_volume):
    """Axial slices 0-19 of the ball, which is on slices 4 to 16; the last slice is the top."""
    return ball_volume.stack(Plane.AXIAL)


@pytest.fixture
def lesion():
    # The stack shows columns R to L and rows A to P; the ball's centre is row 19, column 16 or 15.
    return Lesion((BoxPrompt(10, 8, 12, 24, 27),))


def visited(stack, lesion, strategy, extent=None):
    session = FakeEngine().open(stack)
    return list(propagate(session, stack, lesion, strategy, extent))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_given_extent_is_visited_exactly(stack, lesion, strategy):
    results = visited(stack, lesion, strategy, Extent(6, 12))
    assert sorted(result.slice for result in results) == list(range(6, 13))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_automatic_extent_finds_the_whole_object(stack, lesion, strategy):
    present = [result.slice for result in visited(stack, lesion, strategy) if result.present]
    assert sorted(present) == list(range(4, 17))


def test_an_automatic_center_outward_stops_two_slices_after_the_end(stack, lesion):
    order = [result.slice for result in visited(stack, lesion, "center-outward")]
    assert order == [*range(10, 19), *range(9, 1, -1)]


def test_an_automatic_one_way_pass_begins_where_scouting_found_the_object(stack, lesion):
    # The affine's third axis runs to superior, so the top is the last slice.
    assert [r.slice for r in visited(stack, lesion, "top-to-bottom")] == list(range(16, 1, -1))
    assert [r.slice for r in visited(stack, lesion, "bottom-to-top")] == list(range(4, 19))


def test_a_pass_does_not_end_before_its_last_prompt(stack):
    boxes = (BoxPrompt(10, 8, 12, 24, 27), BoxPrompt(19, 8, 12, 24, 27))
    order = [r.slice for r in visited(stack, Lesion(boxes), "bottom-to-top")]
    assert order[-1] == 19


def test_results_stream_and_stopping_stops_the_engine(stack, lesion):
    session = FakeEngine().open(stack)
    results = propagate(session, stack, lesion, "center-outward", Extent(4, 16))
    next(results)
    next(results)
    assert session.encoded_slices == 2


def test_bad_input_is_refused_before_any_slice(stack, lesion):
    session = FakeEngine().open(stack)
    with pytest.raises(PromptError):
        propagate(session, stack, Lesion((BoxPrompt(99, 0, 0, 5, 5),)))
    with pytest.raises(StrategyError):
        propagate(session, stack, lesion, "inside-out")
    with pytest.raises(StrategyError):
        propagate(session, stack, lesion, "center-outward", Extent(25, 30))
    with pytest.raises(StrategyError):
        propagate(session, stack, lesion, "center-outward", Extent(11, 12))
    assert session.encoded_slices == 0


def test_a_lesion_without_prompts_is_refused(stack):
    with pytest.raises(StrategyError, match="none"):
        propagate(FakeEngine().open(stack), stack, Lesion(()))


def test_presence_needs_a_mask_and_a_probability():
    mask = np.ones((2, 2), bool)
    assert SliceResult(0, mask, 0.9, 0.6, 0.0).present
    assert not SliceResult(0, mask, 0.9, 0.4, 0.0).present
    assert not SliceResult(0, ~mask, 0.9, 0.6, 0.0).present
    assert prompted_slices(Lesion(())) == ()

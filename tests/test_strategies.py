import pytest
from hypothesis import given
from hypothesis import strategies as st

from breastwidget.errors import StrategyError
from breastwidget.strategies import STRATEGIES, Extent, Pass, plan, start_slice


def test_center_outward_runs_to_one_end_and_then_to_the_other():
    passes = plan("center-outward", [5], Extent(3, 8), top_slice=0)
    assert passes == (Pass((5, 6, 7, 8)), Pass((4, 3)))


def test_center_outward_from_the_end_has_one_pass():
    assert plan("center-outward", [8], Extent(3, 8), top_slice=0) == (
        Pass((8,)),
        Pass((7, 6, 5, 4, 3)),
    )
    assert plan("center-outward", [3], Extent(3, 8), top_slice=0) == (Pass((3, 4, 5, 6, 7, 8)),)


def test_top_is_the_stack_end_that_the_affine_says():
    extent = Extent(2, 4)
    assert plan("top-to-bottom", [3], extent, top_slice=0) == (Pass((2, 3, 4)),)
    assert plan("top-to-bottom", [3], extent, top_slice=9) == (Pass((4, 3, 2)),)
    assert plan("bottom-to-top", [3], extent, top_slice=0) == (Pass((4, 3, 2)),)
    assert plan("bottom-to-top", [3], extent, top_slice=9) == (Pass((2, 3, 4)),)


def test_start_slices_are_the_middle_the_top_and_the_bottom():
    extent = Extent(4, 9)
    assert start_slice("center-outward", extent, top_slice=0) == 6
    assert start_slice("top-to-bottom", extent, top_slice=0) == 4
    assert start_slice("bottom-to-top", extent, top_slice=0) == 9
    assert start_slice("top-to-bottom", extent, top_slice=20) == 9


def test_center_outward_can_start_at_the_largest_area_of_the_extent():
    areas = [99, 1, 2, 8, 3]
    assert start_slice("center-outward", Extent(1, 4), top_slice=0, areas=areas) == 3


def test_of_several_prompted_slices_the_one_nearest_the_middle_starts():
    first, second = plan("center-outward", [0, 6, 9], Extent(0, 9), top_slice=0)
    assert first.slices[0] == 6
    assert second.slices[0] == 5


@given(
    strategy=st.sampled_from(STRATEGIES),
    first=st.integers(0, 30),
    length=st.integers(1, 30),
    prompt=st.integers(0, 29),
    top_first=st.booleans(),
)
def test_every_slice_of_the_extent_is_visited_once(strategy, first, length, prompt, top_first):
    extent = Extent(first, first + length - 1)
    prompted = first + prompt % length
    passes = plan(strategy, [prompted], extent, top_slice=0 if top_first else 99)
    visited = [index for run in passes for index in run.slices]
    assert sorted(visited) == list(range(extent.first, extent.last + 1))
    for run in passes:
        assert all(abs(a - b) == 1 for a, b in zip(run.slices, run.slices[1:], strict=False))


def test_an_unknown_strategy_lists_the_valid_ones():
    with pytest.raises(StrategyError, match=r"'sideways'.*center-outward, top-to-bottom"):
        plan("sideways", [1], Extent(0, 2), top_slice=0)


def test_a_prompt_outside_the_extent_is_refused():
    with pytest.raises(StrategyError, match=r"No prompted slice \(7\).*0:3"):
        plan("center-outward", [7], Extent(0, 3), top_slice=0)


@pytest.mark.parametrize(("first", "last"), [(4, 3), (-1, 3)])
def test_an_inverted_or_negative_extent_is_refused(first, last):
    with pytest.raises(StrategyError, match="FIRST <= LAST"):
        Extent(first, last)

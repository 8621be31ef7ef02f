import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breastwidget.errors import PromptError
from breastwidget.prompts import (
    BoxPrompt,
    Lesion,
    MaskPrompt,
    PointPrompt,
    box_from_drag,
    box_from_reference,
    check_prompt,
    loosen,
    mask_from_reference,
    prompted_slices,
)

SHAPE = (5, 20, 30)


@pytest.fixture
def reference() -> np.ndarray:
    """Rows 4-6, columns 10-14 on slice 2; one voxel at row 9, column 3 on slice 3."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[2, 4:7, 10:15] = True
    mask[3, 9, 3] = True
    return mask


def test_a_tight_box_bounds_the_mask_half_open(reference):
    assert box_from_reference(reference, 2) == BoxPrompt(2, 10, 4, 15, 7)
    assert box_from_reference(reference, 3) == BoxPrompt(3, 3, 9, 4, 10)


def test_a_projected_box_is_the_3d_box_cut_at_the_slice(reference):
    assert box_from_reference(reference, 3, "projected") == BoxPrompt(3, 3, 4, 15, 10)


def test_a_reference_that_is_empty_there_gives_no_prompt(reference):
    with pytest.raises(PromptError, match="empty on slice 0"):
        box_from_reference(reference, 0)
    with pytest.raises(PromptError, match="empty on slice 0"):
        mask_from_reference(reference, 0)


def test_an_unknown_box_source_lists_the_valid_ones(reference):
    with pytest.raises(PromptError, match=r"'loose'.*tight, projected"):
        box_from_reference(reference, 2, "loose")


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (BoxPrompt(5, 1, 1, 2, 2), "Slice 5 is out of range; choose one of 0 to 4"),
        (BoxPrompt(-1, 1, 1, 2, 2), "Slice -1 is out of range"),
        (BoxPrompt(0, 5, 1, 2, 2), "empty or inverted"),
        (BoxPrompt(0, 2, 1, 2, 2), "empty or inverted"),
        (BoxPrompt(0, 1, 1, 31, 2), "outside the picture of 30 columns x 20 rows"),
        (BoxPrompt(0, -0.5, 1, 3, 2), "outside the picture"),
        (BoxPrompt(0, float("nan"), 1, 3, 2), "finite"),
        (PointPrompt(0, 30, 2), "outside the picture"),
        (MaskPrompt(0, np.ones((3, 3), bool)), "20 rows x 30 columns"),
        (MaskPrompt(0, np.zeros((20, 30), bool)), "empty"),
    ],
)
def test_a_prompt_that_does_not_fit_is_one_sentence(prompt, sentence):
    with pytest.raises(PromptError, match=sentence):
        check_prompt(prompt, SHAPE)


def test_prompts_at_the_edges_fit():
    check_prompt(BoxPrompt(4, 0, 0, 30, 20), SHAPE)
    check_prompt(PointPrompt(0, 0, 19.9), SHAPE)


@given(st.tuples(*[st.floats(-0.5, 1.5)] * 4))
def test_a_drag_in_any_direction_gives_a_box_inside_the_picture(corners):
    u0, v0, u1, v1 = corners
    try:
        box = box_from_drag(0, (u0, v0), (u1, v1), (20, 30))
    except PromptError:
        clipped = np.clip(corners, 0, 1)
        assert abs(clipped[2] - clipped[0]) * 30 < 1 or abs(clipped[3] - clipped[1]) * 20 < 1
        return
    check_prompt(box, SHAPE)
    assert box == box_from_drag(0, (u1, v0), (u0, v1), (20, 30))


def test_a_drag_maps_fractions_to_columns_and_rows():
    assert box_from_drag(3, (0.5, 0.75), (0.1, 0.25), (20, 30)) == BoxPrompt(3, 3, 5, 15, 15)


def test_a_loosened_box_grows_on_each_side_and_stays_inside():
    assert loosen(BoxPrompt(0, 10, 10, 20, 14), 0.25, (20, 30)) == BoxPrompt(0, 7.5, 9, 22.5, 15)
    assert loosen(BoxPrompt(0, 1, 0, 29, 20), 0.5, (20, 30)) == BoxPrompt(0, 0, 0, 30, 20)


def test_prompted_slices_are_ascending_and_unique():
    lesion = Lesion((PointPrompt(4, 1, 1), BoxPrompt(2, 0, 0, 3, 3), PointPrompt(4, 2, 2)))
    assert prompted_slices(lesion) == (2, 4)
    assert len(lesion.on(4)) == 2

"""Brush strokes in mm, on masks whose pixels can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from breastwidget.app.painting import brushed, painted
from breastwidget.errors import PromptError

SQUARE = (1.0, 1.0)


def pixels(mask: np.ndarray) -> set[tuple[int, int]]:
    """(row, column) of what is set."""
    return {(int(row), int(column)) for row, column in np.argwhere(mask)}


def test_a_dab_on_a_pixels_centre_reaches_its_four_neighbours() -> None:
    assert pixels(brushed((5, 5), [(2.5, 2.5)], 1.0, SQUARE)) == {
        (2, 2),
        (1, 2),
        (3, 2),
        (2, 1),
        (2, 3),
    }


def test_the_brush_is_round_in_mm() -> None:
    # Rows 1 mm, columns 2 mm apart: 2 mm are two rows but one column.
    assert pixels(brushed((7, 7), [(3.5, 3.5)], 2.0, (1.0, 2.0))) == {
        (1, 3),
        (2, 3),
        (3, 3),
        (4, 3),
        (5, 3),
        (3, 2),
        (3, 4),
    }


def test_the_thinnest_brush_still_paints_the_pixel_under_it() -> None:
    assert pixels(brushed((5, 5), [(2.1, 3.9)], 0.01, SQUARE)) == {(3, 2)}


def test_quick_moves_leave_no_gaps() -> None:
    stroke = brushed((3, 20), [(0.5, 1.5), (19.5, 1.5)], 0.5, SQUARE)
    assert pixels(stroke) == {(1, column) for column in range(20)}


def test_a_path_turns_corners() -> None:
    stroke = brushed((4, 4), [(0.5, 0.5), (3.5, 0.5), (3.5, 3.5)], 0.1, SQUARE)
    assert pixels(stroke) == {(0, c) for c in range(4)} | {(r, 3) for r in range(4)}


def test_a_stroke_may_leave_the_picture() -> None:
    assert pixels(brushed((3, 3), [(-5.0, 1.5), (9.0, 1.5)], 0.5, SQUARE)) == {
        (1, 0),
        (1, 1),
        (1, 2),
    }
    assert not brushed((3, 3), [(-50.0, -50.0)], 2.0, SQUARE).any()
    assert not brushed((3, 3), [], 2.0, SQUARE).any()


def test_a_path_of_bad_numbers_is_refused() -> None:
    with pytest.raises(PromptError, match="finite"):
        brushed((3, 3), [(float("nan"), 1.0)], 2.0, SQUARE)


def test_painting_adds_and_erasing_takes_away_without_changing_the_mask_given() -> None:
    before = np.zeros((3, 3), dtype=bool)
    before[0, 0] = True
    after = painted(before, [(2.5, 2.5)], 0.1, SQUARE, erase=False)
    assert pixels(after) == {(0, 0), (2, 2)}
    assert pixels(painted(after, [(0.5, 0.5)], 0.1, SQUARE, erase=True)) == {(2, 2)}
    assert pixels(before) == {(0, 0)}


def test_a_large_brush_covers_a_disc_and_not_its_square() -> None:
    stroke = brushed((101, 101), [(50.5, 50.5)], 40.0, SQUARE)
    row, column = np.mgrid[:101, :101] - 50
    assert np.array_equal(stroke, row**2 + column**2 <= 1600)

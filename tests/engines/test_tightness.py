"""Masks that are made to fit their box."""

from __future__ import annotations

import pytest
import torch

from breastwidget.engines.tightness import bounds_iou, fitting_shift

BOX = (4.0, 4.0, 12.0, 20.0)


def logits(inner: float, outer: float) -> torch.Tensor:
    """(24, 16): the upper half of the box has one value, its lower half another."""
    made = torch.full((24, 16), -9.0)
    made[4:12, 4:12] = inner
    made[12:20, 4:12] = outer
    return made


def test_a_mask_that_fills_its_box_stays() -> None:
    assert fitting_shift(logits(3.0, 0.5), BOX, 0.2) == 0.0


def test_a_part_of_a_lesion_grows_to_the_whole() -> None:
    assert fitting_shift(logits(3.0, -0.9), BOX, 0.2) == 1.0


def test_what_costs_more_than_it_gains_is_left() -> None:
    assert fitting_shift(logits(3.0, -0.9), BOX, 0.6) == 0.0
    assert fitting_shift(logits(3.0, -4.0), BOX, 0.2) == 0.0  # beyond every step


def test_a_mask_that_would_leave_its_box_does_not_grow() -> None:
    seen = logits(3.0, 2.0)
    seen[:, :] = torch.where(seen < -5, -0.4, seen)  # all around it nearly lesion
    assert fitting_shift(seen, BOX, 0.2) == 0.0


def test_where_nothing_was_found_the_least_that_finds_something_is_taken() -> None:
    assert fitting_shift(logits(-0.6, -9.0), BOX, 0.2) == 0.75
    assert fitting_shift(torch.full((24, 16), -9.0), BOX, 0.2) == 0.0


def test_iou_of_rectangles() -> None:
    assert bounds_iou((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert bounds_iou((0, 0, 2, 2), (2, 0, 3, 2)) == 0.0
    assert bounds_iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1.0

"""A lesion is looked for within a column around its prompts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from breastwidget.engines.fields import FieldOfView, RunSettings
from breastwidget.engines.memory import Outcome
from breastwidget.engines.reach import Reach, column, kept_near, kept_within, widened
from breastwidget.engines.regions import Region
from breastwidget.engines.session import Sam2Session
from breastwidget.engines.windows import Window
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt
from breastwidget.strategies import Pass
from breastwidget.volume import Volume


def test_the_column_is_the_box_enlarged_about_its_centre():
    lesion = Lesion((BoxPrompt(3, 10.0, 20.0, 30.0, 40.0),))
    assert column(lesion, (1.0, 1.0), 1.5, 5.0) == (5.0, 15.0, 35.0, 45.0)


def test_the_column_is_at_least_so_many_mm_wide():
    lesion = Lesion((BoxPrompt(3, 10.0, 20.0, 12.0, 22.0),))
    # 30 mm are 15 columns of 2 mm and 30 rows of 1 mm.
    assert column(lesion, (1.0, 2.0), 1.2, 30.0) == (3.5, 6.0, 18.5, 36.0)


def test_a_second_prompt_widens_the_column():
    lesion = Lesion((BoxPrompt(3, 10.0, 20.0, 30.0, 40.0), BoxPrompt(9, 30.0, 20.0, 50.0, 40.0)))
    assert column(lesion, (1.0, 1.0), 1.0, 5.0) == (10.0, 20.0, 50.0, 40.0)


def outcome_of(logits: torch.Tensor) -> Outcome:
    field = FieldOfView(Region(0.0, 0.0, 8.0, 8.0), Window(0.0, 1.0))
    return Outcome(field, logits[None, None], torch.zeros(1), torch.ones(1, 1), 0.5, False)


def test_what_lies_outside_is_dropped_and_the_rest_is_as_it_was():
    logits = torch.arange(64.0).view(8, 8) + 1
    kept = kept_within(outcome_of(logits), (2.0, 0.0, 5.0, 4.0))
    assert torch.equal(kept.logits[0, 0] > 0, (logits > 0) & _inside(slice(0, 4), slice(2, 5)))
    assert torch.equal(kept.logits[0, 0, :4, 2:5], logits[:4, 2:5])


def _inside(rows: slice, columns: slice) -> torch.Tensor:
    inside = torch.zeros(8, 8, dtype=torch.bool)
    inside[rows, columns] = True
    return inside


def test_where_nothing_lies_outside_nothing_is_computed_again():
    logits = torch.full((8, 8), -5.0)
    logits[3:5, 3:5] = 4.0
    outcome = outcome_of(logits)
    assert kept_within(outcome, (2.0, 2.0, 6.0, 6.0)) is outcome


@pytest.mark.parametrize(("reach_mm", "widest"), [(None, 61), (20.0, 20)])
def test_a_pass_stays_within_reach(network, reach_mm, widest):
    """A cone that gets wider from slice to slice, far beyond the box on its first."""
    k, j, i = np.mgrid[:10, :96, :96]
    cone = (np.hypot(j - 48, i - 48) < 4 + 3 * k).astype(np.float32)
    stack = Volume(cone.transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0])).stack("axial")
    network.image_size = 96
    settings = RunSettings(
        region_scale=2.2,
        region_min_mm=10.0,
        window_percentiles=(1.0, 99.5),
        reach_scale=None if reach_mm is None else 1.1,
        reach_min_mm=reach_mm or 0.0,
    )
    session = Sam2Session(network, stack, settings, 2**30)
    lesion = Lesion((BoxPrompt(0, 44.0, 44.0, 53.0, 53.0),))
    last = list(session.track(lesion, Pass(tuple(range(10)))))[-1].mask
    assert last.any(axis=0).sum() == pytest.approx(widest, abs=2)


def test_a_masks_rectangle_widens_the_column_and_never_narrows_it():
    mask = np.zeros((40, 40), bool)
    mask[10:20, 12:22] = True
    assert widened((0.0, 12.0, 20.0, 16.0), mask, 1.2) == (0.0, 9.0, 23.0, 21.0)


@pytest.mark.parametrize(("side", "widest"), [(6, 10), (8, 12)])
def test_masks_that_outgrow_the_prompts_may_leave_its_column(side, widest):
    """From 4 x 4 pixels: 6 x 6 are 2.25 times as much, and 8 x 8 four times, which is a tip."""
    settings = RunSettings(
        reach_scale=2.5, reach_min_mm=1.0, reach_grown=3.0, reach_scale_grown=1.5
    )
    shown = np.zeros((32, 32), bool)
    shown[14:18, 14:18] = True
    lesion = Lesion((BoxPrompt(0, 14.0, 14.0, 18.0, 18.0),))
    reach = Reach(lesion, settings, (1.0, 1.0, 1.0), 0, shown)
    found = np.zeros((32, 32), bool)
    half = side // 2
    found[16 - half : 16 + half, 16 - half : 16 + half] = True
    reach.note(1, found)
    field = FieldOfView(Region(0.0, 0.0, 32.0, 32.0), Window(0.0, 1.0))
    logits = torch.full((1, 1, 32, 32), 3.0)
    outcome = Outcome(field, logits, torch.zeros(1), torch.ones(1, 1), 0.5, False)
    kept = reach.within(outcome, 2).logits[0, 0] > 0
    assert kept.any(0).sum() == widest


def test_near_a_mask_means_mm_with_the_pictures_spacing():
    mask = np.zeros((8, 8), bool)
    mask[4, 4] = True
    everywhere = outcome_of(torch.full((8, 8), 3.0))
    # 2 mm are two columns of 1 mm, and no row of 2.5 mm.
    kept = kept_near(everywhere, mask, (2.5, 1.0), 2.0)
    assert torch.equal(kept.logits[0, 0] > 0, _inside(slice(4, 5), slice(2, 7)))


def test_a_mask_that_stays_near_is_kept_as_it_is():
    mask = np.zeros((8, 8), bool)
    mask[3:6, 3:6] = True
    logits = torch.full((8, 8), -5.0)
    logits[4, 4] = 2.0
    outcome = outcome_of(logits)
    assert kept_near(outcome, mask, (1.0, 1.0), 1.0) is outcome


@pytest.mark.parametrize(("gray", "radius"), [(100.0, 6), (0.0, 31)])
def test_a_mask_may_only_creep_where_the_surroundings_look_like_the_lesion(network, gray, radius):
    """The next slice is bright up to 31 pixels away; the first lies half in the same gray."""
    k, j, i = np.mgrid[:3, :96, :96]
    first = np.hypot(j - 48, i - 48) < 5
    pixels = np.where(first, 100.0, np.where(i < 48, gray, 0.0))
    later = np.where(np.hypot(j - 48, i - 48) < 31, 100.0, 0.0)
    data = np.where(k == 0, pixels, later).astype(np.float32)
    stack = Volume(data.transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0])).stack("axial")
    network.image_size = 96
    settings = RunSettings(
        region_scale=2.2,
        region_min_mm=90.0,
        window_percentiles=(0.0, 100.0),
        channels="appearance",
        reach_scale=10.0,
        reach_alike=0.15,
        reach_slope=1.0,
    )
    session = Sam2Session(network, stack, settings, 2**30)
    drawn = MaskPrompt(0, np.ascontiguousarray(first[0]))
    masks = [result.mask for result in session.track(Lesion((drawn,)), Pass((0, 1)))]
    assert masks[1].any(axis=0).sum() == pytest.approx(2 * radius, abs=2)

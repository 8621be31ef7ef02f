"""What found masks teach of a lesion's grays: by a box's first masks, and along a pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from breastwidget.engines.base import SliceResult
from breastwidget.engines.fields import RunSettings
from breastwidget.engines.looks import Looks
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt
from breastwidget.volume import Volume

SIZE = 64
SETTINGS = RunSettings(
    region_scale=2.0,
    region_min_mm=20.0,
    window_percentiles=(0.0, 100.0),
    channels="appearance",
    learn_rounds=2,
    learn_growth=1.2,
)
BOX = BoxPrompt(2, 20.0, 20.0, 40.0, 40.0)


@pytest.fixture
def stack():
    """A ring of gray 1.0 around a dark middle of 0.2, in surroundings of 0.5."""
    _, j, i = np.mgrid[:5, :60, :60]
    away = np.hypot(j - 29.5, i - 29.5)
    picture = np.where(away < 10, 1.0, 0.5)
    picture[away < 7] = 0.2
    picture[:, 0, 0] = 0.0
    return Volume(picture.astype(np.float32).transpose(2, 1, 0), np.eye(4)).stack("axial")


class Finder:
    """Finds the ring, and notes what it was asked."""

    def __init__(self, stack):
        self.ring = stack.pixels[2] > 0.9
        self.asked = []

    def __call__(self, lesion, index, field):
        self.asked.append((lesion.prompts, index, field))
        return self.ring


def looks_of(stack, **changes):
    finder = Finder(stack)
    return Looks(stack, replace(SETTINGS, **changes), SIZE, finder), finder


def result(mask):
    return SliceResult(3, mask, 0.8, 1.0, 0.0)


def test_a_mask_found_with_a_box_teaches_what_its_middle_hides(stack):
    first = looks_of(stack, learn_rounds=0)[0].field(Lesion((BOX,)))
    looks, finder = looks_of(stack)
    learnt = looks.field(Lesion((BOX,)))
    assert first.appearance.lesion == pytest.approx(0.0, abs=0.02)  # the darkest
    assert learnt.appearance.lesion > 0.8
    assert learnt.region == first.region
    assert [(prompts, index) for prompts, index, _ in finder.asked] == [((BOX,), 2)] * 2
    assert finder.asked[0][2] == first


def test_corrections_teach_nothing_and_ask_for_nothing(stack):
    looks, finder = looks_of(stack)
    field = looks.field(Lesion((BOX,)))
    corrected = looks.field(Lesion((BOX, PointPrompt(2, 30.0, 30.0), PointPrompt(3, 28.0, 31.0))))
    assert corrected == field
    assert len(finder.asked) == 2


def test_a_region_that_a_later_prompt_moves_is_taught_by_the_same_mask(stack):
    looks, finder = looks_of(stack)
    far = looks.field(Lesion((BOX, BoxPrompt(3, 2.0, 2.0, 10.0, 10.0))))
    assert far.region != looks.field(Lesion((BOX,))).region
    assert far.appearance.lesion > 0.8
    assert {prompts for prompts, _, _ in finder.asked} == {(BOX,)}


def test_a_drawn_mask_needs_no_finding(stack):
    looks, finder = looks_of(stack)
    look = looks.field(Lesion((MaskPrompt(2, finder.ring),))).appearance
    assert look.lesion > 0.8
    assert not finder.asked


def test_a_mask_that_has_grown_teaches_the_slices_after_it(stack):
    looks, _ = looks_of(stack, learn_rounds=0)
    field = looks.field(Lesion((BOX,)))
    ring = stack.pixels[3] > 0.9
    area = int(ring.sum())
    assert looks.learnt(field, result(ring), int(area / 1.25)).appearance.lesion > 0.8
    assert looks.learnt(field, result(ring), int(area / 1.1)) == field
    assert looks.learnt(field, result(np.zeros_like(ring)), 0) == field
    speck = np.zeros_like(ring)
    speck[30, 30:33] = True
    assert looks.learnt(field, result(speck), 1) == field


def test_a_network_of_one_gray_is_taught_nothing(stack):
    looks, _ = looks_of(stack, channels="gray", region_scale=None)
    field = looks.field(Lesion((BOX,)))
    assert field.appearance is None
    assert looks.learnt(field, result(stack.pixels[3] > 0.9), 1) == field

"""What a prompt tells of a lesion's grays: medians, odds, channels, and where they are learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from breastwidget.engines.appearance import areas, around, channels, learn_appearance
from breastwidget.engines.fields import RunSettings, lesion_field, see
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt
from breastwidget.volume import Plane, SliceStack, Volume

SIZE = 32
SETTINGS = RunSettings(
    region_scale=2.0, region_min_mm=20.0, window_percentiles=(0.0, 100.0), channels="appearance"
)


def flat(value: float) -> torch.Tensor:
    return torch.full((50,), value)


@pytest.mark.parametrize(("lesion", "surroundings"), [(0.8, 0.3), (0.3, 0.8)])
def test_the_scale_runs_from_the_surroundings_to_the_lesion(lesion, surroundings):
    look = learn_appearance(flat(lesion), flat(surroundings))
    middle = (lesion + surroundings) / 2
    shown = channels(torch.tensor([[surroundings, middle, lesion]]), look)
    assert shown.shape == (3, 1, 3)
    assert torch.allclose(shown[0], torch.tensor([[surroundings, middle, lesion]]))
    assert torch.allclose(shown[1], torch.tensor([[0.0, 0.5, 1.0]]), atol=1e-5)


def test_odds_are_high_for_the_lesions_gray_and_low_for_that_of_its_surroundings():
    """A lesion of middle gray between dark and bright, which no threshold finds."""
    look = learn_appearance(flat(0.5), torch.cat([flat(0.1), flat(0.9)]))
    dark, middle, bright = channels(torch.tensor([[0.1, 0.5, 0.9]]), look)[2, 0]
    assert middle > 0.9
    assert dark < -0.9
    assert bright < -0.9


def test_a_gray_that_never_occurred_says_nothing():
    look = learn_appearance(flat(0.9), flat(0.1))
    assert abs(channels(torch.tensor([[0.5]]), look)[2].item()) < 1e-6


def test_equal_grays_give_even_odds_and_a_contrast_that_does_not_explode():
    look = learn_appearance(flat(0.4), flat(0.4))
    shown = channels(torch.tensor([[0.4, 0.44]]), look)
    assert torch.allclose(shown[2], torch.zeros(1, 2), atol=1e-6)
    assert shown[1, 0, 1] - shown[1, 0, 0] == pytest.approx(0.04 / 0.08, abs=1e-4)


def test_too_few_pixels_teach_nothing():
    look = learn_appearance(torch.tensor([0.5, 0.6]), flat(0.2))
    assert torch.allclose(
        channels(torch.tensor([[0.3]]), look).flatten(), torch.tensor([0.3, 0.3, 0])
    )


def test_a_boxs_middle_is_lesion_and_what_lies_clearly_outside_is_not():
    inside, outside = areas((8.0, 12.0, 24.0, 20.0), SIZE)
    assert inside[16, 16]
    assert not inside[12, 8]  # the box's corner
    assert not outside[16, 16]
    assert not outside[16, 24]  # just beside the box
    assert outside[16, 27]
    assert outside[0, 0]
    assert not (inside & outside).any()


def test_around_a_mask_keeps_a_distance():
    mask = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    mask[10:20, 10:20] = True
    outside = around(mask)
    assert not outside[9, 9]
    assert outside[5, 5]


@pytest.fixture
def stack() -> SliceStack:
    """A bright square on gray, from x 20 to 30 and y 24 to 34 of each of 9 slices."""
    pixels = np.full((60, 64, 9), 100, dtype=np.int16)
    pixels[20:30, 24:34] = 300
    affine = np.diag([-1.0, -1.0, 3.0, 1.0])
    return Volume(pixels, affine, slice_axis=2).stack(Plane.AXIAL)


BOX = BoxPrompt(4, 20.0, 24.0, 30.0, 34.0)
MASK = np.zeros((64, 60), dtype=bool)
MASK[24:34, 20:30] = True


@pytest.mark.parametrize("prompt", [BOX, MaskPrompt(4, MASK), PointPrompt(4, 25.0, 29.0)])
def test_every_kind_of_prompt_teaches_the_lesions_gray(stack, prompt):
    field = lesion_field(stack, Lesion((prompt,)), SETTINGS, SIZE)
    assert field.appearance is not None
    assert field.appearance.lesion == pytest.approx(1.0)
    shown = see(stack, 2, field, SIZE)
    assert shown.shape == (3, SIZE, SIZE)


def test_without_it_the_three_channels_are_the_gray(stack):
    settings = RunSettings(region_scale=2.0)
    field = lesion_field(stack, Lesion((BOX,)), settings, SIZE)
    shown = see(stack, 4, field, SIZE)
    assert field.appearance is None
    assert torch.equal(shown[0], shown[1])
    assert torch.equal(shown[0], shown[2])


def test_a_later_prompt_inside_the_region_leaves_the_field_as_it_was(stack):
    field = lesion_field(stack, Lesion((BOX,)), SETTINGS, SIZE)
    corrected = Lesion((BOX, PointPrompt(6, 22.0, 26.0), MaskPrompt(7, MASK)))
    assert lesion_field(stack, corrected, SETTINGS, SIZE) == field


def test_a_later_prompt_outside_enlarges_the_region(stack):
    far = Lesion((BOX, BoxPrompt(6, 40.0, 24.0, 50.0, 34.0)))
    field = lesion_field(stack, far, SETTINGS, SIZE)
    assert field.region.holds((20.0, 24.0, 50.0, 34.0))

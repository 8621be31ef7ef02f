from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from breastwidget.engines.regions import (
    Region,
    from_region,
    move,
    square_region,
    to_region,
    whole_region,
)


@pytest.mark.parametrize(("shape", "size"), [((48, 60), 128), ((200, 150), 64), ((31, 90), 45)])
def test_a_whole_picture_is_resized_as_torch_resizes_it(shape, size):
    picture = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    expected = functional.interpolate(
        picture[None, None], (size, size), mode="bilinear", antialias=True, align_corners=False
    )[0, 0]
    torch.testing.assert_close(to_region(picture, whole_region(shape), size), expected)


@pytest.mark.parametrize(("shape", "size"), [((48, 60), 32), ((20, 150), 64)])
def test_logits_come_back_as_torch_resizes_them(shape, size):
    logits = torch.randn((size, size), generator=torch.Generator().manual_seed(1))
    expected = functional.interpolate(
        logits[None, None], shape, mode="bilinear", align_corners=False
    )[0, 0]
    found = from_region(logits, whole_region(shape), shape, -9.0)
    torch.testing.assert_close(found, expected, atol=5e-5, rtol=0)


def test_a_region_of_whole_pixels_is_a_crop():
    picture = torch.arange(100.0).reshape(10, 10)
    crop = to_region(picture, Region(3.0, 2.0, 4.0, 4.0), 4)
    torch.testing.assert_close(crop, picture[2:6, 3:7])


def test_beyond_the_picture_is_zero():
    seen = to_region(torch.ones(4, 4), Region(-2.0, 0.0, 4.0, 4.0), 4)
    torch.testing.assert_close(seen, torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 4))


def test_pixels_outside_the_region_get_the_outside_value():
    back = from_region(torch.full((8, 8), 3.0), Region(2.0, 1.0, 2.0, 2.0), (4, 6), -7.0)
    expected = torch.full((4, 6), -7.0)
    expected[1:3, 2:4] = 3.0
    torch.testing.assert_close(back, expected)


def test_the_square_is_in_millimetres_and_at_least_as_large_as_said():
    # 10 columns of 2 mm = 20 mm, 5 rows of 1 mm; 2.2 x 20 = 44 mm = 22 columns = 44 rows.
    region = square_region((10.0, 30.0, 20.0, 35.0), (1.0, 2.0), scale=2.2, min_mm=40.0)
    assert (region.width, region.height) == pytest.approx((22.0, 44.0))
    assert (region.x0, region.y0) == pytest.approx((15.0 - 11.0, 32.5 - 22.0))
    small = square_region((10.0, 30.0, 12.0, 31.0), (1.0, 2.0), scale=2.2, min_mm=40.0)
    assert (small.width, small.height) == pytest.approx((20.0, 40.0))


def test_moving_to_a_larger_region_keeps_the_object_in_its_place():
    logits = torch.full((40, 40), -5.0)
    logits[10:30, 10:30] = 5.0
    small, large = Region(10.0, 10.0, 40.0, 40.0), Region(0.0, 0.0, 80.0, 80.0)
    there = from_region(move(logits, small, large, -5.0), large, (80, 80), -5.0)
    here = from_region(logits, small, (80, 80), -5.0)
    assert (here > 0).sum() == 400
    assert ((here > 0) != (there > 0)).sum() <= 80  # a rim of half a large pixel

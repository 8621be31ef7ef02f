"""Windowing and outlines, with answers known by hand."""

import numpy as np
import pytest

from breastwidget.display import contours, result_colour, to_gray, window_range


def _area(line: np.ndarray) -> float:
    x, y = line[:-1].T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def test_window_is_the_two_percentiles() -> None:
    assert window_range(np.arange(1001.0), (1, 99)) == (10.0, 990.0)


def test_window_leaves_out_what_is_not_a_number() -> None:
    values = np.concatenate([np.arange(1001.0), np.full(5000, np.nan), [np.inf, -np.inf]])
    assert window_range(values, (1, 99)) == (10.0, 990.0)


@pytest.mark.parametrize("pixels", [np.full((3, 4), 7), np.full(5, np.nan), np.zeros((0, 3))])
def test_window_of_nothing_to_see_is_still_a_window(pixels: np.ndarray) -> None:
    lo, hi = window_range(pixels)
    assert hi == lo + 1


def test_window_of_a_few_bright_voxels_on_black_shows_them() -> None:
    pixels = np.zeros(10_000)
    pixels[7] = 50
    assert window_range(pixels) == (0.0, 50.0)


def test_window_does_not_depend_on_memory_order() -> None:
    pixels = np.random.default_rng(0).integers(0, 900, (20, 30, 40)).astype(np.int16)
    assert window_range(pixels[:, ::-1].transpose(2, 0, 1)) == window_range(pixels)


def test_gray_is_black_below_and_white_above_the_window() -> None:
    picture = np.array([[-5, 0, 50], [100, 900, 25]], dtype=np.int16)
    gray = to_gray(picture, 0, 100)
    assert gray.dtype == np.uint8
    assert gray.tolist() == [[0, 0, 128], [255, 255, 64]]


def test_gray_of_what_is_not_finite() -> None:
    assert to_gray(np.array([[np.nan, np.inf, -np.inf]]), 0, 1).tolist() == [[0, 255, 0]]


def test_gray_refuses_an_inverted_window() -> None:
    with pytest.raises(ValueError, match="lo < hi"):
        to_gray(np.zeros((2, 2)), 5, 5)


def test_outline_of_one_pixel_crosses_the_middles_of_its_edges() -> None:
    mask = np.zeros((6, 8), dtype=bool)
    mask[2, 5] = True
    (line,) = contours(mask)
    assert (line[0] == line[-1]).all()
    assert {tuple(point) for point in line} == {(5.5, 2.0), (5.0, 2.5), (5.5, 3.0), (6.0, 2.5)}


def test_outline_of_a_rectangle_at_the_corner_of_the_picture() -> None:
    mask = np.zeros((10, 20), dtype=bool)
    mask[:4, :6] = True
    (line,) = contours(mask)
    assert (line.min(axis=0) == (0, 0)).all()
    assert (line.max(axis=0) == (6, 4)).all()
    assert _area(line) == 6 * 4 - 4 / 8  # Each of four corners is cut by half a half pixel.


def test_outlines_of_a_ring_are_two() -> None:
    mask = np.ones((9, 9), dtype=bool)
    mask[3:6, 3:6] = False
    assert sorted(_area(line) for line in contours(mask)) == [8.5, 80.5]


def test_no_mask_no_outline() -> None:
    assert contours(np.zeros((4, 4), dtype=bool)) == []


def test_colours_come_round() -> None:
    assert len({result_colour(index) for index in range(4)}) == 4
    assert result_colour(4) == result_colour(0)

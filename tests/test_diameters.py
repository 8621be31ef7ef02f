"""Diameters of shapes whose answers are known by hand."""

import numpy as np
import pytest

from breastwidget.diameters import Line, bidirectional, bidirectional_on, longest_diameter
from breastwidget.metrics import longest_diameter_mm, slice_dice
from breastwidget.parts import bounds, crop, largest_part

SPACING = (2.0, 0.7, 1.0)


def empty(shape=(5, 40, 60)):
    return np.zeros(shape, dtype=bool)


def ellipse(long_mm, short_mm, degrees, spacing, rows=90, columns=90):
    """Semi-axes in mm; the long one turned by so many degrees from columns towards rows."""
    r, c = np.mgrid[:rows, :columns]
    y, x = (r - rows // 2) * spacing[1], (c - columns // 2) * spacing[2]
    turn = np.radians(degrees)
    u, v = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
    return ((u / long_mm) ** 2 + (v / short_mm) ** 2 <= 1)[None]


class TestBidirectional:
    def test_one_voxel_measures_its_own_sides(self):
        mask = empty()
        mask[3, 20, 30] = True
        found = bidirectional(mask, SPACING)
        assert found.slice == 3
        assert found.longest.length_mm == pytest.approx(1.0)
        assert sorted([found.longest.start, found.longest.end]) == [(3, 20, 29.5), (3, 20, 30.5)]
        assert found.perpendicular.length_mm == pytest.approx(0.7, abs=1e-4)
        assert found.product_mm2 == pytest.approx(0.7, abs=1e-4)

    def test_a_bar_is_as_long_and_as_broad_as_its_pixels(self):
        mask = empty()
        mask[2, 10:13, 5:45] = True
        found = bidirectional(mask, (2.0, 1.0, 0.5))
        # From a side's lowest boundary point to the other side's highest: 40 half-mm by 2 mm.
        assert found.longest.length_mm == pytest.approx(np.hypot(20, 2))
        # Nearly upright, 3 mm high, a little slanted like the longest diameter's normal.
        assert found.perpendicular.length_mm == pytest.approx(3 / np.cos(np.arctan(0.1)), abs=0.01)

    @pytest.mark.parametrize("degrees", [0, 30, 77, 120])
    def test_an_ellipse_has_its_two_axes_whatever_the_pixels(self, degrees):
        found = bidirectional(ellipse(18, 7, degrees, SPACING), SPACING)
        assert found.longest.length_mm == pytest.approx(36, abs=1)
        assert found.perpendicular.length_mm == pytest.approx(14, abs=1)

    def test_the_lines_are_at_right_angles_in_mm(self):
        found = bidirectional(ellipse(18, 7, 30, SPACING), SPACING)
        first, second = (
            np.subtract(line.end, line.start) * SPACING
            for line in (found.longest, found.perpendicular)
        )
        assert first @ second == pytest.approx(0, abs=1e-6)

    def test_the_perpendicular_stays_inside_the_mask(self):
        # A ring of radii 8 and 10 mm: the longest line beside its hole measures 2 sqrt(100 - 64).
        spacing = (1.0, 0.25, 0.25)
        outer, inner = ellipse(10, 10, 0, spacing), ellipse(8, 8, 0, spacing)
        found = bidirectional(outer & ~inner, spacing)
        assert found.longest.length_mm == pytest.approx(20, abs=0.5)
        assert found.perpendicular.length_mm == pytest.approx(12, abs=0.6)

    def test_the_slice_with_the_longest_line_is_chosen(self):
        mask = empty()
        mask[1, 10:20, 10:20] = True
        mask[2, 14:16, 10:34] = True
        found = bidirectional(mask, (1.0, 1.0, 1.0))
        assert found.slice == 2
        assert {found.longest.start[0], found.perpendicular.end[0]} == {2.0}
        assert bidirectional_on(mask, 1, (1.0, 1.0, 1.0)).slice == 1

    def test_a_speck_elsewhere_does_not_count(self):
        mask = empty()
        mask[1, 10:13, 10:13] = True
        alone = bidirectional(mask, SPACING)
        mask[1, 30, 50] = True
        mask[4, 0, 0:8] = True
        assert bidirectional(mask, SPACING) == alone

    def test_a_mask_at_the_border_is_measured_whole(self):
        mask = empty((1, 8, 8))
        mask[0, 0:3, 0:8] = True
        assert bidirectional(mask, (1.0, 1.0, 1.0)).longest.length_mm == pytest.approx(
            np.hypot(8, 2)
        )

    def test_nothing_has_no_diameter(self):
        assert bidirectional(empty(), SPACING) is None
        assert bidirectional_on(empty(), 0, SPACING) is None
        assert longest_diameter(empty(), SPACING) is None

    def test_corners_that_touch_are_one_piece(self):
        mask = empty((1, 6, 6))
        mask[0, 1, 1] = mask[0, 2, 2] = True
        line = bidirectional(mask, (1.0, 1.0, 1.0)).longest
        assert line.length_mm == pytest.approx(np.hypot(2, 1))


class TestLongestDiameter:
    def test_its_ends_lie_on_the_mask_s_faces(self):
        mask = empty()
        mask[1:4, 20, 30] = True
        line = longest_diameter(mask, (2.0, 0.7, 0.5))
        assert sorted([line.start, line.end]) == [(0.5, 20, 30), (3.5, 20, 30)]
        assert line.length_mm == pytest.approx(6.0)
        assert longest_diameter_mm(mask, (2.0, 0.7, 0.5)) == line.length_mm

    def test_its_ends_in_mm_are_as_far_apart_as_it_is_long(self):
        rng = np.random.default_rng(3)
        mask = rng.random((9, 12, 7)) > 0.8
        turn = np.array([[0, -0.6, 0.8], [1, 0, 0], [0, 0.8, 0.6]])
        affine = np.eye(4)
        affine[:3, :3] = turn @ np.diag(SPACING)
        affine[:3, 3] = (30, -20, 5)
        line = longest_diameter(mask, SPACING)
        start, end = line.ends_mm(affine)
        assert np.linalg.norm(end - start) == pytest.approx(line.length_mm)

    def test_ends_are_mapped_by_the_affine(self):
        line = Line((0, 0, 0), (1, 2, 3), 0.0)
        affine = np.array([[-1.0, 0, 0, 10], [0, 2, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1]])
        assert line.ends_mm(affine).tolist() == [[10, 20, 30], [9, 24, 39]]


class TestParts:
    def test_a_crop_says_where_it_was(self):
        mask = empty()
        mask[0, 5:7, 9] = True
        cropped, low = crop(mask)
        assert cropped.shape == (3, 4, 3)
        assert low.tolist() == [-1, 4, 8]
        assert np.argwhere(cropped).tolist() == [[1, 1, 1], [1, 2, 1]]

    def test_the_largest_part_lies_where_it_lay(self):
        mask = empty()
        mask[1, 5:7, 9], mask[4, 30, 50] = True, True
        part = largest_part(mask)
        assert np.argwhere(part).tolist() == [[1, 5, 9], [1, 6, 9]]
        assert bounds(part) == (slice(1, 2), slice(5, 7), slice(9, 10))


def test_dice_of_each_slice_that_is_touched():
    mask, reference = empty((5, 4, 4)), empty((5, 4, 4))
    mask[1, :2], reference[1, 1:3] = True, True  # 8 and 8 pixels, 4 shared
    mask[2, 0, 0] = True
    reference[4, 0, 0] = mask[4, 0, 0] = True
    assert slice_dice(mask, reference) == {1: 0.5, 2: 0.0, 4: 1.0}

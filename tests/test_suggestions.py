"""Suggestions on parts whose rank, place and size are known, on phantoms and on a real scan."""

import numpy as np
import pytest

import breastwidget as bw
from breastwidget.prompts import BoxPrompt, box_from_reference, check_prompt
from breastwidget.suggestions import suggest_lesions
from breastwidget.volume import Volume

SPACING = (2.0, 1.0, 1.0)  # (slice, row, column) of the scan below
SHAPE = (30, 90, 100)


def stack_of(image):
    """Axial slices: axes of the volume run to L, P, S, so that the stack shows it as it is."""
    affine = np.diag([-SPACING[2], -SPACING[1], SPACING[0], 1.0])
    return Volume(np.ascontiguousarray(image.transpose(2, 1, 0)), affine).stack("axial")


def distance_mm(slice_, row, column):
    s, r, c = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    squares = ((s - slice_) * 2.0) ** 2 + (r - row) ** 2.0 + (c - column) ** 2.0
    return np.sqrt(squares)


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(1).normal(0, 5, SHAPE).astype(np.float32)


@pytest.fixture(scope="module")
def image(noise):
    """Two balls (8 and 5 mm), a vessel, skin, and a large block that the border cuts."""
    image = noise.copy()
    image[distance_mm(10, 30, 30) <= 8] += 100
    image[distance_mm(20, 60, 60) <= 5] += 120
    image[16, 4:88, 15:18] += 150
    image[4:26, 5:85, 84:87] += 100
    image[0:14, 58:90, 0:40] += 110
    return image


@pytest.fixture(scope="module")
def suggested(image):
    return suggest_lesions(stack_of(image))


def overlap(first: BoxPrompt, second: BoxPrompt) -> float:
    """Intersection over union of two boxes."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    shared = max(width, 0) * max(height, 0)
    areas = sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in (first, second))
    return shared / (areas - shared)


class TestRanking:
    def test_round_and_large_parts_come_first(self, suggested):
        assert [each.box.slice for each in suggested[:2]] == [10, 20]
        assert [each.score for each in suggested] == sorted(
            (each.score for each in suggested), reverse=True
        )

    def test_vessel_and_skin_are_less_compact(self, suggested):
        ball, smaller, *rest = suggested
        assert min(ball.compactness, smaller.compactness) > 0.8
        thin = [each for each in rest if not each.at_border]
        assert thin
        assert max(each.compactness for each in thin) < 0.35

    def test_what_the_border_cuts_comes_after_though_it_is_larger(self, suggested):
        (cut,) = [each for each in suggested if each.at_border]
        assert cut.volume_ml > suggested[0].volume_ml * 5
        assert cut.score < suggested[1].score

    def test_no_more_than_asked_for(self, image, suggested):
        assert suggest_lesions(stack_of(image), n=1) == suggested[:1]
        assert suggest_lesions(stack_of(image), n=0) == ()


class TestMeasures:
    def test_the_box_holds_the_ball_on_its_widest_slice(self, suggested):
        box = suggested[0].box
        # Rows and columns 22 to 38 on slice 10, with a margin of one millimetre.
        assert (box.x0, box.y0) == pytest.approx((21, 21), abs=1)
        assert (box.x1, box.y1) == pytest.approx((40, 40), abs=1)
        check_prompt(box, SHAPE)

    def test_extent_volume_and_brightness(self, suggested):
        ball = suggested[0]
        assert ball.extent.first in (6, 7)
        assert ball.extent.last in (13, 14)
        assert ball.volume_ml == pytest.approx(4 / 3 * np.pi * 0.8**3, rel=0.15)
        assert ball.mean_enhancement == pytest.approx(95, abs=8)

    def test_small_parts_are_left_out(self, noise):
        image = noise.copy()
        image[10, 30:33, 30:33] += 100  # 18 mm³
        assert suggest_lesions(stack_of(image), min_volume_mm3=60) == ()  # smoothing widens it
        (found,) = suggest_lesions(stack_of(image), min_volume_mm3=15)
        assert found.box.slice == 10

    def test_a_bridge_between_two_balls_is_cut(self, noise):
        image = noise.copy()
        image[distance_mm(15, 45, 25) <= 9] += 100
        image[distance_mm(15, 45, 65) <= 8] += 100
        image[14:17, 43:47, 25:65] += 100
        first, second = suggest_lesions(stack_of(image))[:2]
        assert first.box.x1 < 40
        assert second.box.x0 > 50


class TestOddImages:
    def test_noise_alone_has_no_lesion(self, noise):
        assert suggest_lesions(stack_of(noise)) == ()

    def test_a_flat_image_has_no_lesion(self):
        assert suggest_lesions(stack_of(np.zeros(SHAPE, np.int16))) == ()

    def test_values_that_are_no_numbers_do_not_matter(self, image, suggested):
        broken = image.copy()
        broken[:, :3], broken[2, 3, 4], broken[29, 89, 99] = np.nan, np.inf, -np.inf
        assert suggest_lesions(stack_of(broken))[0].box == suggested[0].box


@pytest.mark.parametrize("seed", [0, 1])
def test_the_several_lesions_of_a_phantom_are_all_suggested(seed):
    phantom = bw.make_phantom("several", seed=seed)
    stack = phantom.subtraction(1).stack()
    boxes = [each.box for each in suggest_lesions(stack, 4)]
    for lesion in phantom.lesions:
        seen = stack.from_voxels(lesion)
        hits = [
            overlap(box, box_from_reference(seen, box.slice))
            for box in boxes
            if seen[box.slice].any()
        ]
        assert max(hits, default=0) > 0.4


def test_the_tumour_of_a_real_scan_comes_first(real_data):
    volume = bw.load(real_data / "breast_nact/images/NACT_06", subtraction=1)
    reference = bw.load_reference(
        real_data / "breast_nact/segmentations/ftv/nact_06.nii.gz", volume
    )
    stack = volume.stack()
    first, second = suggest_lesions(stack, 2)
    assert (
        overlap(first.box, box_from_reference(stack.from_voxels(reference), first.box.slice)) > 0.8
    )
    assert first.score > 5 * second.score

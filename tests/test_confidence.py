"""Which slices are doubtful, on results made by hand."""

import numpy as np
import pytest

from breastwidget.confidence import (
    DoubtThresholds,
    SliceTrust,
    disagreement,
    doubtful_slices,
    doubts,
    next_doubtful,
    slice_trust,
)
from breastwidget.engines.base import EngineInfo, SliceResult
from breastwidget.errors import VolumeError
from breastwidget.prompts import BoxPrompt, Lesion
from breastwidget.provenance import Provenance
from breastwidget.segmentation import Segmentation
from breastwidget.volume import Volume


def picture(columns):
    mask = np.zeros((6, 8), dtype=bool)
    mask[2, :columns] = True
    return mask


@pytest.fixture
def stack():
    """Ten axial slices of 6 x 8; the volume's own axes run otherwise."""
    return Volume(np.zeros((8, 6, 10), np.int16), np.diag([1.0, 1.0, 2.0, 1.0])).stack("axial")


@pytest.fixture
def segmentation(stack):
    def make(results, strategy="center-outward"):
        lesion = Lesion((BoxPrompt(4, 0, 0, 4, 4),))
        provenance = Provenance.of(stack, lesion, strategy, None, EngineInfo("fake"))
        slices = [
            SliceResult(index, picture(columns), iou, probability, 0.1)
            for index, columns, iou, probability in results
        ]
        return Segmentation.from_results(stack, slices, provenance)

    return make


class TestSliceTrust:
    def test_one_result_is_told_slice_by_slice(self, segmentation):
        result = segmentation([(4, 3, 0.9, 1.0), (5, 3, 0.6, 0.8), (3, 0, 0.2, 0.05)])
        assert slice_trust(result) == (
            SliceTrust(3, False, 0.2, 0.05, None),
            SliceTrust(4, True, 0.9, 1.0, None),
            SliceTrust(5, True, 0.6, 0.8, None),
        )

    def test_beside_other_strategies_their_disagreement_is_told(self, segmentation):
        result = segmentation([(4, 4, 0.9, 1.0), (5, 4, 0.8, 1.0)])
        other = segmentation([(4, 4, 0.9, 1.0), (5, 2, 0.7, 1.0), (6, 1, 0.7, 1.0)])
        four, five, six = slice_trust(result, [other])
        assert (four.disagreement, six.disagreement) == (0.0, 1.0)
        assert five.disagreement == pytest.approx(1 - 2 * 2 / 6)
        # The result never saw slice 6, so its engine says nothing of it.
        assert (six.found, six.predicted_iou, six.object_probability) == (False, None, None)

    def test_a_slice_visited_twice_keeps_its_last_word(self, segmentation):
        (trust,) = slice_trust(segmentation([(4, 3, 0.3, 0.5), (4, 3, 0.9, 1.0)]))
        assert trust.predicted_iou == 0.9

    def test_another_volume_is_refused(self, segmentation):
        result = segmentation([(4, 3, 0.9, 1.0)])
        other = Segmentation(
            Volume(np.zeros((8, 6, 9)), np.eye(4)),
            result.plane,
            np.zeros((8, 6, 9), bool),
            (),
            result.provenance,
        )
        with pytest.raises(VolumeError, match="shape"):
            slice_trust(result, [other])


class TestDisagreement:
    def test_is_the_mean_over_pairs(self):
        masks = [np.zeros((3, 2, 4), bool) for _ in range(3)]
        masks[0][1, 0, :2] = masks[1][1, 0, :2] = masks[2][1, 0, 2:] = True
        masks[0][2, 0, 0] = True
        found = disagreement(masks)
        assert sorted(found) == [1, 2]
        assert found[1] == pytest.approx(2 / 3)  # pairs: same, apart, apart
        assert found[2] == pytest.approx(2 / 3)  # pairs: one empty twice, both empty once

    def test_one_mask_has_nobody_to_disagree_with(self):
        assert disagreement([np.ones((2, 2, 2), bool)]) == {}


class TestDoubts:
    @pytest.mark.parametrize(
        ("trust", "expected"),
        [
            (SliceTrust(0, True, 0.5, 0.9, 0.2), ()),
            (SliceTrust(0, True, 0.49, 1.0), ("predicted IoU 0.49",)),
            (SliceTrust(0, False, 0.1, 0.0), ()),  # nothing there, and sure of it
            (SliceTrust(0, False, 0.1, 0.4), ("object probability 0.40",)),
            (SliceTrust(0, True, 0.9, 1.0, 0.25), ("strategies differ by 25%",)),
            (SliceTrust(0, False, None, None, 1.0), ("strategies differ by 100%",)),
        ],
    )
    def test_reasons(self, trust, expected):
        assert doubts(trust) == expected

    def test_thresholds_can_be_chosen(self):
        trust = SliceTrust(0, True, 0.6, 0.95, 0.1)
        assert len(doubts(trust, DoubtThresholds(0.7, 0.02, 0.98, 0.05))) == 3

    def test_doubtful_slices_ascend_and_leave_out_what_was_checked(self):
        trust = [SliceTrust(index, True, 0.2, 1.0) for index in (7, 3, 5)]
        assert doubtful_slices([*trust, SliceTrust(4, True, 0.9, 1.0)]) == (3, 5, 7)
        assert doubtful_slices(trust, checked=[5]) == (3, 7)


class TestNextDoubtful:
    def test_goes_round(self):
        assert next_doubtful([7, 3], 1) == 3
        assert next_doubtful([7, 3], 3) == 7
        assert next_doubtful([7, 3], 7) == 3
        assert next_doubtful([7], 7) == 7

    def test_without_any_there_is_none(self):
        assert next_doubtful([], 4) is None

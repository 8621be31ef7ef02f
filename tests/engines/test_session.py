from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from breastwidget.engines.fields import RunSettings, lesion_field
from breastwidget.engines.session import Sam2Session
from breastwidget.errors import PromptError
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt
from breastwidget.strategies import STRATEGIES, Extent, Pass, plan
from breastwidget.volume import Volume

WHOLE = RunSettings()
SQUARE = RunSettings(region_scale=2.2, region_min_mm=10.0, window_percentiles=(1.0, 99.5))
BOX = BoxPrompt(5, 22.0, 13.0, 45.0, 31.0)


def session_of(network, stack, settings=WHOLE, cache_bytes=2**30):
    return Sam2Session(network, stack, settings, cache_bytes)


def slices_of(session, lesion, *slices):
    return [result.slice for result in session.track(lesion, Pass(slices))]


@pytest.mark.parametrize("settings", [WHOLE, SQUARE])
def test_three_strategies_and_a_correction_encode_each_slice_once(
    network, ellipsoid_stack, settings
):
    session = session_of(network, ellipsoid_stack, settings)
    lesion = Lesion((BOX,))
    session.predict(lesion, 5)
    for strategy in STRATEGIES:
        for run in plan(strategy, (5,), Extent(2, 8), 10):
            assert slices_of(session, lesion, *run.slices) == list(run.slices)
    corrected = Lesion((BOX, PointPrompt(7, 30.0, 20.0, positive=False)))
    slices_of(session, corrected, *range(2, 9))
    # Pictures are encoded ahead in batches, but never beyond what a pass will visit.
    assert session.encoded_slices == network.pictures == 7


def test_a_second_lesion_shares_whole_slices(network, ellipsoid_stack):
    session = session_of(network, ellipsoid_stack)
    slices_of(session, Lesion((BOX,)), *range(11))
    slices_of(session, Lesion((BoxPrompt(3, 1.0, 1.0, 9.0, 9.0),), "lesion 2"), *range(11))
    assert session.encoded_slices == 11


def test_prompted_slices_seed_the_memory_and_old_ones_are_forgotten(network, ellipsoid_stack):
    session = session_of(network, ellipsoid_stack)
    lesion = Lesion((BOX, BoxPrompt(9, 22.0, 13.0, 45.0, 31.0)))
    slices_of(session, lesion, *range(11))
    assert network.seen == [
        (0, (5, 9), False),
        (1, (0, 5, 9), False),
        (2, (0, 1, 5, 9), False),
        (3, (1, 2, 5, 9), False),
        (4, (2, 3, 5, 9), False),
        (6, (3, 4, 5, 9), False),
        (7, (5, 6, 9), False),
        (8, (5, 6, 7, 9), False),
        (10, (5, 7, 8, 9), False),
    ]


def test_direction_follows_the_slice_numbers(network, ellipsoid_stack):
    session = session_of(network, ellipsoid_stack)
    slices_of(session, Lesion((BOX,)), 4, 3)
    slices_of(session, Lesion((BOX,)), 4)
    slices_of(session, Lesion((BOX,)), 6)
    assert [(index, reverse) for index, _, reverse in network.seen] == [
        (4, True),
        (3, True),
        (4, True),
        (6, False),
    ]


def test_stopping_stops_the_work(network, ellipsoid_stack):
    network.image_size = 1024  # so that nothing is encoded ahead
    session = session_of(network, ellipsoid_stack)
    results = session.track(Lesion((BOX,)), Pass(tuple(range(5, 11))))
    assert [next(results).slice, next(results).slice] == [5, 6]
    results.close()
    assert session.encoded_slices == 2


def test_masks_come_back_in_the_pictures_own_pixels(network, ellipsoid_stack):
    truth = ellipsoid_stack.pixels[5] > 175
    network.image_size = 160
    for settings in (WHOLE, SQUARE):
        result = session_of(network, ellipsoid_stack, settings).predict(Lesion((BOX,)), 5)
        assert result.mask.shape == truth.shape
        assert result.mask.dtype == bool
        dice = 2 * (result.mask & truth).sum() / (result.mask.sum() + truth.sum())
        assert dice > 0.95
        assert result.predicted_iou == 0.75
        assert result.object_probability == pytest.approx(0.8808, abs=1e-4)  # sigmoid(2)


def test_nothing_is_found_outside_the_region(network, ellipsoid_stack):
    # A box far from the ellipsoid: 10 mm around columns 2 to 6 and rows 2 to 6.
    lesion = Lesion((BoxPrompt(5, 2.0, 2.0, 6.0, 6.0),))
    mask = session_of(network, ellipsoid_stack, SQUARE).predict(lesion, 5).mask
    assert mask.any()
    assert not mask[9:].any()
    assert not mask[:, 9:].any()


def test_an_object_that_outgrows_its_region_gets_a_larger_one(network):
    # A cone: radius 4 on slice 0 and 2.5 more on each slice.
    k, j, i = np.mgrid[:10, :96, :96]
    cone = (np.hypot(j - 48, i - 48) < 4 + 2.5 * k).astype(np.float32)
    stack = Volume(cone.transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0])).stack("axial")
    network.image_size = 96
    session = session_of(network, stack, SQUARE)
    lesion = Lesion((BoxPrompt(0, 44.0, 44.0, 53.0, 53.0),))
    results = list(session.track(lesion, Pass(tuple(range(10)))))
    truth = stack.pixels > 0
    for result in results:
        overlap = (result.mask & truth[result.slice]).sum()
        dice = 2 * overlap / (result.mask.sum() + truth[result.slice].sum())
        # One slice may be cut off at the border, by which the growth is noticed.
        assert dice > 0.9, result.slice
    assert results[-1].mask.sum() == pytest.approx(truth[9].sum(), rel=0.05)
    again = session.encoded_slices
    list(session.track(lesion, Pass(tuple(range(10)))))
    assert session.encoded_slices == again


def test_a_full_cache_warns_once_and_results_stay(network, ellipsoid_stack, caplog):
    one_slice = 32 * 32 * 4
    small = session_of(network, ellipsoid_stack, WHOLE, cache_bytes=3 * one_slice)
    large = session_of(network, ellipsoid_stack)
    lesion = Lesion((BOX,))
    with caplog.at_level(logging.WARNING):
        ours = [r.mask for _ in range(2) for r in small.track(lesion, Pass(tuple(range(11))))]
    theirs = [r.mask for _ in range(2) for r in large.track(lesion, Pass(tuple(range(11))))]
    assert np.array_equal(ours, theirs)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert small.encoded_slices > large.encoded_slices == 11


def test_nan_voxels_and_constant_slices_are_black(network):
    data = np.full((20, 20, 3), np.nan, dtype=np.float32)
    data[..., 1] = 7.0
    stack = Volume(data, np.eye(4)).stack("axial")
    for settings in (WHOLE, SQUARE):
        session = session_of(network, stack, settings)
        result = session.predict(Lesion((BoxPrompt(1, 4.0, 4.0, 12.0, 12.0),)), 1)
        assert not result.mask.any()


def test_a_click_inside_leaves_the_field_and_one_outside_moves_it(ellipsoid_stack):
    field = lesion_field(ellipsoid_stack, Lesion((BOX,)), SQUARE, 32)
    inside = Lesion((BOX, PointPrompt(8, 40.0, 25.0)))
    outside = Lesion((BOX, PointPrompt(5, 1.0, 1.0)))
    assert lesion_field(ellipsoid_stack, inside, SQUARE, 32) == field
    moved = lesion_field(ellipsoid_stack, outside, SQUARE, 32)
    assert moved.region.holds((1.0, 1.0, 45.0, 31.0))


@pytest.mark.parametrize(
    ("lesion", "message"),
    [
        (Lesion(()), "no prompt"),
        (Lesion((BoxPrompt(11, 1.0, 1.0, 5.0, 5.0),)), "out of range"),
        (Lesion((MaskPrompt(5, np.zeros((48, 60), bool)),)), "empty"),
    ],
)
def test_prompts_that_cannot_be_are_refused(network, ellipsoid_stack, lesion, message):
    session = session_of(network, ellipsoid_stack)
    with pytest.raises(PromptError, match=message):
        next(session.track(lesion, Pass((5,))))


def test_predicting_a_slice_without_prompt_is_refused(network, ellipsoid_stack):
    with pytest.raises(PromptError, match="carries no prompt"):
        session_of(network, ellipsoid_stack).predict(Lesion((BOX,)), 4)


def test_a_drawn_mask_comes_back_as_it_was_on_a_region(network, ellipsoid_stack):
    drawn = np.zeros(ellipsoid_stack.shape[1:], bool)
    drawn[14:30:2, 23:44] = True  # finer than the network's square can hold
    lesion = Lesion((MaskPrompt(5, drawn),))
    session = session_of(network, ellipsoid_stack, SQUARE)
    assert np.array_equal(session.predict(lesion, 5).mask, drawn)
    assert np.array_equal(next(session.track(lesion, Pass((5, 6)))).mask, drawn)
    corrected = Lesion((MaskPrompt(5, drawn), PointPrompt(5, 30.0, 20.0)))
    assert not np.array_equal(session.predict(corrected, 5).mask, drawn)


def test_the_mask_of_a_box_grows_to_fill_it(network):
    data = np.zeros((40, 40, 5), np.float32)
    data[10:20, 10:30, :] = 1.0
    data[20:30, 10:30, :] = 0.4
    volume = Volume(data, np.diag([1.0, 1.0, 2.0, 1.0]), "halves", slice_axis=2)
    stack = volume.stack()
    truth = stack.from_voxels(data > 0)[2]
    rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    box = BoxPrompt(2, columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    point = PointPrompt(2, float(columns.mean()), float(rows.mean()))
    settings = RunSettings(region_scale=2.0, region_min_mm=40.0, window_percentiles=(0.0, 100.0))
    whole, half = truth.sum(), truth.sum() / 2
    as_found = session_of(network, stack, settings).predict(Lesion((box,)), 2)
    assert as_found.mask.sum() == pytest.approx(half, rel=0.1)
    session = session_of(network, stack, replace(settings, fit_cost=0.2))
    assert session.predict(Lesion((box,)), 2).mask.sum() == pytest.approx(whole, rel=0.1)
    corrected = session.predict(Lesion((box, point)), 2)  # a correction takes nothing back
    assert corrected.mask.sum() == pytest.approx(whole, rel=0.1)
    pointed = session.predict(Lesion((point,)), 2)  # which says nothing of a size
    assert 0 < pointed.mask.sum() < 0.6 * whole

"""The confidence strip: figures per slice, doubtful slices, clicks."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from panel_fakes import RecordingIntents, lesion_with, make_run, show

from breastwidget.app.confidence_strip import ConfidenceStrip, slice_at
from breastwidget.app.document import Masks
from breastwidget.app.model import AppModel, Cursor, Live
from breastwidget.app.strip_data import StripData
from breastwidget.app.strip_svg import curves_svg
from breastwidget.confidence import SliceTrust
from breastwidget.volume import Plane, SliceStack


@pytest.fixture
def intents() -> RecordingIntents:
    return RecordingIntents()


@pytest.fixture
def strip(model: AppModel, intents: RecordingIntents) -> ConfidenceStrip:
    return ConfidenceStrip(model, intents)


def path(svg: str, name: str) -> str:
    found = re.search(f'class="{name}" d="([^"]*)"', svg)
    return found.group(1) if found else ""


def test_a_line_is_level_over_each_slice_and_broken_over_gaps() -> None:
    trust = {
        index: SliceTrust(index, True, value, 1.0)
        for index, value in ((2, 1.0), (3, 0.5), (5, 0.0))
    }
    svg = curves_svg(StripData(trust, (3,), {}, (2,)), 12)
    # 1 is drawn at 12, 0 at 92, of 100.
    assert path(svg, "bw-iou") == "M2,12H3V52H4M5,92H6"
    assert path(svg, "bw-score") == "M2,12H3V12H4M5,12H6"
    assert path(svg, "bw-doubt") == "M3,0h1v100h-1Z"
    assert path(svg, "bw-prompted") == "M2,93h1v7h-1Z"
    assert path(svg, "bw-apart") == ""
    assert 'viewBox="0 0 12 100"' in svg


def test_without_a_run_there_are_only_prompts(strip: ConfidenceStrip, model: AppModel) -> None:
    show(model, lesion_with())
    assert strip.data.prompted == (6,)
    assert strip.data.trust == {}
    assert strip.next.disabled
    assert "nothing propagated yet" in strip.curves.value


def test_doubtful_slices_are_marked_and_can_be_stepped_through(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack, intents: RecordingIntents
) -> None:
    # Slice 6 carries the prompt: a person has seen to it, however unsure the engine is.
    run = make_run(stack, sure={4: (0.9, 0.5), 6: (0.1, 0.5), 8: (0.3, 0.99)})
    show(model, lesion_with(run))
    assert strip.data.doubtful == (4, 8)
    assert strip.next.description == "Next doubtful slice (2)"
    assert strip.next.tooltip == "Doubtful: 4, 8"
    strip.next.click()
    assert intents.said == [("next_doubtful",)]


def test_dice_is_drawn_where_a_reference_is_known(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    half = stack.pixels[5] > 50
    half[:, 15:] = False
    empty = np.zeros_like(half)
    show(model, lesion_with(make_run(stack, masks={5: half, 8: empty})))
    # Half of a block that has twice as many pixels: 2 * 25 / (25 + 50).
    assert strip.data.dice == pytest.approx({4: 1.0, 5: 2 / 3, 6: 1.0, 7: 1.0, 8: 0.0})
    model.update(reference=None)
    assert strip.data.dice == {}


def test_a_cancelled_run_is_not_blamed_for_slices_that_it_had_not_come_to(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    empty = np.zeros(stack.shape[1:], dtype=bool)
    run = make_run(stack, masks=dict.fromkeys((4, 7, 8), empty))
    found = run.segmentation
    visited = tuple(each for each in found.slices if each.slice in (5, 6))
    run = replace(run, segmentation=replace(found, slices=visited))
    show(model, lesion_with(run))
    assert strip.data.dice == {4: 0.0, 5: 1.0, 6: 1.0, 7: 0.0, 8: 0.0}
    show(model, lesion_with(replace(run, complete=False)))
    assert strip.data.dice == {5: 1.0, 6: 1.0}
    assert strip.curves.value.count('class="bw-tip"') == 2


def test_strategies_disagree_where_their_masks_do(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    empty = np.zeros(stack.shape[1:], dtype=bool)
    other = make_run(stack, "top-to-bottom", masks={7: empty})
    show(model, lesion_with(other, make_run(stack)))
    assert strip.data.trust[7].disagreement == 1.0
    assert strip.data.trust[6].disagreement == 0.0
    assert strip.data.doubtful == (7,)


def test_a_running_propagation_is_drawn_as_it_comes(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    show(model, lesion_with())
    masks = Masks({5: stack.pixels[5] > 50})
    model.update(live=Live(1, masks, {5: (0.8, 0.95)}))
    assert strip.data.trust == {5: SliceTrust(5, True, 0.8, 0.95)}
    model.update(live=Live(2, masks, {5: (0.8, 0.95)}))  # another lesion's
    assert strip.data.trust == {}


def test_the_slice_shown_moves_without_the_curves(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    show(model, lesion_with(make_run(stack)))
    before = strip.curves.value
    sent: list[str] = []
    strip.curves.observe(lambda change: sent.append(change.name))
    model.update(cursor=Cursor(0, 0, 5))
    assert path(strip.here.value, "bw-here") == "M5.5,0V100"
    assert strip.words.value == "Slice 5: object score 0.99, predicted IoU 0.90, Dice 1.00"
    assert (sent, strip.curves.value) == ([], before)


def test_another_plane_shows_nothing_of_this_ones_slices(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    show(model, lesion_with(make_run(stack)))
    model.update(plane=Plane.SAGITTAL)
    assert strip.data.trust == {}
    assert 'viewBox="0 0 32 100"' in strip.curves.value


def test_a_click_jumps(strip: ConfidenceStrip, intents: RecordingIntents) -> None:
    place = {"event": "click", "boundingRectLeft": 50, "boundingRectWidth": 240}
    strip.clicks._handle_mouse_msg(None, {**place, "clientX": 50 + 139}, None)
    assert intents.said == [("show_slice", 6)]


@pytest.mark.parametrize(("x", "index"), [(-1, 0), (0, 0), (19.9, 0), (20, 1), (240, 11)])
def test_pixels_become_slices(x: float, index: int) -> None:
    assert slice_at(x, 240, 12) == index


def test_no_attribute_is_given_twice(
    strip: ConfidenceStrip, model: AppModel, stack: SliceStack
) -> None:
    """A browser keeps the first and drops the second, silently."""
    show(model, lesion_with(make_run(stack, sure={4: (0.1, 0.5)})))
    for tag in re.findall("<[a-z]+ ([^>]*)>", strip.curves.value + strip.here.value):
        names = re.findall(r'([\w-]+)="', tag)
        assert len(names) == len(set(names)), tag

"""The views with real ipywidgets and no browser: what they render, what they say."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from app_fakes import BOX, LESION

from breastwidget.app.box_capture import BoxCapture
from breastwidget.app.control_panel import ControlPanel
from breastwidget.app.dice_table import DiceTable
from breastwidget.app.model import AppModel, Masks, Progress, Run, Scene, Status, Window
from breastwidget.app.slice_viewer import SliceViewer
from breastwidget.app.surface_panel import SurfacePanel
from breastwidget.metrics import Scores


@pytest.fixture
def said() -> Mock:
    return Mock()


@pytest.fixture
def viewer(model: AppModel, said: Mock) -> SliceViewer:
    return SliceViewer(
        model,
        on_show=said.show,
        on_step=said.step,
        on_box=said.box,
        on_window=said.window,
        on_auto_window=said.auto_window,
        on_follow=said.follow,
    )


@pytest.fixture
def panel(model: AppModel, said: Mock) -> ControlPanel:
    return ControlPanel(
        model,
        on_strategy=said.strategy,
        on_extent=said.extent,
        on_propagate=said.propagate,
        on_cancel=said.cancel,
    )


class Outcome:
    """As much of a segmentation as the views read."""

    volume_ml = 1.5
    longest_diameter_mm = 20.25


def run(strategy: str, seconds: float = 1.0, complete: bool = True, **scores: float) -> Run:
    values = {
        "dice": 0.5,
        "hd95_mm": 3.0,
        "surface_dice_2mm": 0.5,
        "volume_ml": 1.5,
        "reference_volume_ml": 2.0,
        "volume_error_percent": -25.0,
        "longest_diameter_mm": 20.25,
    }
    outcome: Any = Outcome()
    return Run(strategy, BOX, outcome, seconds, complete, Scores(**{**values, **scores}))


# Slice viewer


def test_rendering_says_nothing(viewer: SliceViewer, model: AppModel, said: Mock) -> None:
    model.update(slice_index=3, window=Window(5.0, 50.0), follow=False, box=BOX)
    viewer.render()
    assert said.mock_calls == []
    assert viewer.slider.value == 3
    assert viewer.window.value == (5.0, 50.0)
    assert viewer.capture.shown_slice == 3


def test_the_picture_follows_slice_and_window_only(viewer: SliceViewer, model: AppModel) -> None:
    before = bytes(viewer.picture.value)
    assert before.startswith(b"\x89PNG")
    model.update(box=BOX, masks=Masks().with_slice(6, model.reference[6]))
    assert viewer.picture.value == before
    model.update(slice_index=0)
    assert viewer.picture.value != before


def test_the_overlay_shows_mask_reference_and_box_of_its_slice(
    viewer: SliceViewer, model: AppModel
) -> None:
    model.update(slice_index=6, box=BOX, masks=Masks().with_slice(6, model.reference[6]))
    drawn = viewer.overlay.value
    assert re.findall('class="(bw-[a-z]+)"', drawn) == [
        "bw-overlay",
        "bw-prediction",
        "bw-reference",
        "bw-box",
    ]
    assert 'viewBox="0 0 32 24"' in drawn
    assert 'x="8" y="3" width="14" height="9"' in drawn
    model.update(slice_index=0)
    assert re.findall('class="(bw-[a-z]+)"', viewer.overlay.value) == ["bw-overlay"]


def test_no_attribute_is_given_twice(viewer: SliceViewer, model: AppModel) -> None:
    """A browser keeps the first and drops the second, silently."""
    model.update(slice_index=6, box=BOX, masks=Masks().with_slice(6, model.reference[6]))
    for tag in re.findall("<[a-z]+ ([^>]*)>", viewer.overlay.value + viewer.strip.value):
        names = re.findall(r'([\w-]+)="', tag)
        assert len(names) == len(set(names)), tag


def test_the_strip_has_a_cell_for_each_slice_found(viewer: SliceViewer, model: AppModel) -> None:
    empty = np.zeros((24, 32), dtype=bool)
    masks = Masks().with_slice(6, model.reference[6]).with_slice(9, empty)
    model.update(masks=masks)
    prediction, reference = (
        re.search(f'class="{name}" d="([^"]*)"', viewer.strip.value).group(1).count("M")
        for name in ("bw-prediction", "bw-reference")
    )
    assert (prediction, reference) == (1, LESION[0].stop - LESION[0].start)


def test_the_stage_has_the_pictures_physical_shape(viewer: SliceViewer) -> None:
    # 32 columns of 2 mm by 24 rows of 1 mm
    assert "aspect-ratio: 64.000 / 24.000" in viewer.widget.children[0].value
    assert viewer.stage.layout.width == "480px"


def test_slider_window_wheel_and_checkbox_say_what_was_asked(
    viewer: SliceViewer, said: Mock
) -> None:
    viewer.slider.value = 9
    viewer.window.value = (20.0, 40.0)
    viewer.follow.value = False
    viewer.auto_window.click()
    viewer.wheel._handle_mouse_msg(None, {"event": "wheel", "deltaY": 53.0}, None)
    viewer.wheel._handle_mouse_msg(None, {"event": "wheel", "deltaY": -1.0}, None)
    said.show.assert_called_once_with(9)
    said.window.assert_called_once()
    assert said.window.call_args.args == pytest.approx((20.0, 40.0), abs=0.2)
    said.follow.assert_called_once_with(False)
    said.auto_window.assert_called_once_with()
    assert [call.args for call in said.step.call_args_list] == [(1,), (-1,)]


def test_a_box_message_is_handed_on_and_acknowledged(said: Mock) -> None:
    capture = BoxCapture(on_box=said.box, on_step=said.step)
    capture.send = said.send
    capture.receive(capture, {"kind": "box", "slice": 6, "start": [0.25, 1], "end": [0.5, 0]}, None)
    capture.receive(capture, {"kind": "step", "by": -5}, None)
    said.box.assert_called_once_with(6, (0.25, 1.0), (0.5, 0.0))
    said.step.assert_called_once_with(-5)
    said.send.assert_called_once_with({"kind": "settled"})


# Control panel


def test_choices_and_clicks_are_said_once(panel: ControlPanel, said: Mock) -> None:
    panel.strategy.value = "top-to-bottom"
    panel.extent.value = "reference"
    panel.propagate.click()
    panel.cancel.click()
    said.strategy.assert_called_once_with("top-to-bottom")
    said.extent.assert_called_once_with("reference")
    said.propagate.assert_called_once_with()
    said.cancel.assert_called_once_with()


def test_buttons_follow_box_and_progress(panel: ControlPanel, model: AppModel) -> None:
    assert (panel.propagate.disabled, panel.cancel.disabled) == (True, True)
    model.update(box=BOX)
    assert (panel.propagate.disabled, panel.cancel.disabled) == (False, True)
    model.update(progress=Progress(True, 3, 5))
    assert (panel.propagate.disabled, panel.cancel.disabled) == (True, False)
    assert (panel.bar.value, panel.bar.max) == (3, 5)
    assert panel.count.value == "3 of 5 slices"
    model.update(progress=Progress(True, 1, None))
    assert panel.count.value == "1 slice"
    assert (panel.bar.value, panel.bar.max) == (1, 12)
    model.update(progress=Progress(False, 7, None))
    assert (panel.bar.value, panel.bar.max) == (7, 7)


@pytest.mark.parametrize(
    ("strategy", "extent", "sentence"),
    [
        ("center-outward", "automatic", "Starts on slice 6 and works outward both ways"),
        ("center-outward", "reference", "Starts on slice 6 and works outward to slices 4 and 8."),
        ("top-to-bottom", "automatic", "Looks for the tumour's top from slice 6"),
        # slices run from inferior to superior, so the top is the last one
        ("top-to-bottom", "reference", "Starts on slice 8, the top, and visits every slice to 4."),
        ("bottom-to-top", "reference", "Starts on slice 4, the bottom"),
    ],
)
def test_each_strategy_says_where_it_starts_and_what_it_visits(
    panel: ControlPanel, model: AppModel, strategy: str, extent: str, sentence: str
) -> None:
    model.update(strategy=strategy, extent_source=extent, box=BOX)
    assert sentence in panel.sentence.value.replace("&#x27;", "'")


def test_without_a_reference_there_is_one_extent(stack: Any, said: Mock) -> None:
    model = AppModel(stack, Window(0.0, 1.0))
    panel = ControlPanel(
        model,
        on_strategy=said.s,
        on_extent=said.e,
        on_propagate=said.p,
        on_cancel=said.c,
    )
    assert [value for _, value in panel.extent.options] == ["automatic"]


def test_the_status_line_is_announced_and_escaped(panel: ControlPanel, model: AppModel) -> None:
    model.update(status=Status("No <b>box</b>.", "error"))
    assert 'role="status"' in panel.status.value
    assert "bw-error" in panel.status.value
    assert "No &lt;b&gt;box&lt;/b&gt;." in panel.status.value


# Dice table


def test_the_table_is_empty_without_scores(model: AppModel) -> None:
    table = DiceTable(model)
    unscored: Any = Outcome()
    model.update(runs=(Run("center-outward", BOX, unscored, 1.0, True),))
    assert table.widget.value == ""


def test_the_best_of_each_column_is_bold(model: AppModel) -> None:
    table = DiceTable(model)
    one = run("center-outward", 2.0, dice=0.9, hd95_mm=4.0, volume_error_percent=-5.0)
    other = run("top-to-bottom", 1.0, dice=0.7, hd95_mm=2.0, volume_error_percent=20.0)
    model.update(runs=(one, other))
    assert re.findall("<b>(.*?)</b>", table.widget.value) == [
        *("0.900", "0.500", "-5"),  # Dice; surface Dice is a tie; smallest absolute volume error
        *("2.0", "0.500", "1.0"),
    ]
    assert "1. center-outward, box on 6" in table.widget.value
    assert "Dice: 1 where both masks are empty" in table.widget.value


def test_one_row_is_not_the_best_of_anything(model: AppModel) -> None:
    table = DiceTable(model)
    model.update(runs=(run("center-outward"), run("top-to-bottom", complete=False, dice=0.99)))
    assert "<b>" not in table.widget.value
    assert "2. top-to-bottom, box on 6, cancelled" in table.widget.value


# Surface panel


def test_the_surface_panel_shows_measures_scene_or_why_not(model: AppModel) -> None:
    panel = SurfacePanel(model)
    assert "after Propagate" in panel.scene.value
    model.update(runs=(run("center-outward"),), scene=Scene(html='<p class="x">'))
    assert "1.50 mL" in panel.measures.value
    assert "20.2 mm" in panel.measures.value
    assert 'srcdoc="&lt;p class=&quot;x&quot;&gt;"' in panel.scene.value
    model.update(scene=Scene(picture="data:image/png;base64,AA", note="No trame."))
    assert 'src="data:image/png;base64,AA"' in panel.scene.value
    assert "No trame." in panel.scene.value
    assert "iframe" not in panel.scene.value

"""The control panel: strategy, extent, Propagate, Cancel, progress."""

from __future__ import annotations

import pytest
from panel_fakes import RecordingIntents, lesion_with, make_run, show

from breastwidget.app.control_panel import ControlPanel
from breastwidget.app.document import ExtentChoice
from breastwidget.app.model import AppModel, Image, Progress, Status, Window
from breastwidget.app.status_line import StatusLine
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, SliceStack


@pytest.fixture
def intents() -> RecordingIntents:
    return RecordingIntents()


@pytest.fixture
def panel(model: AppModel, intents: RecordingIntents) -> ControlPanel:
    return ControlPanel(model, intents)


def test_choices_and_clicks_are_said_once(panel: ControlPanel, intents: RecordingIntents) -> None:
    panel.strategy.value = "top-to-bottom"
    panel.propagate.click()
    panel.cancel.click()
    assert intents.said == [("choose_strategy", "top-to-bottom"), ("propagate",), ("cancel",)]


def test_rendering_says_nothing(
    panel: ControlPanel, model: AppModel, intents: RecordingIntents
) -> None:
    range_ = ExtentChoice("range", Extent(2, 9))
    show(model, lesion_with(), strategy="bottom-to-top", extent=range_)
    assert (panel.strategy.value, panel.extent.value) == ("bottom-to-top", "range")
    assert panel.range.value == (2, 9)
    show(model, lesion_with(), extent=ExtentChoice("reference"))
    assert panel.range.value == (4, 8)
    show(model, lesion_with())
    assert (panel.range.value, panel.range.max) == ((0, 11), 11)
    model.update(plane=Plane.SAGITTAL)
    assert (panel.range.value, panel.range.max) == ((0, 31), 31)
    assert intents.said == []


@pytest.mark.parametrize("source", ["automatic", "reference"])
def test_another_plane_is_no_drag_of_the_range(
    panel: ControlPanel,
    model: AppModel,
    intents: RecordingIntents,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    """Of 12, 24 and 32 slices. The page gets end and ends at once, and sends only what was dragged:
    never a mixture of old and new ends."""
    assert not panel.range.continuous_update
    show(model, lesion_with(), extent=ExtentChoice(source))
    sent: list[set[str]] = []
    monkeypatch.setattr(panel.range, "send_state", lambda names: sent.append(set(names)))
    for plane in (Plane.CORONAL, Plane.SAGITTAL, Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL):
        sent.clear()
        model.update(plane=plane)
        last = model.stack_of(plane).shape[0] - 1
        assert panel.range.max == last
        extent = model.reference_extent(plane) if source == "reference" else Extent(0, last)
        assert extent is not None
        assert panel.range.value == (extent.first, extent.last)
        assert sent == [{"max", "value"}]
    assert model.document.extent.source == source
    assert intents.said == []


def test_dragging_an_end_asks_for_the_range(panel: ControlPanel, intents: RecordingIntents) -> None:
    panel.range.value = (3, 11)
    assert intents.said == [("choose_extent", "range", Extent(3, 11))]


def test_a_refused_extent_goes_back(panel: ControlPanel, intents: RecordingIntents) -> None:
    panel.extent.value = "reference"
    assert intents.said == [("choose_extent", "reference")]
    assert panel.extent.value == "automatic"


def test_without_a_reference_its_extent_is_not_offered(
    stack: SliceStack, intents: RecordingIntents
) -> None:
    model = AppModel([Image("phase 1", stack.volume)], Plane.AXIAL, Window(0.0, 1.0))
    panel = ControlPanel(model, intents)
    assert [value for _, value in panel.extent.options] == ["automatic", "range"]


def test_each_strategy_says_where_it_starts(panel: ControlPanel, model: AppModel) -> None:
    show(model, lesion_with(), extent=ExtentChoice("reference"))
    outward, down, up = panel.strategy.tooltips
    assert "Starts on slice 6 and works outward to slices 4 and 8." in outward
    # Slices run from inferior to superior, so the top is the last one.
    assert "Starts on slice 8, the top, and visits every slice to 4." in down
    assert "Starts on slice 4, the bottom" in up
    assert outward in panel.sentence.value


def test_buttons_follow_prompt_and_progress(panel: ControlPanel, model: AppModel) -> None:
    assert (panel.propagate.disabled, panel.cancel.disabled) == (True, True)
    show(model, lesion_with())
    assert (panel.propagate.disabled, panel.cancel.disabled) == (False, True)
    model.update(progress=Progress(True, 3, 5))
    assert (panel.propagate.disabled, panel.cancel.disabled) == (True, False)
    assert (panel.bar.value, panel.bar.max, panel.count.value) == (3, 5, "3 of 5 slices")
    model.update(progress=Progress(True, 1, None))
    assert (panel.bar.value, panel.bar.max, panel.count.value) == (1, 12, "1 slice")
    model.update(progress=Progress(False, 7, None))
    assert (panel.bar.value, panel.bar.max) == (7, 7)


def test_after_a_correction_propagate_says_from_where(
    panel: ControlPanel, model: AppModel, stack: SliceStack
) -> None:
    show(model, lesion_with(make_run(stack), pending=6))
    assert panel.propagate.description == "Re-propagate from slice 6"
    show(model, lesion_with(make_run(stack)))
    assert panel.propagate.description == "Propagate"


def test_the_status_line_is_announced_and_escaped(
    model: AppModel, intents: RecordingIntents
) -> None:
    line = StatusLine(model, intents)
    model.update(status=Status("No <b>box</b>.", "error"))
    assert 'role="status"' in line.widget.value
    assert "bw-error" in line.widget.value
    assert "No &lt;b&gt;box&lt;/b&gt;." in line.widget.value

"""The hand on a page of its own: geometry at pointer speed, without a Jupyter server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest
from hand_page import HandPage, open_hand
from playwright.sync_api import Browser, Page

from breastwidget.app.document import Document, LesionState
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel, Cursor, Image, Window
from breastwidget.app.sections import Sections
from breastwidget.app.slice_view import SliceView
from breastwidget.app.vectors import Drawing
from breastwidget.prompts import BoxPrompt, PointPrompt
from breastwidget.volume import Plane, Volume

ROWS, COLUMNS = 96, 128  # 1.5 mm by 1 mm: 128 mm wide, 144 mm high
BOX = [40.0, 30.0, 80.0, 60.0]
EXACT = 0.005

OpenHand = Callable[..., HandPage]


@pytest.fixture
def model() -> AppModel:
    pixels = np.indices((10, ROWS, COLUMNS)).sum(axis=0).astype(np.int16)
    data = np.ascontiguousarray(pixels.transpose(2, 1, 0))
    volume = Volume(data, np.diag([-1.0, -1.5, 3.0, 1.0]), "ramp", slice_axis=2)
    model = AppModel([Image("ramp", volume)], Plane.AXIAL, Window(0.0, 230.0))
    prompts = (BoxPrompt(5, *BOX), PointPrompt(5, 64.5, 48.5))
    lesion = LesionState(1, "lesion 1", "#e69f00", Plane.AXIAL, prompts=prompts)
    model.update(document=Document((lesion,), 1), cursor=Cursor(64, 48, 5))
    return model


@pytest.fixture
def open_on(page: Page, model: AppModel) -> OpenHand:
    def open_on(width: float = 384, place: int = 0, **changes: Any) -> HandPage:
        model.update(**changes)
        intents = create_autospec(Intents, instance=True)
        return open_hand(page, SliceView(model, intents, place, 512, Sections(), Drawing()), width)

    return open_on


@pytest.fixture(autouse=True)
def no_errors(console_errors: list[str]) -> Iterator[None]:
    yield
    assert console_errors == []


def without_box(model: AppModel) -> Document:
    (lesion,) = model.document.lesions
    return Document((replace(lesion, prompts=()),), 1)


@pytest.mark.parametrize("width", [384, 333.3, 201])
def test_a_box_is_exact_at_any_size(open_on: OpenHand, model: AppModel, width: float) -> None:
    hand = open_on(width, document=without_box(model))
    start, end = hand.at(100, 20), hand.at(17, 77)
    hand.drag((100, 20), (60, 90), (17, 77))
    (message,) = hand.sent("box")
    (right, top), (left, bottom) = hand.place(start), hand.place(end)
    assert message["slice"] == 5
    assert message["box"] == pytest.approx([left, top, right, bottom], abs=EXACT)


def test_the_stage_has_the_physical_aspect_and_all_layers_lie_on_one_another(
    open_on: OpenHand,
) -> None:
    hand = open_on(300)
    picture = hand.frame()
    assert picture["height"] / picture["width"] == pytest.approx(144 / 128, abs=0.002)
    for layer in (".bw-overlay", ".bw-live", ".bw-hand"):
        box = hand.page.locator(layer).bounding_box()
        assert box == pytest.approx({key: picture[key] for key in box or {}}, abs=0.01)
    point = hand.page.locator(".bw-point").bounding_box()
    assert point is not None
    middle = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    assert middle == pytest.approx(
        (picture["x"] + 64.5 / 128 * 300, picture["y"] + 48.5 / 96 * 337.5), abs=0.6
    )


def test_zoomed_and_panned_positions_stay_exact(open_on: OpenHand, model: AppModel) -> None:
    hand = open_on(384, document=without_box(model))
    x, y = hand.at(90, 40)
    under = hand.place((x, y))
    hand.page.mouse.move(x, y)
    hand.page.keyboard.down("Control")
    for _ in range(8):
        hand.page.mouse.wheel(0, -100)
    hand.page.keyboard.up("Control")
    hand.settle()
    assert hand.frame()["width"] > 5 * 384
    assert hand.place((x, y)) == pytest.approx(under, abs=EXACT)  # about the pointer
    assert hand.page.locator(".bw-stage.bw-crisp").count() == 1
    assert [each["zoomed"] for each in hand.sent("zoomed")] == [True]
    hand.drag((90, 40), (86, 38), button="middle")  # pan
    assert hand.place((x, y)) != pytest.approx(under, abs=1)
    assert hand.sent("box") == []
    start, end = hand.at(86, 39), hand.at(92, 44)
    corners = [*hand.place(start), *hand.place(end)]
    hand.drag((86, 39), (92, 44))
    (message,) = hand.sent("box")
    assert message["box"] == pytest.approx(corners, abs=EXACT)
    hand.page.mouse.dblclick(*hand.at(88, 40))
    hand.settle()
    assert hand.frame()["width"] == pytest.approx(384, abs=0.01)
    assert [each["zoomed"] for each in hand.sent("zoomed")] == [True, False]


def test_a_drag_that_ends_outside_ends_at_the_edge(open_on: OpenHand, model: AppModel) -> None:
    hand = open_on(document=without_box(model))
    hand.drag((100, 70), (60, 80), (-12, 109))
    (message,) = hand.sent("box")
    assert (message["box"][0], message["box"][3]) == (0, ROWS)


def test_the_rubber_band_needs_no_answer(open_on: OpenHand, model: AppModel) -> None:
    hand = open_on(document=without_box(model))
    hand.hold_answers("box")
    hand.page.mouse.move(*hand.at(20, 20))
    hand.page.mouse.down()
    hand.page.mouse.move(*hand.at(30, 40), steps=2)
    first = hand.path("bw-box")
    hand.page.mouse.move(*hand.at(50, 60))
    assert "" != first != hand.path("bw-box")
    assert hand.sent("box") == []
    hand.page.mouse.up()
    drawn = hand.path("bw-box")
    (message,) = hand.sent("box")
    assert drawn  # it stays until the kernel has spoken
    hand.answer(message)
    assert hand.path("bw-box") == ""  # refused: the kernel holds no box


@pytest.mark.parametrize(
    ("grip", "by", "expected"),
    [
        ((40, 30), (-10, 6), [30, 36, 80, 60]),
        ((60, 30), (5, -12), [40, 18, 80, 60]),
        ((80, 60), (12, 12), [40, 30, 92, 72]),
        ((80, 45), (-60, 0), [20, 30, 40, 60]),  # pulled across the other side
        ((40, 60), (-99, 99), [0, 30, 80, 96]),  # released outside
        ((50, 31), (10, 9), [50, 39, 90, 69]),  # its inside edge moves it
        ((50, 31), (-90, 90), [0, 66, 40, 96]),  # and it stays within the picture
    ],
)
def test_handles_adjust_the_box(
    open_on: OpenHand, grip: Any, by: Any, expected: list[float]
) -> None:
    hand = open_on(512)
    hand.drag(grip, (grip[0] + by[0] / 2, grip[1] + by[1] / 2), (grip[0] + by[0], grip[1] + by[1]))
    (message,) = hand.sent("box")
    assert message["box"] == pytest.approx(expected, abs=0.26)  # whole CSS pixels, 4 to a column


def test_a_drag_in_the_middle_of_a_box_draws_another(open_on: OpenHand) -> None:
    hand = open_on(512)
    hand.drag((55, 42), (66, 50))
    (message,) = hand.sent("box")
    assert message["box"] == pytest.approx([55, 42, 66, 50], abs=0.26)


def test_a_click_moves_the_crosshair_and_draws_nothing(open_on: OpenHand, model: AppModel) -> None:
    hand = open_on(document=without_box(model))
    hand.page.mouse.click(*hand.at(20, 30))
    (message,) = hand.sent("cursor")
    assert message["at"] == pytest.approx(hand.place(hand.at(20, 30)), abs=EXACT)
    assert hand.sent("box") == []


def test_escape_drops_the_drag(open_on: OpenHand, model: AppModel) -> None:
    hand = open_on(document=without_box(model))
    hand.page.mouse.move(*hand.at(20, 20))
    hand.page.mouse.down()
    hand.page.mouse.move(*hand.at(40, 40))
    hand.page.keyboard.press("Escape")
    hand.page.mouse.move(*hand.at(60, 60))
    hand.page.mouse.up()
    assert hand.path("bw-box") == ""
    assert hand.sent("box") == hand.sent("cursor") == []


@pytest.mark.parametrize(
    ("tool", "alt", "positive"),
    [
        ("point", False, True),
        ("point", True, False),
        ("negative point", False, False),
        ("negative point", True, True),
    ],
)
def test_points(open_on: OpenHand, tool: str, alt: bool, positive: bool) -> None:
    hand = open_on(tool=tool)
    if alt:
        hand.page.keyboard.down("Alt")
    hand.page.mouse.click(*hand.at(20, 30))
    hand.page.keyboard.up("Alt")
    (message,) = hand.sent("point")
    assert message["positive"] is positive
    assert message["at"] == pytest.approx(hand.place(hand.at(20, 30)), abs=EXACT)


def test_a_stroke_is_drawn_at_once_and_sent_simplified(open_on: OpenHand) -> None:
    hand = open_on(512, tool="paint", brush_mm=6.0)
    hand.hold_answers("stroke")
    hand.page.mouse.move(*hand.at(20, 20))
    hand.page.mouse.down()
    hand.page.mouse.move(*hand.at(100, 20), steps=30)
    hand.page.mouse.move(*hand.at(100, 70), steps=30)
    assert hand.path("bw-stroke").count("L") >= 30
    assert hand.page.locator(".bw-stroke").evaluate("e => e.style.strokeWidth") == "6"
    hand.page.mouse.up()
    (message,) = hand.sent("stroke")
    assert message["erase"] is False
    assert len(message["path"]) == 3
    for found, meant in zip(message["path"], [(20, 20), (100, 20), (100, 70)], strict=True):
        assert found == pytest.approx(meant, abs=0.26)
    assert hand.path("bw-stroke") != ""
    hand.answer(message)
    assert hand.path("bw-stroke") == ""


def test_the_wheel_never_has_two_messages_on_the_way(open_on: OpenHand) -> None:
    hand = open_on()
    hand.hold_answers("step")
    hand.page.mouse.move(*hand.at(20, 20))
    for delta in (100, 100, 100, -100, 120, 360):
        hand.page.mouse.wheel(0, delta)
    (first,) = hand.sent("step")
    hand.answer(first)
    steps = hand.sent("step")
    assert len(steps) == 2
    assert sum(each["by"] for each in steps) == 6
    for _ in range(7):  # a touch pad's trickle
        hand.page.mouse.wheel(0, 15)
    hand.settle()
    hand.answer(steps[1])
    assert sum(each["by"] for each in hand.sent("step")[2:]) == 2


def test_the_window_is_dragged_right_for_wider_and_up_for_brighter(open_on: OpenHand) -> None:
    hand = open_on(tool="window")
    hand.drag((20, 60), (40, 60), (40, 30))
    sent = hand.sent("window")
    assert sum(each["wider"] for each in sent) == pytest.approx(60 / 300, abs=0.005)
    assert sum(each["brighter"] for each in sent) == pytest.approx(135 / 300, abs=0.005)
    assert hand.sent("cursor") == []


def test_a_small_view_moves_the_crosshair_whatever_the_tool(open_on: OpenHand) -> None:
    hand = open_on(216, place=2, tool="paint")
    hand.drag((20, 2), (60, 5))
    moves = hand.sent("cursor")
    assert moves[-1]["at"] == pytest.approx(hand.place(hand.at(60, 5)), abs=EXACT)
    assert {each["plane"] for each in moves} == {"sagittal"}
    assert hand.sent("stroke") == []
    hand.page.get_by_title("Make this the large view").click()
    assert [each["name"] for each in hand.sent("command")] == ["enlarge"]


def test_a_box_by_keys_alone(open_on: OpenHand, model: AppModel) -> None:
    hand = open_on(document=without_box(model))  # the crosshair is at (64.5, 48.5)
    hand.key(
        "k", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "k", "ArrowLeft", "ArrowUp", "Enter"
    )
    (message,) = hand.sent("box")
    assert message["box"] == [59.5, 43.5, 70.5, 62.5]
    hand.key("k", "ArrowRight", "Escape")
    assert len(hand.sent("box")) == 1
    assert hand.sent("step") == hand.sent("command") == []


def test_the_existing_box_is_taken_up_by_keys(open_on: OpenHand) -> None:
    hand = open_on()
    hand.key("k", "Shift+ArrowRight", "Enter")
    assert hand.sent("box")[0]["box"] == [40, 30, 90, 60]


def test_keys(open_on: OpenHand) -> None:
    hand = open_on()
    hand.key("ArrowDown", "ArrowUp", "PageDown", "Home", "End")
    assert [each["by"] for each in hand.sent("step")] == [1, -1, 5, -10, 10]
    hand.key("Enter", "d", "[", "]", "l", "x", "Control+z", "Control+Shift+Z", "2")
    assert [each["name"] for each in hand.sent("command")] == [
        *("propagate", "next doubtful", "smaller brush", "larger brush", "look", "crosshair"),
        *("undo", "redo", "coronal"),
    ]
    hand.key("Shift+ArrowRight", "Control+Shift+ArrowDown")
    assert hand.sent("cursor")[0]["at"] == [65.5, 48.5]
    hand.key("Delete")
    assert hand.sent("remove")[0]["at"] == [64.5, 48.5]
    hand.key("p", "Space")
    assert [each["tool"] for each in hand.sent("tool")] == ["point"]
    assert hand.sent("point")[0]["at"] == [64.5, 48.5]
    hand.key("?")
    assert hand.page.get_by_text("next doubtful slice").is_visible()
    hand.key("Escape")
    assert not hand.page.get_by_text("next doubtful slice").is_visible()


def test_delete_follows_a_crosshair_that_the_kernel_has_not_moved_yet(open_on: OpenHand) -> None:
    hand = open_on()
    hand.hold_answers("cursor")
    hand.key("Shift+ArrowRight", "Delete")
    (moved,) = hand.sent("cursor")
    hand.answer(moved)
    assert hand.sent("remove")[0]["at"] == moved["at"] == [65.5, 48.5]


def test_keys_of_others_pass(open_on: OpenHand) -> None:
    hand = open_on()
    hand.page.evaluate(
        "window.passed = []; addEventListener('keydown', (e) => window.passed.push(e.key))"
    )
    hand.key("q", "ArrowDown", "Control+s")
    assert hand.page.evaluate("window.passed") == ["q", "Control", "s"]
    hand.page.keyboard.press("Tab")
    assert hand.page.evaluate("document.activeElement.className") != "bw-hand"


def test_space_and_drag_pans_and_does_not_act(open_on: OpenHand) -> None:
    hand = open_on(tool="point")
    hand.key("+", "+", "+")
    before = hand.frame()["x"]
    hand.page.keyboard.down("Space")
    hand.drag((64, 48), (60, 48))
    hand.page.keyboard.up("Space")
    assert hand.frame()["x"] < before
    assert hand.sent("point") == []


def test_the_readout_is_local_and_the_kernel_is_asked_one_place_at_a_time(
    open_on: OpenHand,
) -> None:
    hand = open_on()
    hand.hold_answers("probe")
    readout = hand.page.locator(".bw-readout")
    hand.page.mouse.move(*hand.at(10.5, 20.5))
    (first,) = hand.sent("probe", at_least=1)
    for x in range(12, 18):
        hand.page.mouse.move(*hand.at(x + 0.5, 20.5))
        assert readout.inner_text() == f"column {x}, row 20"
    hand.page.wait_for_timeout(250)  # in which it could ask again, but the first is unanswered
    assert hand.sent("probe") == [first]
    hand.answer(first, ["voxel (1, 2, 3) = 4"])
    assert "voxel" not in readout.inner_text()  # it was about another place
    _, last = hand.sent("probe", at_least=2)
    assert last["at"] == pytest.approx(hand.place(hand.at(17.5, 20.5)), abs=EXACT)
    hand.answer(last, ["voxel (5, 6, 7) = 8"])
    assert "voxel (5, 6, 7) = 8" in readout.inner_text()


def test_a_step_tells_what_lies_under_the_pointer_and_no_probe_follows(open_on: OpenHand) -> None:
    hand = open_on()
    hand.page.mouse.move(*hand.at(10.5, 20.5))
    hand.sent("probe", at_least=1)
    hand.hold_answers("step")
    hand.page.mouse.wheel(0, 100)
    (step,) = hand.sent("step", at_least=1)
    assert step["at"] == pytest.approx(hand.place(hand.at(10.5, 20.5)), abs=EXACT)
    hand.set(slice=9)
    hand.answer(step, ["voxel (5, 6, 9) = 8"])
    assert "voxel (5, 6, 9) = 8" in hand.page.locator(".bw-readout").inner_text()
    hand.page.wait_for_timeout(250)
    assert len(hand.sent("probe")) == 1


def test_the_connection_is_nudged_until_what_was_asked_for_begins_to_come(
    open_on: OpenHand,
) -> None:
    """Small packets would wait for each other's acknowledgement (hand.js: `createNudge`)."""
    hand = open_on()
    hear = "([kind, date]) => window.hear(kind, date)"
    nothing = hand.sent("nudge")
    hand.page.evaluate(hear, ["status", "2026-01-01T00:00:00Z"])
    assert hand.sent("nudge") == nothing == []  # nothing was asked for
    hand.hold_answers("step")
    hand.page.mouse.move(*hand.at(10.5, 20.5))
    hand.page.mouse.wheel(0, 100)
    hand.sent("step", at_least=1)
    for number, (kind, date) in enumerate(
        [
            ("status", "2026-01-01T00:00:00Z"),  # of a message before
            ("comm_msg", "2026-01-01T00:00:00Z"),
            ("status", "2999-01-01T00:00:00Z"),
            ("comm_msg", "2999-01-01T00:00:00Z"),
        ]
    ):
        hand.page.evaluate(hear, [kind, date])
        hand.page.wait_for_timeout(20)
        assert len(hand.sent("nudge", at_least=number + 1)) == number + 1
    hand.page.evaluate(hear, ["comm_msg", "2999-01-01T00:00:00Z"])
    hand.page.wait_for_timeout(20)
    assert len(hand.sent("nudge")) == 4


def test_a_kernel_that_never_answers_is_not_nudged_for_ever(open_on: OpenHand) -> None:
    """A restarted one says it is busy for each nudge, too, and no more."""
    hand = open_on()
    hand.hold_answers("step")
    hand.page.mouse.move(*hand.at(10.5, 20.5))
    hand.page.mouse.wheel(0, 100)
    hand.sent("step", at_least=1)
    for _ in range(8):
        hand.page.evaluate("window.hear('status', '2999-01-01T00:00:00Z')")
        hand.page.wait_for_timeout(15)
    assert len(hand.sent("nudge")) == 4


def test_the_scale_bar_is_true(open_on: OpenHand) -> None:
    hand = open_on(384)  # 3 CSS pixels to a millimetre
    bar = hand.page.locator(".bw-scale i").bounding_box()
    assert bar is not None
    assert hand.page.locator(".bw-scale").inner_text().strip() == "20 mm"
    assert bar["width"] == pytest.approx(60, abs=0.1)


def test_the_kernels_state_is_drawn(open_on: OpenHand) -> None:
    hand = open_on()
    before = hand.path("bw-crosshair")
    hand.set(cursor=[10.5, 12.5], box=[1, 2, 3, 4], title="axial 7 of 9", slice=7)
    assert hand.path("bw-crosshair") != before
    assert hand.path("bw-box") == "M1,3L3,3L3,6L1,6Z"  # in mm
    assert hand.page.locator(".bw-title").inner_text() == "axial 7 of 9"
    hand.set(crosshair=False)
    assert hand.path("bw-crosshair") == ""


def test_two_fingers_zoom_about_their_middle(browser: Browser, model: AppModel) -> None:
    context = browser.new_context(viewport={"width": 640, "height": 640}, has_touch=True)
    page = context.new_page()
    intents = create_autospec(Intents, instance=True)
    hand = open_hand(page, SliceView(model, intents, 0, 512, Sections(), Drawing()), 384)
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *xs: float) -> None:
        points = [{"x": x, "y": 200, "id": index} for index, x in enumerate(xs)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    under = hand.place((200, 200))
    fingers("touchStart", 180)
    fingers("touchStart", 180, 220)
    for spread in (30, 40, 60):
        fingers("touchMove", 200 - spread, 200 + spread)
    fingers("touchEnd")
    hand.settle()
    assert hand.frame()["width"] == pytest.approx(3 * 384, rel=0.02)
    assert hand.place((200, 200)) == pytest.approx(under, abs=0.1)
    assert hand.sent("box") == []
    context.close()

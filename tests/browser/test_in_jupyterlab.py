"""`TumorSegmenter` in a real JupyterLab: drawing, changing slices, propagating, undoing."""

from __future__ import annotations

import re

import pytest
from app_page import AppPage, app_source, truth_of
from conftest import OpenApp
from jupyter_harness import Lab, open_and_run
from playwright.sync_api import Page, expect

TRUTH = truth_of()
(BOX,) = TRUTH.boxes
CORNERS = (BOX.x0, BOX.y0, BOX.x1, BOX.y1)
SLICES, ROWS, COLUMNS = TRUTH.shape

# anywidget waits for its widgets' code for two seconds.
GIVE_UP_AT_ONCE = """
const timeout = AbortSignal.timeout;
window.gaveUp = 0;
AbortSignal.timeout = (ms) => {
  if (ms === 2000) window.gaveUp++;
  return timeout.call(AbortSignal, ms === 2000 ? 0 : ms);
};
"""


@pytest.mark.parametrize("size", [480, 333])
def test_a_dragged_box_is_exact_to_one_pixel(open_app: OpenApp, size: int) -> None:
    app = open_app(size_px=size)
    stage = app.large.bounding_box()
    assert stage is not None
    assert max(stage["width"], stage["height"]) == pytest.approx(size, abs=1)
    app.prompt(BOX)
    assert app.kernel_box() == pytest.approx(CORNERS, abs=1)
    assert app.drawn_box() == pytest.approx(app.kernel_box(), abs=0.01)
    assert app.ask("app.box.slice") == BOX.slice


def test_a_box_released_outside_ends_at_the_edge(open_app: OpenApp) -> None:
    app = open_app()
    app.drag((20, 20), (-15, ROWS + 3))
    app.wait_until(lambda: app.kernel_box() is not None)
    box = app.kernel_box()
    assert box is not None
    x0, y0, x1, y1 = box
    assert (x0, y1) == (0, ROWS)
    assert (x1, y0) == pytest.approx((20, 20), abs=1)
    # The drag is over: moving on draws nothing.
    drawn = app.drawn_box()
    app.page.mouse.move(*app.at(50, 30))
    assert app.drawn_box() == drawn == pytest.approx(box, abs=0.01)


def test_a_click_moves_the_crosshair_and_escape_drops_a_box(open_app: OpenApp) -> None:
    app = open_app()
    before = app.ask("app.model.cursor.voxel")
    app.page.mouse.click(*app.at(20.5, 20.5))
    app.wait_until(lambda: app.ask("app.model.cursor.voxel") != before)
    place = "app.model.stack.from_voxel_index(app.model.cursor.voxel)"
    assert app.ask(place) == (SLICES // 2, 20, 20)
    x, y = app.at(20, 20)
    app.page.mouse.move(x, y)
    app.page.mouse.down()
    app.page.mouse.move(x + 80, y + 60, steps=3)
    app.expect_box()
    app.page.keyboard.press("Escape")
    app.expect_box(drawn=False)
    app.page.mouse.up()
    app.keys("ArrowDown")  # what was sent before it has arrived as well
    app.expect_slice(SLICES // 2 + 1)
    assert app.ask("app.model.document.lesions") == ()


def test_wheel_keys_slider_and_strip_change_the_slice(open_app: OpenApp) -> None:
    app = open_app()
    middle = SLICES // 2
    app.expect_slice(middle)
    picture = app.large.locator("img")
    before = picture.get_attribute("src")
    app.page.mouse.move(*app.at(30, 30))
    for notch, expected in ((100, middle + 1), (100, middle + 2), (-100, middle + 1)):
        app.page.mouse.wheel(0, notch)
        app.expect_slice(expected)
    assert picture.get_attribute("src") != before
    for key, expected in (
        ("ArrowDown", middle + 2),
        ("ArrowLeft", middle + 1),
        ("PageUp", middle - 4),
        ("End", SLICES - 1),
        ("ArrowRight", SLICES - 1),
        ("Home", 0),
    ):
        app.keys(key)
        app.expect_slice(expected)
    app.app.locator(".bw-large .noUi-handle").focus()
    app.page.keyboard.press("ArrowRight")
    app.expect_slice(1)
    strip = app.app.locator(".bw-strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None
    app.page.mouse.click(box["x"] + (7.5 / SLICES) * box["width"], box["y"] + 30)
    app.expect_slice(7)


def test_keys_alone_draw_propagate_undo_and_redo(open_app: OpenApp) -> None:
    app = open_app()
    app.wheel_to(BOX.slice)
    app.page.mouse.move(0, 0)
    # The crosshair from the middle to the lesion, a box about it, and its corners.
    left, up = round(COLUMNS / 2 - 28), round(ROWS / 2 - 32)
    app.keys(*["Control+Shift+ArrowLeft"] * (left // 10), *["Shift+ArrowLeft"] * (left % 10))
    app.keys(*["Shift+ArrowUp"] * up)
    app.keys("k", *["ArrowRight"] * 5, "ArrowDown", "ArrowDown", "k", *["ArrowLeft"] * 4, "ArrowUp")
    app.keys("Enter")
    app.expect_mask()
    drawn = app.kernel_box()
    assert drawn == pytest.approx((20, 27, 37, 38), abs=2)
    app.keys("Enter")
    app.expect_status("^Done: center-outward, ")
    expect(app.results()).to_have_count(1)
    app.keys("Control+z")
    expect(app.results()).to_have_count(0)
    app.keys("Control+z")
    app.expect_box(drawn=False)
    assert app.ask("app.model.document.lesions") == ()
    app.keys("Control+Shift+z")
    app.expect_mask()
    assert app.kernel_box() == drawn
    app.keys("Control+y")
    expect(app.results()).to_have_count(1)


def test_jupyters_own_keys_rest_while_the_picture_has_the_focus(open_app: OpenApp) -> None:
    app = open_app()
    before = app.slice
    # Insert a cell, delete one, and change it to Markdown: in Jupyter's command mode.
    app.keys("a", "d", "d", "m", "ArrowDown")
    app.expect_slice(before + 1)
    expect(app.page.locator(".jp-CodeCell")).to_have_count(1)
    expect(app.page.locator(".jp-MarkdownCell")).to_have_count(0)
    assert app.ask("app.model.tool") == "paint"


def test_masks_stream_in_and_cancel_keeps_them(open_app: OpenApp) -> None:
    app = open_app(delay=1.0)  # half a minute in all
    app.prompt(BOX)
    app.press("Propagate")
    progress = app.app.locator(".bw-progress")
    expect(progress).to_have_text(re.compile(r"^\s*(?![01] )\d+ slices\s*$"))
    streamed = app.app.locator(".bw-strip .bw-tip")
    expect(streamed.nth(1)).to_be_attached()
    app.press("Cancel")
    app.expect_status(r"^Cancelled: center-outward keeps the \d+ slices done")
    expect(app.results()).to_have_count(1)
    expect(app.results()).to_contain_text("cancelled")
    done = app.ask("[each.slice for each in app.segmentation.slices]")
    assert done[0] == BOX.slice
    expect(streamed).to_have_count(len(done))
    assert not app.ask("app.model.document.current.run.complete")


def test_a_page_that_was_too_busy_for_anywidget_hears_the_kernel(page: Page, lab: Lab) -> None:
    page.add_init_script(GIVE_UP_AT_ONCE)
    lab.write_notebook("busy.ipynb", app_source())
    open_and_run(page, lab, "busy.ipynb")
    app = AppPage(page, TRUTH).wait()
    app.prompt(BOX)
    app.press("Propagate")
    app.expect_status("^Done: center-outward, ")
    app.expect_scene()
    assert page.evaluate("window.gaveUp") >= 4  # three hands and the scene's frame


def test_nano_finds_the_lesion_in_two_orders(open_app: OpenApp) -> None:
    app = open_app(quick=False, autosave=False)
    app.prompt(app.truth.boxes[0])
    app.press("Propagate")
    assert app.dice() > 0.5
    app.press("Top to bottom")
    app.press("Reference")
    app.press("Propagate")
    assert app.dice(row=1) > 0.5
    assert app.app.locator(".bw-dice tbody b").count() > 0
    app.expect_scene()
    app.screenshot("propagated")

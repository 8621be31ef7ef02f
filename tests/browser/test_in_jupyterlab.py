"""`TumorSegmenter` in a real JupyterLab: mouse, wheel, keys, and what the page then shows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pytest
from jupyter_harness import SCREENSHOTS, Lab, open_and_run
from playwright.sync_api import Page, expect

from breastwidget.phantom import make_phantom
from breastwidget.prompts import BoxPrompt, box_from_reference, loosen

QUICK = {"shape": (96, 64, 40), "spacing_mm": (1.8, 2.8, 3.0)}

# A fake engine on a coarse phantom: seconds, and no checkpoint.
QUICK_CELLS = (
    "import breastwidget as bw\n"
    "from breastwidget.engines.base import FakeEngine\n"
    f"phantom = bw.make_phantom(shape={QUICK['shape']}, spacing_mm={QUICK['spacing_mm']})",
    "app = bw.TumorSegmenter(phantom.subtraction(1), reference=phantom.reference,\n"
    "                        engine=FakeEngine(delay_seconds={delay}), size_px={size})\n"
    "app",
)
NANO_CELLS = (
    "import breastwidget as bw\nphantom = bw.make_phantom()",
    "app = bw.TumorSegmenter(phantom.subtraction(1), reference=phantom.reference)\napp",
)

Point = tuple[float, float]


@dataclass(frozen=True)
class Viewer:
    """The app on a page, in the words of a person."""

    page: Page
    columns: int
    rows: int

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The whole CSS pixel of the page nearest column x, row y of the picture."""
        box = self.page.locator(".bw-capture").bounding_box()
        assert box is not None
        return (
            round(box["x"] + x / self.columns * box["width"]),
            round(box["y"] + y / self.rows * box["height"]),
        )

    def drag(self, start: Point, end: Point) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*start))
        mouse.down()
        mouse.move(*self.at((start[0] + end[0]) / 2, end[1]), steps=5)
        mouse.move(*self.at(*end))
        mouse.up()

    def drag_box(self, box: BoxPrompt) -> None:
        self.drag((box.x0, box.y0), (box.x1, box.y1))

    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of the box that the kernel holds, read from its overlay."""
        drawn = self.page.locator(".bw-overlay .bw-box")
        drawn.wait_for(timeout=20_000)
        x, y, width, height = (
            float(drawn.get_attribute(name) or "nan") for name in ("x", "y", "width", "height")
        )
        return x, y, x + width, y + height

    @property
    def slice(self) -> int:
        return int(self.page.locator(".bw-viewer .widget-readout").first.inner_text())

    def expect_slice(self, index: int) -> None:
        readout = self.page.locator(".bw-viewer .widget-readout").first
        expect(readout).to_have_text(str(index), timeout=20_000)

    def wheel_to(self, index: int) -> None:
        self.page.mouse.move(*self.at(self.columns / 2, self.rows / 2))
        while (here := self.slice) != index:
            self.page.mouse.wheel(0, 100 if index > here else -100)
            self.expect_slice(here + (1 if index > here else -1))
            self.page.wait_for_timeout(70)  # the wheel is throttled to 60 ms

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def choose(self, field: str, option: str) -> None:
        self.page.get_by_label(field).select_option(option)

    def expect_status(self, pattern: str, seconds: float = 60) -> None:
        status = self.page.locator(".bw-status")
        expect(status).to_contain_text(re.compile(pattern), timeout=seconds * 1000)

    def dice(self, row: int = 0) -> float:
        cell = self.page.locator(".bw-dice tbody tr").nth(row).locator("td").first
        cell.wait_for(timeout=180_000)
        return float(cell.inner_text())

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.locator(".bw-app").screenshot(path=SCREENSHOTS / f"{name}.png")


def lesion_box(**phantom: object) -> tuple[BoxPrompt, tuple[int, int, int]]:
    """A box with some margin around the phantom's lesion where it is largest; the stack's shape."""
    made = make_phantom(**phantom)  # type: ignore[arg-type]
    stack = made.phases[0].stack()
    truth = stack.from_voxels(made.reference)
    largest = int(truth.sum(axis=(1, 2)).argmax())
    return loosen(box_from_reference(truth, largest), 0.15, stack.shape[1:]), stack.shape


def opened(page: Page, lab: Lab, shape: tuple[int, int, int], *cells: str) -> Viewer:
    lab.write_notebook("app.ipynb", *cells)
    open_and_run(page, lab, "app.ipynb")
    page.wait_for_selector(".bw-capture", timeout=60_000)
    page.wait_for_function("document.querySelector('.bw-stage img')?.naturalWidth > 0")
    return Viewer(page, columns=shape[2], rows=shape[1])


def quick_cells(delay: float = 0.0, size: int = 480) -> list[str]:
    return [cell.format(delay=delay, size=size) for cell in QUICK_CELLS]


def test_a_box_is_propagated_and_scored(page: Page, lab: Lab, console_errors: list[str]) -> None:
    box, shape = lesion_box()
    viewer = opened(page, lab, shape, *NANO_CELLS)
    viewer.wheel_to(box.slice)
    viewer.drag_box(box)
    page.wait_for_selector(".bw-overlay .bw-prediction", timeout=120_000)
    viewer.press("Propagate")
    dice = viewer.dice()
    viewer.choose("Strategy", "top-to-bottom")
    viewer.choose("Extent", "the reference's slices")
    viewer.press("Propagate")
    other = viewer.dice(row=1)
    page.frame_locator(".bw-scene").locator("canvas").wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    viewer.screenshot("propagated")
    assert dice > 0.5
    assert other > 0.5
    assert page.locator(".bw-dice tbody b").count() > 0
    viewer.expect_slice(box.slice)
    assert not console_errors


@pytest.mark.parametrize("size", [480, 333])
def test_a_dragged_box_is_exact_to_one_pixel(page: Page, lab: Lab, size: int) -> None:
    box, shape = lesion_box(**QUICK)
    viewer = opened(page, lab, shape, *quick_cells(size=size))
    viewer.wheel_to(box.slice)
    viewer.drag_box(box)
    assert viewer.box() == pytest.approx((box.x0, box.y0, box.x1, box.y1), abs=1)
    stage = page.locator(".bw-stage").bounding_box()
    assert stage is not None
    assert max(stage["width"], stage["height"]) == pytest.approx(size, abs=1)


def test_a_box_released_outside_ends_at_the_edge(
    page: Page, lab: Lab, console_errors: list[str]
) -> None:
    _, shape = lesion_box(**QUICK)
    viewer = opened(page, lab, shape, *quick_cells())
    viewer.drag((20, 20), (-15, shape[1] + 3))
    x0, y0, x1, y1 = viewer.box()
    assert (x0, y1) == (0, shape[1])
    assert (x1, y0) == pytest.approx((20, 20), abs=1)
    # The drag is over: moving on draws nothing.
    page.mouse.move(*viewer.at(30, 30))
    expect(page.locator(".bw-dragging")).to_have_count(0)
    assert not console_errors


def test_a_click_is_no_box_and_says_so(page: Page, lab: Lab) -> None:
    _, shape = lesion_box(**QUICK)
    viewer = opened(page, lab, shape, *quick_cells())
    page.mouse.click(*viewer.at(20, 20))
    viewer.expect_status("too small")
    expect(page.locator(".bw-box")).to_have_count(0)
    expect(page.locator(".bw-dragging")).to_have_count(0)


def test_wheel_keys_and_slider_change_the_slice(page: Page, lab: Lab) -> None:
    _, shape = lesion_box(**QUICK)
    viewer = opened(page, lab, shape, *quick_cells())
    middle = shape[0] // 2
    picture = page.locator(".bw-stage img")
    before = picture.get_attribute("src")
    viewer.wheel_to(middle + 2)
    assert picture.get_attribute("src") != before
    page.locator(".bw-capture").focus()
    for key, expected in (
        ("ArrowDown", middle + 3),
        ("ArrowUp", middle + 2),
        ("PageUp", middle - 3),
        ("End", shape[0] - 1),
        ("ArrowRight", shape[0] - 1),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        viewer.expect_slice(expected)
    page.locator(".bw-viewer .widget-slider .noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    viewer.expect_slice(1)


def test_escape_drops_the_box_being_dragged(page: Page, lab: Lab) -> None:
    _, shape = lesion_box(**QUICK)
    viewer = opened(page, lab, shape, *quick_cells())
    page.mouse.move(*viewer.at(20, 20))
    page.mouse.down()
    page.mouse.move(*viewer.at(40, 40))
    expect(page.locator(".bw-dragging")).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".bw-dragging")).to_have_count(0)
    page.wait_for_timeout(300)
    expect(page.locator(".bw-box")).to_have_count(0)


def test_masks_stream_in_and_cancel_keeps_them(
    page: Page, lab: Lab, console_errors: list[str]
) -> None:
    box, shape = lesion_box(**QUICK)
    viewer = opened(page, lab, shape, *quick_cells(delay=0.4))
    viewer.wheel_to(box.slice)
    viewer.drag_box(box)
    viewer.expect_status("Press Propagate")
    viewer.press("Propagate")
    expect(page.locator(".bw-progress")).to_contain_text(re.compile("[2-4] slices"), timeout=20_000)
    viewer.screenshot("propagating")
    viewer.press("Cancel")
    viewer.expect_status("Cancelled: .* keeps the [2-6] slices")
    assert not math.isnan(viewer.dice())
    expect(page.locator(".bw-dice tbody th").first).to_contain_text("cancelled")
    cells = page.locator(".bw-strip .bw-prediction").get_attribute("d") or ""
    assert 2 <= cells.count("M") <= 6
    assert not console_errors

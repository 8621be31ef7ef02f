"""The app on a page, in the words of a person, and what is known of the phantom that it shows."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_harness import SCREENSHOTS, ask_kernel
from playwright.sync_api import Locator, Page, expect

from breastwidget.phantom import make_phantom
from breastwidget.prompts import BoxPrompt, box_from_reference, loosen

__all__ = ["NANO", "PATIENCE_MS", "AppPage", "Truth", "app_source", "truth_of"]

QUICK = {"shape": (96, 64, 40), "spacing_mm": (1.8, 2.8, 3.0)}
NANO: dict[str, Any] = {}
"""The phantom's own size, for the embedded checkpoint."""
PATIENCE_MS = 60_000  # for whatever a kernel has to do, on a machine that has other things to do

Point = tuple[float, float]
Corners = tuple[float, float, float, float]

_SOURCE = """\
import breastwidget as bw
from breastwidget.engines.base import FakeEngine
if "app" in globals(): app.close()
phantom = bw.make_phantom("{kind}", **{size})
app = bw.TumorSegmenter(phantom.subtraction(1), reference=phantom.reference, {options})
app
"""
_TOO_WIDE = """() => {
  const app = document.querySelector(".bw-app");
  const around = [];
  for (let each = app; each; each = each.parentElement) around.push(each);
  const scrolls = (each) => each.scrollWidth > each.clientWidth + 1
    && (each === document.documentElement || /auto|scroll/.test(getComputedStyle(each).overflowX));
  const edge = app.getBoundingClientRect().right + 1;
  const leaves = (each) => each.getBoundingClientRect().right > edge
    && !each.closest(".bw-stage, .bw-strip");
  const inside = [...app.querySelectorAll("*")].filter((each) => each instanceof HTMLElement);
  const wide = inside.filter((each) => scrolls(each) || leaves(each));
  return [...around.filter(scrolls), ...wide].map((each) => `${each.tagName} ${each.className}`);
}"""


@dataclass(frozen=True)
class Truth:
    """A phantom's stack, and a box with some margin around each lesion where it is largest."""

    shape: tuple[int, int, int]
    boxes: tuple[BoxPrompt, ...]


@functools.cache
def truth_of(kind: str = "single", quick: bool = True) -> Truth:
    """What is known of the phantom that `app_source` shows."""
    phantom = make_phantom(kind, **(QUICK if quick else NANO))
    stack = phantom.subtraction(1).stack()
    boxes = []
    for lesion in phantom.lesions:
        seen = stack.from_voxels(lesion)
        largest = int(seen.sum(axis=(1, 2)).argmax())
        boxes.append(loosen(box_from_reference(seen, largest), 0.15, stack.shape[1:]))
    return Truth(stack.shape, tuple(boxes))


def app_source(kind: str = "single", quick: bool = True, delay: float = 0.0, **options: Any) -> str:
    """A cell that shows the app in place of the one before: by default the fake engine on a coarse
    phantom, seconds and no checkpoint; `delay` is slept for each slice."""
    if quick:
        options = {"autosave": False, **options}
    shown = [f"{name}={value!r}" for name, value in options.items()]
    shown += [f"engine=FakeEngine({delay})"] if quick else []
    size = QUICK if quick else NANO
    return _SOURCE.format(kind=kind, size=size, options=", ".join(shown))


@dataclass(frozen=True)
class AppPage:
    """The app on a page; places are columns and rows of the large picture."""

    page: Page
    truth: Truth

    @property
    def app(self) -> Locator:
        return self.page.locator(".bw-app")

    @property
    def large(self) -> Locator:
        """The large view: picture, overlay and hand."""
        return self.page.locator(".bw-stage").first

    @property
    def hand(self) -> Locator:
        return self.page.locator(".bw-hand").first

    def wait(self) -> AppPage:
        """Until it can be used."""
        self.hand.wait_for(timeout=PATIENCE_MS)
        self.page.wait_for_function(
            "document.querySelector('.bw-stage img')?.naturalWidth > 0"
            " && document.querySelector('.bw-stage').clientWidth > 0",
            timeout=PATIENCE_MS,
        )
        return self

    # Mouse and keys

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The whole CSS pixel of the page nearest column `x`, row `y`."""
        self.hand.scroll_into_view_if_needed()
        box = self.hand.bounding_box()
        assert box is not None
        _, rows, columns = self.truth.shape
        return (
            round(box["x"] + x / columns * box["width"]),
            round(box["y"] + y / rows * box["height"]),
        )

    def drag(self, start: Point, end: Point) -> None:
        first, last = self.at(*start), self.at(*end)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        self.page.mouse.move(*last, steps=4)
        self.page.mouse.up()

    def drag_box(self, box: BoxPrompt) -> None:
        self.drag((box.x0, box.y0), (box.x1, box.y1))

    def prompt(self, box: BoxPrompt) -> None:
        """Go to the box's slice by the wheel, drag it, wait for the mask of its lesion, which had
        none there."""
        self.wheel_to(box.slice)
        self.drag_box(box)
        mask = self.large.locator(".bw-overlay .bw-prediction.bw-active")
        expect(mask).to_have_count(1, timeout=PATIENCE_MS)

    def wheel_to(self, index: int) -> None:
        """All notches at once."""
        if notches := index - self.slice:
            _, rows, columns = self.truth.shape
            self.page.mouse.move(*self.at(columns / 2, rows / 2))
            self.page.mouse.wheel(0, 120 * notches)
        self.expect_slice(index)

    def keys(self, *keys: str) -> None:
        """Press keys with the focus on the large picture."""
        self.hand.focus()
        for key in keys:
            self.page.keyboard.press(key)

    # Controls

    def button(self, name: str, inside: str = ".bw-app") -> Locator:
        """By the name that screen readers say; an icon comes first in it, as a letter of its font.

        "…" at the end stands for whatever follows.
        """
        whole = re.escape(name.removesuffix("…")) + ("" if name.endswith("…") else "$")
        there = self.page.locator(inside)
        return there.get_by_role("button", name=re.compile(rf"^\W*{whole}"))

    def press(self, name: str, inside: str = ".bw-app") -> None:
        self.button(name, inside).first.click(timeout=PATIENCE_MS)

    # What is seen

    @property
    def slice(self) -> int:
        """The slice of the large view, as its title says."""
        return int(self.hand.locator(".bw-title").inner_text().split()[1])

    def expect_slice(self, index: int) -> None:
        title = self.hand.locator(".bw-title")
        expect(title).to_have_text(re.compile(rf"^\w+ {index} of "), timeout=PATIENCE_MS)

    def expect_status(self, pattern: str) -> None:
        status = self.app.locator(".bw-status")
        expect(status).to_have_text(re.compile(pattern), timeout=PATIENCE_MS)

    def expect_mask(self, colour: str = "", count: int = 1) -> None:
        """So many masks are drawn over the large picture, of one lesion's `colour` if given."""
        which = f'[stroke="{colour}"]' if colour else ""
        masks = self.large.locator(f".bw-overlay .bw-prediction{which}")
        expect(masks).to_have_count(count, timeout=PATIENCE_MS)

    def expect_scene(self) -> None:
        """The surfaces are drawn, by the viewer on the page."""
        frame = self.page.frame_locator("iframe.bw-scene:not(.bw-coming)")
        frame.locator("canvas").wait_for(timeout=PATIENCE_MS)

    def expect_box(self, drawn: bool = True) -> None:
        """Whether the active lesion's box is drawn on the large picture."""
        shown = re.compile("^M") if drawn else ""
        expect(self.box_path).to_have_attribute("d", shown, timeout=PATIENCE_MS)

    @property
    def box_path(self) -> Locator:
        return self.hand.locator(".bw-live .bw-box")

    def drawn_box(self) -> Corners:
        """x0, y0, x1, y1 of the active lesion's box as the hand draws it."""
        self.expect_box()
        numbers = [float(each) for each in re.findall(r"[\d.]+", self._path())]
        box = self.hand.locator(".bw-live").get_attribute("viewBox") or ""
        width, height = map(float, box.split()[2:])  # in mm
        _, rows, columns = self.truth.shape
        xs, ys = numbers[0::2], numbers[1::2]
        x, y = columns / width, rows / height
        return min(xs) * x, min(ys) * y, max(xs) * x, max(ys) * y

    def _path(self) -> str:
        return self.box_path.get_attribute("d") or ""

    def results(self) -> Locator:
        """The rows of the results' table."""
        return self.app.locator(".bw-dice tbody tr:not(.bw-group)")

    def dice(self, row: int = 0) -> float:
        cell = self.results().nth(row).locator("td").first
        cell.wait_for(timeout=180_000)
        return float(cell.inner_text())

    def too_wide(self) -> list[str]:
        """What scrolls sideways or leaves the app to the right."""
        found: list[str] = self.page.evaluate(_TOO_WIDE)
        return found

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.app.screenshot(path=SCREENSHOTS / f"{name}.png")

    # The kernel's side

    def ask(self, expression: str) -> Any:
        """The value of a Python expression in the kernel, where the app is `app`: a literal."""
        return ask_kernel(self.page, expression)

    def kernel_box(self) -> Corners | None:
        """x0, y0, x1, y1 of the active lesion's box."""
        box: Corners | None = self.ask(
            "(lambda b: b and (b.x0, b.y0, b.x1, b.y1))(app.box)",
        )
        return box

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Look ten times a second, for a minute."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not holds():
            assert time.monotonic() < deadline, "it did not come true within a minute"
            self.page.wait_for_timeout(100)

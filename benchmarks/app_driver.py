"""The app on a page of a real JupyterLab, driven by mouse, with the times that the page takes.

The JupyterLab is the browser tests' one, so it needs what they need: Playwright and a Chromium.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped] # ipykernel brings it

from breastwidget.phantom import make_phantom
from breastwidget.prompts import BoxPrompt, box_from_reference, loosen
from breastwidget.readers import write_mask, write_volume

__all__ = ["AppPage", "Case", "load_harness", "make_case", "opened"]

_BROWSER_TESTS = Path(__file__).resolve().parents[1] / "tests" / "browser"
_FIELD_OF_VIEW_MM = (179.2, 179.2, 120.0)

_OPEN = """import os, pathlib, threading, time
import breastwidget as bw
pathlib.Path("pid").write_text(str(os.getpid()))
volume = bw.load("{scan}")"""
_SHOW = """app = bw.TumorSegmenter(volume, reference={reference}, autosave="kept")
app.show_slice({slice})
def note(change):
    if change.old.running and not change.new.running:
        pathlib.Path("done").write_text(str(1000 * time.time()))
app.model.observe(note, "progress")
for thread in threading.enumerate():  # a person takes longer to look for the tumour
    if thread.name == "breastwidget-warm-up":
        thread.join()
app"""

# Times are taken in the page, from the event's own time stamp, so that driving it costs nothing.
_WATCH = """() => {
  const large = document.querySelector(".bw-large");
  const [picture, band] = ["img", ".bw-live .bw-box"].map((each) => large.querySelector(each));
  const mask = () => large.querySelector(".bw-overlay .bw-prediction")?.getAttribute("d") ?? "";
  const title = () => large.querySelector(".bw-title").textContent;
  const times = (window.times = { load: [], frame: [], band: [], mask: [], other: [], drawn: [] });
  let [wheel, box, run] = [null, null, null];
  const on = (name, act) => addEventListener(name, act, { capture: true, passive: true });
  on("wheel", (event) => { wheel ??= event.timeStamp; });
  picture.addEventListener("load", () => {
    if (wheel === null) return;
    const [from, now] = [wheel, performance.now()];
    wheel = null;
    requestAnimationFrame(() => {
      times.load.push(now - from);
      times.frame.push(performance.now() - from);
    });
  });
  on("pointermove", (event) => {
    const before = band.getAttribute("d");
    requestAnimationFrame(() => {
      if (band.getAttribute("d") !== before) times.band.push(performance.now() - event.timeStamp);
    });
  });
  on("pointerup", (event) => { box = { from: event.timeStamp, before: mask(), gone: false }; });
  on("click", (event) => {
    const propagates = event.target.closest(".bw-propagate");
    if (propagates) run = { from: event.timeStamp, title: title() };
  });
  new MutationObserver(() => {
    const [path, now] = [mask(), performance.now()];
    if (box) {
      box.gone ||= path === "";
      if (path && (box.gone || path !== box.before)) {
        times.mask.push(now - box.from);
        box = null;
      }
    }
    if (run && path && title() !== run.title) { times.other.push(now - run.from); run = null; }
  }).observe(large, { subtree: true, childList: true, characterData: true, attributes: true });
  addEventListener("message", ({ data }) => {
    if (data?.kind === "drawn") times.drawn.push(Date.now());
  });
}"""


@dataclass(frozen=True)
class Case:
    """A scan on disk, and a box around its tumour: `shape` is (slices, rows, columns)."""

    scan: str
    reference: str
    shape: tuple[int, int, int]
    box: BoxPrompt


@dataclass(frozen=True)
class AppPage:
    """The app on a page, open at the slice of the case's box."""

    page: Any
    case: Case
    folder: Path
    received: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where column x, row y of the large picture lies on the page."""
        frame = self.page.locator(".bw-large .bw-hand").bounding_box()
        _, rows, columns = self.case.shape
        across, down = frame["width"] * x / columns, frame["height"] * y / rows
        return round(frame["x"] + across), round(frame["y"] + down)

    def times(self, name: str, at_least: int = 0) -> list[float]:
        """Milliseconds noted so far; waits until there are `at_least` so many."""
        enough = "([name, count]) => window.times[name].length >= count"
        self.page.wait_for_function(enough, arg=[name, at_least])
        found: list[float] = self.page.evaluate("(name) => window.times[name]", name)
        return found

    def turn_wheel(self, ticks: int) -> list[int]:
        """One tick after another, to and fro; the bytes that each brought from the kernel."""
        self.page.mouse.move(*self.at(self.case.shape[2] / 2, self.case.shape[1] / 2))
        self.page.wait_for_timeout(500)
        sizes = []
        for tick in range(ticks):
            before, count = sum(self.received), len(self.times("load"))
            self.page.mouse.wheel(0, 100 if tick % 16 < 8 else -100)
            self.times("load", count + 1)
            self.page.wait_for_timeout(150)
            sizes.append(sum(self.received) - before)
        return sizes

    def drag_box(self, loose: bool, moves: int) -> int:
        """Draw the case's box, or one a little larger; the number of messages sent meanwhile.

        Two in turn: one that begins near the other's corner would take hold of its handle.
        """
        box, count, wider = self.case.box, len(self.times("mask")), 14 if loose else 0
        x0, y0 = self.at(box.x0, box.y0)
        x1, y1 = self.at(box.x1, box.y1)
        across, down = (x1 - x0 + 2 * wider) / moves, (y1 - y0 + 2 * wider) / moves
        self.page.mouse.move(x0 - wider, y0 - wider)
        self.page.wait_for_timeout(500)
        self.page.mouse.down()
        before = len(self.sent)
        for step in range(1, moves + 1):
            self.page.mouse.move(x0 - wider + step * across, y0 - wider + step * down)
        self.page.wait_for_timeout(50)
        sent = len(self.sent) - before
        self.page.mouse.up()
        self.times("mask", count + 1)
        return sent

    def propagate(self) -> float:
        """Press Propagate; milliseconds from the result until its surface is on the page."""
        count = len(self.times("drawn"))
        (self.folder / "done").unlink(missing_ok=True)
        self.page.locator(".bw-propagate").click()
        drawn = self.times("drawn", count + 1)[-1]
        return drawn - float((self.folder / "done").read_text())

    def kernel_mib(self) -> float:
        """Resident memory of the kernel's process."""
        kernel = psutil.Process(int((self.folder / "pid").read_text()))
        return float(kernel.memory_info().rss) / 2**20


def make_case(folder: Path, name: str, shape: tuple[int, int, int]) -> Case:
    """A phantom of the usual field of view on disk, as a patient's scan would be."""
    across, down, deep = (mm / size for mm, size in zip(_FIELD_OF_VIEW_MM, shape, strict=True))
    phantom = make_phantom(shape=shape, spacing_mm=(across, down, deep))
    scan, reference = f"{name}.nii.gz", f"{name}-reference.nii.gz"
    write_volume(folder / scan, phantom.subtraction(1))
    write_mask(folder / reference, phantom.reference, phantom.phases[0])
    stack = phantom.phases[0].stack()
    truth = stack.from_voxels(phantom.reference)
    largest = int(np.asarray(truth.sum(axis=(1, 2))).argmax())
    tight = box_from_reference(truth, largest)
    return Case(scan, reference, stack.shape, loosen(tight, 0.15, stack.shape[1:]))


@contextlib.contextmanager
def opened(
    harness: Any, lab: Any, browser: Any, case: Case, with_reference: bool = False
) -> Iterator[AppPage]:
    reference = repr(case.reference) if with_reference else None
    cells = (_OPEN.format(scan=case.scan), _SHOW.format(slice=case.box.slice, reference=reference))
    notebook = case.scan.replace(".nii.gz", ".ipynb")  # another one, another kernel
    lab.write_notebook(notebook, *cells)
    context = browser.new_context(viewport={"width": 1280, "height": 1100})
    context.set_default_timeout(120_000)
    page = context.new_page()
    app = AppPage(page, case, lab.folder)

    def listen(socket: Any) -> None:
        if "/channels" in socket.url:  # a kernel's
            socket.on("framereceived", lambda payload: app.received.append(len(payload)))
            socket.on("framesent", lambda payload: app.sent.append(len(payload)))

    page.on("websocket", listen)
    try:
        harness.open_and_run(page, lab, notebook)
        page.wait_for_function("document.querySelector('.bw-large img')?.naturalWidth > 0")
        page.locator(".bw-large").scroll_into_view_if_needed()
        page.evaluate(_WATCH)
        yield app
    finally:
        context.close()


def load_harness() -> Any:
    """The browser tests' JupyterLab. Their folder is no package, so it is put on the path."""
    sys.path.insert(0, str(_BROWSER_TESTS))
    return importlib.import_module("jupyter_harness")

"""How quickly the app answers a hand, in a real JupyterLab in headless Chromium on this machine.

python -m benchmarks.app_speed [--quick]

The JupyterLab is the browser tests' one, so it needs what they need: Playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped] # ipykernel brings it

from benchmarks.table import machine, markdown
from breastwidget.phantom import make_phantom
from breastwidget.prompts import BoxPrompt, box_from_reference, loosen
from breastwidget.readers import write_mask, write_volume

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


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small scans and few ticks")
    quick = parser.parse_args(arguments).quick
    print(f"{machine()}\n")
    print(app_table(quick))


def app_table(quick: bool) -> str:
    """Every figure, its target, and what was measured."""
    harness = _harness()
    rows: list[list[str]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        harness.running_lab(Path(folder)) as lab,
        importlib.import_module("playwright.sync_api").sync_playwright() as playwright,
    ):
        browser = harness.launch_chromium(playwright)
        try:
            rows += _large_rows(harness, lab, browser, quick)
            rows += _surface_rows(harness, lab, browser, quick)
            rows += _bytes_rows(harness, lab, browser, quick)
        finally:
            browser.close()
    return markdown("The app in JupyterLab", ("figure", "target", "measured"), rows)


def _large_rows(harness: Any, lab: Any, browser: Any, quick: bool) -> list[list[str]]:
    shape = (96, 96, 40) if quick else (448, 448, 160)
    ticks, boxes = (6, 2) if quick else (48, 8)
    case = _make_case(lab.folder, "large", shape)
    with _opened(harness, lab, browser, case, with_reference=True) as app:
        app.drag_box(False, 20)  # loads the engine, encodes the slice
        masks = len(app.times("mask"))
        sent = sum(app.drag_box(number % 2 == 0, 20) for number in range(boxes))
        mask = app.times("mask")[masks:]
        band = app.times("band")
        app.propagate()
        first = app.times("other", 1)[0]
        memory = app.kernel_mib()
        app.turn_wheel(ticks)
        load, frame = app.times("load"), app.times("frame")
        later = app.kernel_mib()
    on_screen = (
        f"median {_median(load)}, 95th {_percentile(load)}; painted: median {_median(frame)}, "
        f"95th {_percentile(frame)} ms ({len(load)} ticks)"
    )
    return [
        ["wheel tick → new slice on screen", "median ≤ 50 ms, 95th ≤ 100 ms", on_screen],
        [
            "pointer move → rubber band moved",
            "median ≤ 20 ms, no kernel round trip",
            f"median {_median(band)} ms, {sent} messages sent during {boxes} drags",
        ],
        [
            "box released → mask on that slice (nano, features cached)",
            "≤ 250 ms",
            f"median {_median(mask)}, worst {max(mask):.0f} ms ({boxes} boxes)",
        ],
        ["Propagate → a mask on another slice (not yet encoded)", "≤ 500 ms", f"{first:.0f} ms"],
        [
            f"kernel's memory, {_times(shape)} case open and segmented (nano)",
            "≤ 1.2 GiB",
            f"{memory / 1024:.2f} GiB; {later / 1024:.2f} GiB after the wheel",
        ],
    ]


def _surface_rows(harness: Any, lab: Any, browser: Any, quick: bool) -> list[list[str]]:
    shape = (96, 96, 40) if quick else (256, 256, 160)
    case = _make_case(lab.folder, "surface", shape)
    with _opened(harness, lab, browser, case) as app:
        app.drag_box(False, 4)
        first, *others = (app.propagate() for _ in range(2 if quick else 4))
    measured = f"{first:.0f} ms the first time, then median {_median(others)} ms"
    return [[f"surface of a {_times(shape)} mask, until visible", "≤ 1 s", measured]]


def _bytes_rows(harness: Any, lab: Any, browser: Any, quick: bool) -> list[list[str]]:
    case = _make_case(lab.folder, "wide", (512, 512, 24))
    with _opened(harness, lab, browser, case) as app:
        sizes = app.turn_wheel(4 if quick else 24)
    measured = f"median {statistics.median(sizes) / 1000:.1f}, most {max(sizes) / 1000:.1f} kB"
    return [["bytes from the kernel per slice change at 512 × 512", "≤ 60 kB", measured]]


def _make_case(folder: Path, name: str, shape: tuple[int, int, int]) -> Case:
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
def _opened(
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


def _harness() -> Any:
    """The browser tests' JupyterLab. Their folder is no package, so it is put on the path."""
    sys.path.insert(0, str(_BROWSER_TESTS))
    return importlib.import_module("jupyter_harness")


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f}"


def _percentile(values: Sequence[float]) -> str:
    return f"{float(np.percentile(values, 95)):.0f}"


if __name__ == "__main__":
    main()

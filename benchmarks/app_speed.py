"""How quickly the app answers a hand, in a real JupyterLab in headless Chromium on this machine.

python -m benchmarks.app_speed [--quick]
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.app_driver import load_harness, make_case, opened
from benchmarks.table import machine, markdown


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small scans and few ticks")
    quick = parser.parse_args(arguments).quick
    print(f"{machine()}\n")
    print(app_table(quick))


def app_table(quick: bool) -> str:
    """Every figure, its target, and what was measured."""
    harness = load_harness()
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
    case = make_case(lab.folder, "large", shape)
    with opened(harness, lab, browser, case, with_reference=True) as app:
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
    case = make_case(lab.folder, "surface", shape)
    with opened(harness, lab, browser, case) as app:
        app.drag_box(False, 4)
        first, *others = (app.propagate() for _ in range(2 if quick else 4))
    measured = f"{first:.0f} ms the first time, then median {_median(others)} ms"
    return [[f"surface of a {_times(shape)} mask, until visible", "≤ 1 s", measured]]


def _bytes_rows(harness: Any, lab: Any, browser: Any, quick: bool) -> list[list[str]]:
    case = make_case(lab.folder, "wide", (512, 512, 24))
    ticks = 4 if quick else 32  # a multiple of 16 ends where it began
    with opened(harness, lab, browser, case) as app:
        alone = app.turn_wheel(ticks)
        app.drag_box(False, 4)
        app.propagate()
        segmented = app.turn_wheel(ticks)  # outlines, strip, and the live scene's plane
    measured = f"{_kilobytes(alone)}; with a result and its surface {_kilobytes(segmented)}"
    return [["bytes from the kernel per slice change at 512 × 512", "≤ 60 kB", measured]]


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _kilobytes(sizes: Sequence[int]) -> str:
    return f"median {statistics.median(sizes) / 1000:.1f}, most {max(sizes) / 1000:.1f} kB"


def _median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f}"


def _percentile(values: Sequence[float]) -> str:
    return f"{float(np.percentile(values, 95)):.0f}"


if __name__ == "__main__":
    main()

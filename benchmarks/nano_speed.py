"""The embedded checkpoint's times: a drag, a strategy, and what it takes of memory.

python -m benchmarks.nano_speed [--quick]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from dataclasses import replace

import numpy as np

from benchmarks.table import machine, markdown
from breastwidget.engines.factory import create_engine
from breastwidget.phantom import make_phantom
from breastwidget.prompts import Lesion, box_from_reference
from breastwidget.strategies import STRATEGIES, Extent, plan


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="12 slices instead of 40")
    slices = 12 if parser.parse_args(arguments).quick else 40
    print(f"{machine()}\n")
    print(speed_table(slices))


def speed_table(slices: int) -> str:
    """Times of one session on a 256 x 256 x 60 volume."""
    phantom = make_phantom()
    before, after, _ = phantom.phases
    stack = before.with_data(after.data.astype(np.float32) - before.data).stack()
    reference = stack.from_voxels(phantom.reference)
    centre = int(reference.sum(axis=(1, 2)).argmax())
    first = min(max(centre - slices // 2, 0), stack.shape[0] - slices)
    extent = Extent(first, first + slices - 1)
    box = box_from_reference(reference, centre)
    lesion = Lesion((box,))

    started = time.perf_counter()
    engine = create_engine("nano")
    load = time.perf_counter() - started
    session = engine.open(stack)
    session.predict(lesion, centre)  # warm: torch sets itself up on first use

    def drag(step: float) -> float:
        moved = replace(box, x1=box.x1 + step)
        begun = time.perf_counter()
        session.predict(Lesion((moved,)), centre)
        return time.perf_counter() - begun

    def one_strategy() -> float:
        begun = time.perf_counter()
        for run in plan("center-outward", (centre,), extent, stack.top_slice):
            for _ in session.track(lesion, run):
                pass
        return time.perf_counter() - begun

    drags = [drag(0.1 * (1 + step)) for step in range(10)]
    session = engine.open(stack)
    cold, warm = one_strategy(), one_strategy()
    before_all = session.encoded_slices
    for strategy in STRATEGIES:
        for run in plan(strategy, (centre,), extent, stack.top_slice):
            list(session.track(lesion, run))
    median_ms = 1000 * statistics.median(drags)
    rows = [
        ["import torch and sam2, load nano", f"{load:.2f} s"],
        [
            "the prompted slice after a drag, median of 10",
            f"{median_ms:.0f} ms",
        ],
        [f"center-outward over {slices} slices, nothing encoded yet", f"{cold:.2f} s"],
        [f"the same again, features kept (encodings: {before_all})", f"{warm:.2f} s"],
        ["encodings after three more strategies", f"{session.encoded_slices}"],
        ["peak memory of this process", f"{_peak_mib():.0f} MiB"],
    ]
    return markdown(
        f"nano on a {' x '.join(map(str, stack.volume.shape))} volume", ("what", "measured"), rows
    )


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main()

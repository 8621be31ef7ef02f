"""Evaluate the embedded checkpoint: ``python -m training.evaluate [--weights FILE]``.

The protocol of arXiv 2507.23272: a tight box or the reference's mask on the start slice of the
strategy, propagation over the reference's slices, volumetric Dice. The one-way strategies
are also run with a box on the middle slice.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

import breastwidget as bw
from breastwidget.engines.checkpoints import find_checkpoint
from breastwidget.engines.factory import create_engine
from breastwidget.metrics import dice
from breastwidget.prompts import Prompt, box_from_reference, mask_from_reference
from breastwidget.strategies import start_slice
from training.evaluation_cases import Case, phantom_cases, real_cases, synthetic_cases

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
DISTANCES = (0, 1, 3, 6, 11, 21)
"""First slice distance of each column in the table by distance."""

Row = dict[str, Any]


def _start(reference: NDArray[np.bool_], strategy: str, extent: bw.Extent, top: int) -> int:
    """The strategy's start slice, or the nearest one that shows the lesion."""
    start = start_slice(strategy, extent, top)
    shown = np.flatnonzero(reference.any(axis=(1, 2)))
    return int(shown[np.abs(shown - start).argmin()])


def _slice_dice(mask: NDArray[np.bool_], reference: NDArray[np.bool_], index: int) -> float:
    """Dice of one slice of (slice, row, column) masks."""
    return dice(mask[index : index + 1], reference[index : index + 1])


def _by_distance(
    mask: NDArray[np.bool_], reference: NDArray[np.bool_], start: int, extent: bw.Extent
) -> Row:
    """Mean Dice of the slices that show the lesion, by their distance from the start."""
    found: dict[str, list[float]] = {}
    for index in range(extent.first, extent.last + 1):
        if reference[index].any():
            first = max(d for d in DISTANCES if d <= abs(index - start))
            found.setdefault(f"d{first}", []).append(_slice_dice(mask, reference, index))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _prompts(
    reference: NDArray[np.bool_], strategy: str, extent: bw.Extent, top: int
) -> Iterator[tuple[Prompt, int, str]]:
    """Prompts, their slices and what they are called: the protocol's two, and for a one-way
    strategy also a box on the middle slice, which is where a person tends to draw it."""
    start = _start(reference, strategy, extent, top)
    yield box_from_reference(reference, start), start, "box"
    yield mask_from_reference(reference, start), start, "mask"
    middle = _start(reference, "center-outward", extent, top)
    if strategy != "center-outward":
        yield box_from_reference(reference, middle), middle, "middle box"


def evaluate_case(case: Case, engine: Any) -> Iterator[Row]:
    """One row for each strategy and prompt, on features that are computed once."""
    segmenter = bw.Segmenter(case.volume, engine)
    stack = segmenter.stack
    reference = stack.from_voxels(case.reference)
    shown = np.flatnonzero(reference.any(axis=(1, 2)))
    extent = bw.Extent(int(shown[0]), int(shown[-1]))
    for strategy in bw.STRATEGIES:
        for prompt, start, kind in _prompts(reference, strategy, extent, stack.top_slice):
            result = segmenter.segment(prompt, strategy, extent)
            mask = result.stack_mask
            yield {
                "group": case.group,
                "case": case.name,
                "strategy": strategy,
                "prompt": kind,
                "slices": len(extent),
                "prompted slice": _slice_dice(mask, reference, start),
                "volume": dice(result.mask, case.reference),
                "size ratio": float(mask.sum() / reference.sum()),
                **_by_distance(mask, reference, start, extent),
            }


def report(rows: Iterable[Row]) -> pd.DataFrame:
    """Print each case's line as it comes, then the tables; return all rows."""
    table = []
    for row in rows:
        table.append(row)
        print(
            f"{row['case']:22s} {row['strategy']:15s} {row['prompt']:10s} "
            f"prompted slice {row['prompted slice']:.2f}  volume {row['volume']:.2f}  "
            f"size ratio {row['size ratio']:.2f}",
            flush=True,
        )
    frame = pd.DataFrame(table)
    distances = [f"d{first}" for first in DISTANCES if f"d{first}" in frame]
    columns = ["prompted slice", "volume", "size ratio", *distances]
    print("\nMean Dice (both masks empty: 1; one empty: 0); dN: slices N and more from the prompt")
    means = frame.groupby(["group", "strategy", "prompt"])[columns].mean()
    print(means.round(3).to_string())
    return frame


def main() -> None:
    """Parse the command line and evaluate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="weights other than the embedded ones")
    parser.add_argument("--synthetic", type=int, default=20, help="held-out scenes")
    parser.add_argument("--phantoms", type=int, default=2, help="phantom volumes")
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of real cases")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--csv", type=Path, help="write all rows here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    checkpoint = find_checkpoint("nano")
    if options.weights is not None:
        checkpoint = replace(checkpoint, weights=options.weights, sha256="")
    engine = create_engine(checkpoint)
    cases = chain(synthetic_cases(options.synthetic), phantom_cases(options.phantoms))
    if options.data.is_dir():
        cases = chain(cases, real_cases(options.data))
    else:
        print(f"SKIPPED the real cases: there is no folder {options.data}.")
    frame = report(row for case in cases for row in evaluate_case(case, engine))
    if options.csv is not None:
        frame.to_csv(options.csv, index=False)


if __name__ == "__main__":
    main()

"""The runs of the evaluation, and the rows that they leave.

The protocol is that of arXiv 2507.23272: the prompt comes from the reference, on the start slice
of the strategy (or the nearest slice that shows the lesion, however few pixels that is), and the
run visits the reference's slices. Beside it, some runs are made with the extent widened past the
end and with an automatic extent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import breastwidget as bw
from breastwidget.engines.base import Engine, SliceResult
from breastwidget.metrics import dice
from breastwidget.prompts import Prompt, box_from_reference, loosen, mask_from_reference
from breastwidget.strategies import STRATEGIES, Extent, start_slice
from training.endings import ending, walks
from training.evaluation_cases import Case

WIDENED_BY = 8
"""Slices past the reference's end that a widened run visits, where the stack has them."""

LOOSE = {"box +10 %": 0.10, "box +25 %": 0.25}
"""Loosened boxes, by how much longer each side of the box becomes."""

PROMPTS = ("box", *LOOSE, "mask", "middle box")

Row = dict[str, Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Target:
    """The lesion to find: reference (slice, row, column) bool, its slices, the stack's top end."""

    reference: Mask
    extent: Extent
    top_slice: int

    @classmethod
    def of(cls, reference: Mask, top_slice: int) -> Target:
        """The target that a reference, bool (slice, row, column) and not empty, describes."""
        shown = np.flatnonzero(reference.any(axis=(1, 2)))
        return cls(reference, Extent(int(shown[0]), int(shown[-1])), top_slice)

    def start(self, strategy: str) -> int:
        """The strategy's start slice, or the nearest one that shows the lesion."""
        start = start_slice(strategy, self.extent, self.top_slice)
        shown = np.flatnonzero(self.reference.any(axis=(1, 2)))
        return int(shown[np.abs(shown - start).argmin()])

    def ends(self, strategy: str) -> tuple[str, ...]:
        """The ends of the extent, "first" or "last", that the strategy's passes run over."""
        if strategy == "center-outward":
            return ("last", "first")
        ascending = (strategy == "top-to-bottom") == (self.top_slice == 0)
        return ("last",) if ascending else ("first",)

    def widened(self, strategy: str) -> Extent:
        """The extent, ``WIDENED_BY`` longer at each end that the strategy's passes run over.

        Where a one-way pass begins, nothing is added: it would look for the object on slices
        without it before its prompt, which no protocol does.
        """
        ends = self.ends(strategy)
        first, last = self.extent.first, self.extent.last
        if "first" in ends:
            first = max(0, first - WIDENED_BY)
        if "last" in ends:
            last = min(len(self.reference) - 1, last + WIDENED_BY)
        return Extent(first, last)


@dataclass(frozen=True, eq=False)
class Trial:
    """One run to make; `reach` is "reference", "widened" or "automatic" (then without extent)."""

    strategy: str
    kind: str
    prompt: Prompt
    reach: str
    extent: Extent | None


@dataclass
class Findings:
    """Rows gathered over cases: one for each run, visited slice, and pass of a widened run."""

    runs: list[Row] = field(default_factory=list)
    slices: list[Row] = field(default_factory=list)
    endings: list[Row] = field(default_factory=list)


def loosened(target: Target, index: int, longer: float) -> bw.BoxPrompt:
    """The tight box on slice `index` with sides 1 + `longer` times as long, within the picture.

    Every side moves outward by half of `longer` times the box's length along that axis.
    """
    box = box_from_reference(target.reference, index)
    rows, columns = target.reference.shape[1:]
    return loosen(box, longer / 2, (rows, columns))


def prompts(target: Target, strategy: str) -> dict[str, Prompt]:
    """The prompts of a strategy by name; a one-way strategy also has the middle slice's box,
    which is where a person tends to draw it."""
    start = target.start(strategy)
    found: dict[str, Prompt] = {"box": box_from_reference(target.reference, start)}
    found.update({name: loosened(target, start, longer) for name, longer in LOOSE.items()})
    found["mask"] = mask_from_reference(target.reference, start)
    if strategy != "center-outward":
        middle = target.start("center-outward")
        found["middle box"] = box_from_reference(target.reference, middle)
    return found


def trials(target: Target, kinds: Sequence[str] = PROMPTS, free: bool = True) -> Iterator[Trial]:
    """Every run over one case; the first is a center-outward box, on features not yet computed.

    Prompts other than `kinds` are left out. With `free`, boxes (and the center-outward mask) also
    run widened and with an automatic extent, middle boxes with an automatic extent.
    """
    for strategy in STRATEGIES:
        for kind, prompt in prompts(target, strategy).items():
            if kind not in kinds:
                continue
            yield Trial(strategy, kind, prompt, "reference", target.extent)
            both = kind == "box" or (kind == "mask" and strategy == "center-outward")
            if free and both:
                yield Trial(strategy, kind, prompt, "widened", target.widened(strategy))
            if free and (both or kind == "middle box"):
                yield Trial(strategy, kind, prompt, "automatic", None)


def evaluate_case(
    case: Case,
    engine: Engine,
    name: str,
    kinds: Sequence[str] = PROMPTS,
    free: bool = True,
) -> Iterator[tuple[Trial, Mask, Findings]]:
    """Make every trial of a case with one engine, on features that are computed once.

    Yields each trial with its mask, bool (slice, row, column), and its rows; `name` is the
    engine's in them.
    """
    segmenter = bw.Segmenter(case.volume, engine)
    target = Target.of(segmenter.stack.from_voxels(case.reference), segmenter.stack.top_slice)
    for trial in trials(target, kinds, free):
        about = {
            "engine": name,
            "group": case.group,
            "kind": case.kind,
            "case": case.name,
            "strategy": trial.strategy,
            "prompt": trial.kind,
            "reach": trial.reach,
        }
        mask, slices = _run(segmenter, trial, target)
        found = Findings([_run_row(mask, slices, trial, target)], slices)
        if trial.reach == "widened":
            found.endings.extend(_endings(slices, trial, target))
        for rows in (found.runs, found.slices, found.endings):
            rows[:] = [{**about, **row} for row in rows]
        yield trial, mask, found


def _run(segmenter: bw.Segmenter, trial: Trial, target: Target) -> tuple[Mask, list[Row]]:
    """The mask (slice, row, column) of one run, and one row for each visited slice."""
    mask = np.zeros_like(target.reference)
    rows = []
    encoded = segmenter.encoded_slices
    for result in segmenter.propagate(trial.prompt, trial.strategy, trial.extent):
        mask[result.slice] = result.mask
        now = segmenter.encoded_slices
        rows.append(slice_row(result, trial.prompt.slice, target, now - encoded))
        encoded = now
    return mask, rows


def slice_row(result: SliceResult, prompted: int, target: Target, encoded: int) -> Row:
    """What is kept of one slice: `encoded` slices were encoded on the way to it.

    Dice and IoU are 1 where the mask and the reference are both empty, 0 where one is.
    """
    reference = target.reference[result.slice]
    union = int(np.count_nonzero(result.mask | reference))
    overlap = int(np.count_nonzero(result.mask & reference))
    return {
        "slice": result.slice,
        "distance": result.slice - prompted,
        "there": bool(reference.any()),
        "present": result.present,
        "dice": dice(result.mask[None], reference[None]),
        "iou": overlap / union if union else 1.0,
        "predicted iou": result.predicted_iou,
        "score": result.object_probability,
        "encoded": encoded,
        "seconds": result.seconds,
    }


def _run_row(mask: Mask, slices: list[Row], trial: Trial, target: Target) -> Row:
    prompted = [row["dice"] for row in slices if row["distance"] == 0]
    return {
        "slices": len(target.extent),
        "visited": len(slices),
        "prompted pixels": int(target.reference[trial.prompt.slice].sum()),
        "prompted slice": prompted[-1],
        "volume": dice(mask, target.reference),
        "size ratio": float(mask.sum() / target.reference.sum()),
        "encoded": sum(row["encoded"] for row in slices),
        "seconds": sum(row["seconds"] for row in slices),
    }


def _endings(slices: list[Row], trial: Trial, target: Target) -> list[Row]:
    present = {row["slice"]: bool(row["present"]) for row in slices}
    extent, ends = target.extent, target.ends(trial.strategy)
    found = walks(present, trial.prompt.slice, extent.first, extent.last, ends)
    return [ending(walk) for walk in found]

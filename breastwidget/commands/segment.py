"""`breastwidget segment`: one lesion of one scan, from file to folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget import metrics
from breastwidget.api import Progress, Segmenter, load, load_reference
from breastwidget.commands.request import SegmentRequest, find_extent, find_prompt
from breastwidget.output import check_new_folder, new_folder
from breastwidget.prompts import Prompt
from breastwidget.report import Report, ReportResult, write_report
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent, parse_strategy
from breastwidget.surface import scene_html
from breastwidget.volume import Plane

__all__ = ["Outcome", "peak_memory_mb", "run_segment"]

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What `segment` made: the result, its prompt, its scores and what the time went into."""

    request: SegmentRequest
    result: Segmentation
    prompt: Prompt
    extent: Extent | None
    scores: metrics.Scores | None
    seconds: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints; figures without a reference are null."""
        scores = self.scores
        return {
            "case": self.result.volume.name,
            "engine": self.result.provenance.engine.name,
            "strategy": self.request.strategy,
            "prompt": self.request.prompt_label,
            "plane": self.result.plane.value,
            "start_slice": self.prompt.slice,
            "slices": len(self.result.slices),
            "dice": scores and scores.dice,
            "hd95_mm": scores and scores.hd95_mm,
            "surface_dice_2mm": scores and scores.surface_dice_2mm,
            "volume_ml": self.result.volume_ml,
            "reference_volume_ml": scores and scores.reference_volume_ml,
            "longest_diameter_mm": self.result.longest_diameter_mm,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "peak_memory_mb": peak_memory_mb(),
        }


@dataclass
class _Clock:
    """Seconds spent, by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def run_segment(request: SegmentRequest, say: Say, progress: Progress) -> Outcome:
    """Segment, score and write the output folder; `say` is told each step.

    The folder holds `mask.nii.gz`, `session.json`, `report.html` and, unless nothing was found,
    `surface.stl`. It appears whole or not at all.
    """
    request.check()
    check_new_folder(request.output)
    parse_strategy(request.strategy)
    Plane.parse(request.plane)
    clock = _Clock()
    with clock.step("load"):
        say(f"Reading {request.image}")
        volume = load(request.image, phase=request.phase, subtraction=request.subtraction)
        truth = load_reference(request.reference, volume) if request.reference else None
        stack = volume.stack(request.plane)
        seen = None if truth is None else stack.from_voxels(truth)
        extent = find_extent(request.extent, seen)
        prompt = find_prompt(request, stack, seen, extent)
    with clock.step("open"):
        say(f"Opening engine {request.engine}")
        segmenter = Segmenter(volume, request.engine, request.plane)
    with clock.step("prompt"):
        segmenter.predict(prompt)
    with clock.step("propagate"):
        say(f"Propagating {request.strategy} from slice {prompt.slice}")
        result = segmenter.segment(prompt, request.strategy, extent, progress)
    scores = None
    if truth is not None:
        scores = metrics.score_masks(result.mask, truth, volume.spacing_mm, volume.voxel_volume_ml)
    outcome = Outcome(request, result, prompt, extent, scores, clock.seconds)
    say(f"Writing {request.output}")
    with clock.step("surface"), new_folder(request.output) as folder:
        result.write_into(folder)
        write_report(folder / "report.html", _report(outcome, seen))
    return outcome


def _report(outcome: Outcome, reference: NDArray[np.bool_] | None) -> Report:
    result, request = outcome.result, outcome.request
    stack = result.volume.stack(result.plane)
    name = request.strategy
    return Report(
        title=result.volume.name,
        stack=stack,
        prompts=(outcome.prompt,),
        results={name: ReportResult.of(result)},
        reference=reference,
        table=metrics.score_table({name: outcome.scores}) if outcome.scores else None,
        surface_html=scene_html([result.surface()]) if result.mask.any() else None,
        facts={
            "Engine": result.provenance.engine.name,
            "Strategy": name,
            "Prompt": f"{request.prompt_label} on slice {outcome.prompt.slice}",
            "Extent": request.extent,
            "Volume": f"{result.volume_ml:.2f} mL",
            "Longest diameter": f"{result.longest_diameter_mm:.1f} mm",
        },
        provenance=result.session(),
    )


def peak_memory_mb() -> float | None:
    """The process's peak resident memory in MiB; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    per_mb = 2**20 if sys.platform == "darwin" else 2**10
    return round(peak / per_mb, 1)

"""One self-contained HTML page about a case: slices with outlines, the surface, the scores."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.display import REFERENCE_COLOUR, result_colour, window_range
from breastwidget.errors import OutputError
from breastwidget.metrics import CONVENTIONS
from breastwidget.prompts import Prompt
from breastwidget.report_charts import charts_over_slices
from breastwidget.report_pictures import Outline, Region, find_region, slice_picture
from breastwidget.volume import SliceStack

if TYPE_CHECKING:
    import pandas as pd

    from breastwidget.segmentation import Segmentation

__all__ = [
    "SCORE_COLUMNS",
    "Report",
    "ReportResult",
    "render_report",
    "score_cell",
    "write_report",
]

# More pictures than this make a page that nobody scrolls through.
_MOST_SLICES = 36

# How the columns of `metrics.score_table` are headed and formatted.
SCORE_COLUMNS = {
    "dice": ("Dice", ".3f"),
    "hd95_mm": ("HD95 (mm)", ".1f"),
    "surface_dice_2mm": ("Surface Dice 2 mm", ".3f"),
    "volume_ml": ("Volume (mL)", ".2f"),
    "reference_volume_ml": ("Reference (mL)", ".2f"),
    "volume_error_percent": ("Volume error (%)", "+.1f"),
    "longest_diameter_mm": ("Longest diameter (mm)", ".1f"),
    "note": ("Note", ""),
}


@dataclass(frozen=True, eq=False)
class ReportResult:
    """One result: `mask` is (slice, row, column) bool in the report's stack.

    `confidences` are predicted IoUs in [0, 1] by slice number, of the slices visited; `seconds`
    is the time that they took.
    """

    mask: NDArray[np.bool_]
    confidences: Mapping[int, float] = field(default_factory=dict)
    seconds: float | None = None

    @classmethod
    def of(cls, segmentation: Segmentation) -> ReportResult:
        """What a report shows of `segmentation`, in the stack of its own plane."""
        return cls(
            segmentation.stack_mask,
            {entry.slice: entry.predicted_iou for entry in segmentation.slices},
            sum(entry.seconds for entry in segmentation.slices),
        )


@dataclass(frozen=True, eq=False)
class Report:
    """What a report shows. Masks are (slice, row, column) bool of `stack`.

    `results` are drawn in their order, the first also in `surface_html` (the page of
    `scene_html`). `table` is a `score_table`, `facts` are label and value, `provenance` JSON.
    """

    title: str
    stack: SliceStack
    prompts: Sequence[Prompt]
    results: Mapping[str, ReportResult]
    reference: NDArray[np.bool_] | None = None
    table: pd.DataFrame | None = None
    surface_html: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def write_report(path: str | Path, report: Report) -> Path:
    """Write `report` as one HTML file that needs no other file and no network.

    The file is complete or not there at all. Raises `OutputError` if it cannot be written.
    """
    path = Path(path)
    content = render_report(report)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(content, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(
            f"The report could not be written to {path}: {error.strerror or error}; "
            "choose another folder or make room."
        ) from error
    return path


def render_report(report: Report) -> str:
    """`report` as an HTML page."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("breastwidget").joinpath("report_template.html")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(source.read_text(encoding="utf-8"))
    masks = [result.mask for result in report.results.values()]
    if report.reference is not None:
        masks.append(report.reference)
    stack = report.stack
    region = find_region(masks, report.prompts, stack.shape, stack.spacing_mm)
    chosen = _slices(masks, report.prompts)
    legend = [
        {"key": f"r{index}", "name": name, "colour": result_colour(index), "dashed": False}
        for index, name in enumerate(report.results)
    ]
    if report.reference is not None:
        legend.append(
            {"key": "ref", "name": "reference", "colour": REFERENCE_COLOUR, "dashed": True}
        )
    return template.render(
        report=report,
        facts=_facts(report),
        table=_table(report),
        conventions=CONVENTIONS,
        legend=legend,
        overview=_overview(report, region),
        cards=_cards(report, chosen, region),
        left_out=_left_out(masks, chosen),
        charts=charts_over_slices(report),
        provenance=json.dumps(report.provenance, indent=2, default=str),
    )


def _facts(report: Report) -> dict[str, str]:
    stack = report.stack
    spacing = " × ".join(f"{step:.4g}" for step in stack.spacing_mm)
    shape = " × ".join(str(count) for count in stack.shape)
    return {
        "Case": stack.volume.name,
        "Plane": stack.plane.value,
        "Slices × rows × columns": shape,
        "Spacing": f"{spacing} mm",
        **report.facts,
    }


def _slices(masks: Sequence[NDArray[np.bool_]], prompts: Sequence[Prompt]) -> list[int]:
    """The slices to show: all with a mask or a prompt, thinned evenly when they are too many."""
    wanted = {prompt.slice for prompt in prompts}
    found = {int(index) for mask in masks for index in np.flatnonzero(mask.any(axis=(1, 2)))}
    every = sorted(wanted | found)
    if len(every) <= _MOST_SLICES:
        return every
    places = np.linspace(0, len(every) - 1, _MOST_SLICES).round().astype(int)
    return sorted({every[place] for place in places} | wanted)


def _left_out(masks: Sequence[NDArray[np.bool_]], chosen: Sequence[int]) -> int:
    found = {int(index) for mask in masks for index in np.flatnonzero(mask.any(axis=(1, 2)))}
    return len(found - set(chosen))


def _outlines(report: Report) -> list[Outline]:
    outlines = [
        Outline(result.mask, result_colour(index), f"r{index}")
        for index, result in enumerate(report.results.values())
    ]
    if report.reference is not None:
        outlines.append(Outline(report.reference, REFERENCE_COLOUR, "ref", dashed=True))
    return outlines


def _window(report: Report, region: Region) -> tuple[float, float]:
    """A gray range for the region around the tumour, where the picture matters."""
    rows, columns = slice(region.row0, region.row1), slice(region.column0, region.column1)
    return window_range(report.stack.pixels[:, rows, columns], (1.0, 99.8))


def _overview(report: Report, region: Region) -> dict[str, Any] | None:
    """The whole of the first prompted slice, with the part shown below marked."""
    if not report.prompts:
        return None
    index = report.prompts[0].slice
    whole = Region(0, report.stack.shape[1], 0, report.stack.shape[2])
    window = _window(report, region)
    picture = slice_picture(
        report.stack, index, whole, window, _outlines(report), report.prompts, frame=region
    )
    return {"index": index, "svg": picture, "edges": report.stack.edge_labels}


def _cards(report: Report, chosen: Sequence[int], region: Region) -> list[dict[str, Any]]:
    window, outlines = _window(report, region), _outlines(report)
    prompted = {prompt.slice for prompt in report.prompts}
    return [
        {
            "index": index,
            "prompted": index in prompted,
            "svg": slice_picture(report.stack, index, region, window, outlines, report.prompts),
        }
        for index in chosen
    ]


def _table(report: Report) -> dict[str, Any]:
    """Headings and rows, one for each result: scores where known, slices and seconds always."""
    scores = report.table
    names = [] if scores is None else [str(name) for name in scores.columns]
    heads = [SCORE_COLUMNS.get(name, (name.replace("_", " "), ".3g"))[0] for name in names]
    voxel_ml = report.stack.volume.voxel_volume_ml
    if scores is None:
        heads = ["Volume (mL)"]
    rows = []
    for index, (name, result) in enumerate(report.results.items()):
        if scores is None:
            cells = [f"{int(np.count_nonzero(result.mask)) * voxel_ml:.2f}"]
        elif name in scores.index:
            cells = [score_cell(scores.loc[name, column], column) for column in names]
        else:
            cells = ["–"] * len(names)
        cells.append(str(int(result.mask.any(axis=(1, 2)).sum())))
        cells.append("–" if result.seconds is None else f"{result.seconds:.1f}")
        rows.append({"name": name, "colour": result_colour(index), "cells": cells})
    return {"heads": [*heads, "Slices", "Seconds"], "rows": rows, "scored": scores is not None}


def score_cell(value: Any, column: str) -> str:
    """A score of one `score_table` column as people read it."""
    if isinstance(value, str):
        return value
    number = float(value)
    return format(number, SCORE_COLUMNS.get(column, ("", ".3g"))[1]) if np.isfinite(number) else "–"

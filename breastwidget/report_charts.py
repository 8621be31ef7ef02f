"""The report's line charts over slice numbers, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from breastwidget.display import REFERENCE_COLOUR, result_colour
from breastwidget.metrics import slice_dice

if TYPE_CHECKING:
    from breastwidget.report import Report

__all__ = ["Series", "chart", "charts_over_slices"]


@dataclass(frozen=True, eq=False)
class Series:
    """One line of a chart: values by slice number."""

    name: str
    colour: str
    values: Mapping[int, float]
    dashed: bool = False


_DASH = ' stroke-dasharray="5 3"'
_WIDTH, _HEIGHT = 420, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 10, 30


def chart(
    series: Sequence[Series], marked: Sequence[int], label: str, top: float | None = None
) -> str:
    """A line chart over slice numbers as an SVG; `marked` slices get an upright line.

    The value axis runs from 0 to `top`, or to a round number above the largest value.
    """
    slices = sorted({index for line in series for index in line.values} | set(marked))
    if not slices:
        return ""
    first, last = slices[0], max(slices[-1], slices[0] + 1)
    largest = max((v for line in series for v in line.values.values() if np.isfinite(v)), default=1)
    ceiling = top if top is not None else _round_up(largest)

    def place(index: float, value: float) -> tuple[float, float]:
        x = _LEFT + (index - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)
        return x, _TOP + (1 - value / ceiling) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">'
    ]
    for value in (0.0, ceiling / 2, ceiling):
        x, y = place(first, value)
        parts.append(
            f'<line class="grid" x1="{x}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{x - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for index in _ticks(first, last):
        x, y = place(index, 0)
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{index}</text>')
    for index in marked:
        (x, low), (_, high) = place(index, 0), place(index, ceiling)
        parts.append(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}">'
            f"<title>prompted slice {index}</title></line>"
        )
    for line in series:
        parts.append(_line(line, place))
    return "".join(parts) + "</svg>"


def _line(line: Series, place: Callable[[float, float], tuple[float, float]]) -> str:
    dots, steps, previous = [], [], None
    for index in sorted(line.values):
        value = line.values[index]
        if not np.isfinite(value):
            continue
        x, y = place(index, value)
        steps.append(f"{'L' if previous == index - 1 else 'M'}{x:.1f} {y:.1f}")
        previous = index
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{line.colour}">'
            f"<title>{escape(line.name)}, slice {index}: {value:.3g}</title></circle>"
        )
    return f'<path d="{"".join(steps)}" stroke="{line.colour}"{_DASH if line.dashed else ""}/>' + (
        "" if line.dashed else "".join(dots)
    )


def _ticks(first: int, last: int) -> list[int]:
    steps = (1, 2, 5, 10, 20, 50, 100)
    step = next((s for s in steps if (last - first) / s <= 8), 200)
    return list(range(-(-first // step) * step, last + 1, step))


def _round_up(value: float) -> float:
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(m * power for m in (1, 2, 4, 5, 10) if m * power >= value * 0.999))


def charts_over_slices(report: Report) -> list[dict[str, str]]:
    """Confidence, area and, with a reference, Dice: titles and SVGs of charts over the slices."""
    marked = sorted({prompt.slice for prompt in report.prompts})
    _, row_mm, column_mm = report.stack.spacing_mm
    confidence, area, overlap = [], [], []
    for index, (name, result) in enumerate(report.results.items()):
        colour = result_colour(index)
        visited = sorted(set(result.confidences) | _filled(result.mask))
        if result.confidences:
            confidence.append(Series(name, colour, result.confidences))
        area.append(Series(name, colour, _areas(result.mask, visited, row_mm * column_mm)))
        if report.reference is not None:
            overlap.append(Series(name, colour, slice_dice(result.mask, report.reference)))
    if report.reference is not None:
        areas = _areas(report.reference, _filled(report.reference), row_mm * column_mm)
        area.append(Series("reference", REFERENCE_COLOUR, areas, dashed=True))
    drawings = [
        ("Confidence (predicted IoU)", chart(confidence, marked, "confidence", top=1.0)),
        ("Area (mm²)", chart(area, marked, "area")),
        ("Dice of the slice", chart(overlap, marked, "Dice", top=1.0)),
    ]
    used = {"Confidence (predicted IoU)": confidence, "Dice of the slice": overlap}
    return [
        {"title": title, "svg": svg} for title, svg in drawings if svg and used.get(title, area)
    ]


def _filled(mask: NDArray[np.bool_]) -> set[int]:
    return {int(index) for index in np.flatnonzero(mask.any(axis=(1, 2)))}


def _areas(mask: NDArray[np.bool_], slices: Iterable[int], pixel_mm2: float) -> dict[int, float]:
    return {index: float(np.count_nonzero(mask[index])) * pixel_mm2 for index in sorted(slices)}

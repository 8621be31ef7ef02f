"""The confidence strip as SVG: one unit of width per slice, 100 of height, figures from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from breastwidget.app.strip_data import StripData, slice_words

__all__ = ["curves_svg", "here_svg", "legend_html"]

_TOP, _BOTTOM = 12.0, 92.0  # leaves room for the marks of doubt above and of prompts below


def curves_svg(data: StripData, count: int) -> str:
    """Everything but the slice shown, for `count` slices."""
    trust = data.trust.items()
    score = _known((index, each.object_probability) for index, each in trust)
    iou = _known((index, each.predicted_iou) for index, each in trust)
    apart = _known((index, each.disagreement) for index, each in trust)
    parts = [
        _path("bw-doubt", "".join(f"M{index},0h1v100h-1Z" for index in data.doubtful)),
        _path("bw-doubt-mark", "".join(f"M{index - 0.5:g},0h2l-1,10Z" for index in data.doubtful)),
        _path("bw-apart", _bars(apart)),
        _path("bw-score", _steps(score)),
        _path("bw-iou", _steps(iou)),
        _path("bw-slice-dice", _steps(data.dice)),
        _path("bw-prompted", "".join(f"M{index},93h1v7h-1Z" for index in data.prompted)),
        *(_tip(data, index) for index in sorted({*data.trust, *data.dice})),
    ]
    return _svg(count, "".join(parts), f'role="img" aria-label="{escape(_summary(data))}"')


def here_svg(index: int, count: int) -> str:
    """The slice shown, for a layer of its own: it moves all the time."""
    # At least a pixel or two wide, however many slices there are.
    return _svg(count, _path("bw-here", f"M{index + 0.5:g},0V100"), 'aria-hidden="true"')


def legend_html(data: StripData) -> str:
    """What the curves mean: only those that are there."""
    trust = data.trust.values()
    entries = [
        ("bw-score", "object score", any(each.object_probability is not None for each in trust)),
        ("bw-iou", "predicted IoU", any(each.predicted_iou is not None for each in trust)),
        ("bw-apart", "disagreement", any(each.disagreement is not None for each in trust)),
        ("bw-slice-dice", "Dice", bool(data.dice)),
        ("bw-doubt", "doubtful", bool(data.doubtful)),
        ("bw-prompted", "prompted", bool(data.prompted)),
    ]
    spans = [f'<span><i class="{name}"></i>{text}</span>' for name, text, there in entries if there]
    return f'<p class="bw-strip-legend">{"".join(spans)}</p>'


def _summary(data: StripData) -> str:
    if not data.trust:
        return "Confidence per slice: nothing propagated yet"
    slices = ", ".join(map(str, data.doubtful)) or "none"
    return f"Confidence of {len(data.trust)} slices; doubtful slices: {slices}"


def _svg(count: int, content: str, attributes: str) -> str:
    return (
        f'<svg viewBox="0 0 {count} 100" preserveAspectRatio="none" '
        f'xmlns="http://www.w3.org/2000/svg" {attributes}>{content}</svg>'
    )


def _path(name: str, path: str) -> str:
    return f'<path class="{name}" d="{path}" vector-effect="non-scaling-stroke"/>' if path else ""


def _known(pairs: Iterable[tuple[int, float | None]]) -> dict[int, float]:
    return {index: value for index, value in pairs if value is not None}


def _height(value: float) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * min(max(value, 0.0), 1.0), 1)


def _steps(values: Mapping[int, float]) -> str:
    """A line that is level over each slice, and broken where slices are missing."""
    path, before = "", -2
    for index in sorted(values):
        start = f"V{_height(values[index]):g}" if index == before + 1 else ""
        path += start or f"M{index},{_height(values[index]):g}"
        path += f"H{index + 1}"
        before = index
    return path


def _bars(values: Mapping[int, float]) -> str:
    tops = ((index, _height(value)) for index, value in values.items() if value > 0)
    return "".join(f"M{index},{_BOTTOM:g}V{top:g}h1V{_BOTTOM:g}Z" for index, top in tops)


def _tip(data: StripData, index: int) -> str:
    words = escape(slice_words(data, index))
    return f'<rect class="bw-tip" x="{index}" width="1" height="100"><title>{words}</title></rect>'

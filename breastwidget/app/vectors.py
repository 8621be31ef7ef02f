"""The overlay of a slice as SVG, with its labels as HTML: both keep their size when zoomed."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.intents import Point
from breastwidget.app.overlay import MaskLayer, Measure, Overlay, Proposal
from breastwidget.app.sections import Recent
from breastwidget.display import REFERENCE_COLOUR, contours
from breastwidget.prompts import BoxPrompt, PointPrompt

__all__ = ["AGREEMENT_COLOURS", "Drawing", "measures_svg"]

AGREEMENT_COLOURS = {
    "agreement": "#f0e442",
    "missed": REFERENCE_COLOUR,
    "false alarm": "#d55e00",
}
"""From Okabe and Ito's palette: the three that stay furthest apart (CIELAB distance 33 or more)
for normal, protan, deutan and tritan eyes alike and go with the reference's own colour."""


class Drawing:
    """Draws overlays; the outline of a mask that was drawn before is taken from memory."""

    def __init__(self) -> None:
        self._recent = Recent()

    def html(self, overlay: Overlay) -> str:
        """`overlay` over a picture of its physical shape, whatever size the page gives it.

        The SVG's own width and height are the picture's in mm, which gives the stage its aspect
        ratio; inside, everything is in columns and rows.
        """
        rows, columns = overlay.shape
        width, height = overlay.size_mm
        parts = [self._agreement(overlay)] if overlay.agreement else self._masks(overlay)
        parts += [_box(box, colour) for box, colour in overlay.boxes]
        parts += [_proposal(proposal) for proposal in overlay.proposals]
        parts.append(measures_svg(overlay.measures))
        return (
            f'<svg class="bw-overlay" viewBox="0 0 {width:g} {height:g}" aria-hidden="true" '
            'xmlns="http://www.w3.org/2000/svg">'
            f'<g transform="scale({width / columns:.9g} {height / rows:.9g})">{"".join(parts)}</g>'
            f'</svg><div class="bw-labels" aria-hidden="true">{_labels(overlay)}</div>'
        )

    def _masks(self, overlay: Overlay) -> list[str]:
        parts = [self._layer(layer, overlay) for layer in overlay.layers]
        if overlay.reference is not None:
            path = self._outline(overlay.reference)
            parts.append(
                f'<path class="bw-line bw-reference" d="{path}" stroke="{REFERENCE_COLOUR}"/>'
            )
        return parts

    def _layer(self, layer: MaskLayer, overlay: Overlay) -> str:
        name = "bw-line bw-prediction" + (" bw-active" if layer.active else "")
        fill = ""
        if overlay.look.style == "fill":
            fill = _area(self._runs(layer.mask), layer.colour, overlay.look.opacity)
        path = self._outline(layer.mask)
        return f'{fill}<path class="{name}" d="{path}" stroke="{escape(layer.colour)}"/>'

    def _agreement(self, overlay: Overlay) -> str:
        """Pixel by pixel, so that neighbouring regions meet; all visible lesions together."""
        masks = [layer.mask for layer in overlay.layers]
        empty = np.zeros(overlay.shape, dtype=bool)
        truth = empty if overlay.reference is None else overlay.reference
        sources = (overlay.reference, *masks)

        def regions() -> list[tuple[str, str]]:
            found = np.logical_or.reduce(masks) if masks else empty
            areas = found & truth, truth & ~found, found & ~truth
            return [
                (_runs_path(area), colour)
                for area, colour in zip(areas, AGREEMENT_COLOURS.values(), strict=True)
                if area.any()
            ]

        found = self._recent.get(sources, "agreement", regions)
        return "".join(_area(path, colour, overlay.look.opacity) for path, colour in found)

    def _outline(self, mask: NDArray[np.bool_]) -> str:
        return self._recent.get((mask,), "outline", lambda: _outline_path(mask))

    def _runs(self, mask: NDArray[np.bool_]) -> str:
        return self._recent.get((mask,), "runs", lambda: _runs_path(mask))


def measures_svg(measures: tuple[Measure, ...]) -> str:
    """Lines from end to end, in picture coordinates."""
    return "".join(
        f'<path class="bw-line bw-halo" d="{path}"/><path class="bw-line bw-measure" d="{path}"/>'
        for path in (f"M{m.start[0]:g},{m.start[1]:g}L{m.end[0]:g},{m.end[1]:g}" for m in measures)
    )


def _labels(overlay: Overlay) -> str:
    """Text would grow with the picture inside the SVG."""
    shape = overlay.shape
    parts = [_point(shape, point, colour) for point, colour in overlay.points]
    parts += [
        _label(shape, (each.box.x0, each.box.y0), "bw-number", str(each.number))
        for each in overlay.proposals
    ]
    parts += [
        _label(shape, each.start, "bw-length", each.text) for each in overlay.measures if each.text
    ]
    return "".join(parts)


def _point(shape: tuple[int, int], point: PointPrompt, colour: str) -> str:
    """Told apart by sign and by shape, not by colour."""
    name, sign = ("bw-positive", "+") if point.positive else ("bw-negative", "−")
    return _label(shape, (point.x, point.y), f"bw-point {name}", sign, colour)


def _label(shape: tuple[int, int], at: Point, name: str, text: str, colour: str = "") -> str:
    look = f"left:{100 * at[0] / shape[1]:.3f}%;top:{100 * at[1] / shape[0]:.3f}%"
    if colour:
        look += f";--bw-colour:{escape(colour)}"
    return f'<span class="{name}" style="{look}">{escape(text)}</span>'


def _outline_path(mask: NDArray[np.bool_]) -> str:
    """In steps from corner to corner: a third of what all points in full would be to send."""
    return "".join(_closed_path(line[:-1]) for line in contours(mask))


def _closed_path(points: NDArray[np.float64]) -> str:
    steps = np.diff(points, axis=0)
    turns = 1 + np.flatnonzero((steps[1:] != steps[:-1]).any(axis=1))
    corners = points[[0, *turns, len(points) - 1]]
    (x, y), moves = corners[0], np.diff(corners, axis=0)
    return f"M{x:g},{y:g}l{' '.join(_short(dx) + ',' + _short(dy) for dx, dy in moves)}Z"


def _short(number: float) -> str:
    """ "-.5" for -0.5."""
    return f"{number:g}".replace("0.", ".", 1) if abs(number) < 1 else f"{number:g}"


def _runs_path(mask: NDArray[np.bool_]) -> str:
    """Each row's runs of pixels as rectangles: exactly the mask, no corner cut."""
    parts = []
    for row in np.flatnonzero(mask.any(axis=1)):
        steps = np.diff(np.concatenate(([0], mask[row].astype(np.int8), [0])))
        starts, ends = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
        parts += [
            f"M{start},{row}h{end - start}v1H{start}Z"
            for start, end in zip(starts, ends, strict=True)
        ]
    return "".join(parts)


def _area(path: str, colour: str, opacity: float) -> str:
    return (
        f'<path class="bw-area" d="{path}" fill="{escape(colour)}" fill-opacity="{opacity:.3g}"/>'
    )


def _box(box: BoxPrompt, colour: str, name: str = "bw-box") -> str:
    return (
        f'<rect class="bw-line {name}" x="{box.x0:g}" y="{box.y0:g}" width="{box.x1 - box.x0:g}" '
        f'height="{box.y1 - box.y0:g}" stroke="{escape(colour)}"/>'
    )


def _proposal(proposal: Proposal) -> str:
    return _box(
        proposal.box, "#fff", "bw-proposal" if proposal.here else "bw-proposal bw-elsewhere"
    )

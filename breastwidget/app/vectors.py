"""SVG over and under the slice picture: contours, box, and the strip of slices."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.model import AppModel
from breastwidget.app.picture import Overlay
from breastwidget.display import BOX_COLOUR, REFERENCE_COLOUR, contours, result_colour
from breastwidget.prompts import BoxPrompt

__all__ = ["overlay_svg", "strip_svg"]

_PREDICTION = result_colour(0)
_HERE = "#d55e00"
_STRIP_HEIGHT = 10


def overlay_svg(overlay: Overlay) -> str:
    """`overlay` as SVG that fills the picture, whatever size the page gives it."""
    rows, columns = overlay.shape
    parts = []
    if overlay.mask is not None:
        look = f'fill="{_PREDICTION}" fill-opacity="0.18"'
        parts.append(_outline(overlay.mask, "bw-prediction", _PREDICTION, look))
    if overlay.reference is not None:
        look = 'fill="none" stroke-dasharray="5 3"'
        parts.append(_outline(overlay.reference, "bw-reference", REFERENCE_COLOUR, look))
    if overlay.box is not None:
        parts.append(_rectangle(overlay.box))
    return (
        f'<svg class="bw-overlay" viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" '
        f'xmlns="http://www.w3.org/2000/svg" aria-hidden="true">{"".join(parts)}</svg>'
    )


def strip_svg(model: AppModel) -> str:
    """One cell per slice: where the mask is, the reference, the box, and the slice shown."""
    count = model.stack.shape[0]
    found = (index for index in model.masks.by_slice if model.masks.on(index) is not None)
    parts = [_cells(found, "bw-prediction", _PREDICTION, 0, 6)]
    if model.reference is not None:
        inside = np.flatnonzero(model.reference.any(axis=(1, 2)))
        parts.append(_cells((int(i) for i in inside), "bw-reference", REFERENCE_COLOUR, 6.5, 3.5))
    if model.box is not None:
        parts.append(_cells((model.box.slice,), "bw-prompted", "currentColor", 0, 6))
    parts.append(_cells((model.slice_index,), "bw-here", _HERE, 0, _STRIP_HEIGHT))
    return (
        f'<svg class="bw-strip" viewBox="0 0 {count} {_STRIP_HEIGHT}" preserveAspectRatio="none" '
        f'xmlns="http://www.w3.org/2000/svg" aria-hidden="true">{"".join(parts)}</svg>'
    )


def _outline(mask: NDArray[np.bool_], name: str, colour: str, look: str) -> str:
    path = "".join(
        "M" + "L".join(f"{x:g},{y:g}" for x, y in line[:-1]) + "Z" for line in contours(mask)
    )
    return (
        f'<path class="{name}" d="{path}" stroke="{colour}" {look} '
        'fill-rule="evenodd" stroke-width="1.6" vector-effect="non-scaling-stroke"/>'
    )


def _rectangle(box: BoxPrompt) -> str:
    return (
        f'<rect class="bw-box" x="{box.x0:g}" y="{box.y0:g}" width="{box.x1 - box.x0:g}" '
        f'height="{box.y1 - box.y0:g}" fill="none" stroke="{BOX_COLOUR}" stroke-width="1.6" '
        'vector-effect="non-scaling-stroke"/>'
    )


def _cells(slices: Iterable[int], name: str, colour: str, top: float, height: float) -> str:
    path = "".join(f"M{index},{top:g}h1v{height:g}h-1Z" for index in slices)
    return f'<path class="{name}" d="{path}" fill="{colour}"/>'

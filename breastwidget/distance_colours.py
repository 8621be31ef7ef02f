"""How far a surface lies from a reference's, in mm, and as colours on it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from breastwidget.surface import Surface

__all__ = ["DISTANCE_STOPS", "distance_colours", "distance_range_mm", "signed_distances_mm"]

DISTANCE_STOPS = ("#2166ac", "#67a9cf", "#d1e5f0", "#f7f7f7", "#fddbc7", "#ef8a62", "#b2182b")
"""Evenly spaced colours from inside the reference (blue) by its surface (white) to outside (red).

ColorBrewer's RdBu turned round, told apart by colour-blind eyes; a legend is a gradient of these.
"""


def signed_distances_mm(surface: Surface, reference: Surface) -> NDArray[np.float64]:
    """The distance in mm of each vertex to the nearest point of the reference's surface, (n,).

    Positive outside the reference (segmented too much), negative inside it (too little).
    """
    mesh = surface.mesh.copy(deep=False)
    measured = mesh.compute_implicit_distance(reference.mesh)
    return np.asarray(measured.point_data["implicit_distance"], dtype=np.float64)


def distance_range_mm(distances_mm: NDArray[np.float64]) -> float:
    """A round range R for colours from -R to +R mm: 1, 2, 3 or 5 times a power of ten.

    It holds 95 % of the distances (the others get the colours of its ends), and is 1 mm at least.
    """
    reach = float(np.percentile(np.abs(distances_mm), 95)) if distances_mm.size else 0.0
    if reach <= 1.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(reach))
    return next(step * power for step in (1, 2, 3, 5, 10) if step * power >= reach)


def distance_colours(distances_mm: NDArray[np.float64], range_mm: float) -> NDArray[np.uint8]:
    """`DISTANCE_STOPS` from -`range_mm` to +`range_mm`, one (red, green, blue) each, (n, 3) uint8.

    Raises `ValueError` unless the range is above 0.
    """
    if not range_mm > 0:
        raise ValueError(f"expected a range above 0 mm, got {range_mm}.")
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in DISTANCE_STOPS])
    places = np.linspace(-range_mm, range_mm, len(stops))
    channels = [np.interp(distances_mm, places, stops[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), dtype=np.uint8)

"""What a lesion measures: volume, the two diameters, surface area, connected parts."""

from __future__ import annotations

from dataclasses import dataclass

from breastwidget.diameters import Bidirectional, bidirectional
from breastwidget.parts import component_count
from breastwidget.segmentation import Segmentation

__all__ = ["Measures", "measure"]


@dataclass(frozen=True)
class Measures:
    """Of one lesion; `parts` counts connected pieces.

    `diameters` are the longest one within a slice and the one at right angles to it, in (slice,
    row, column) of the plane that the lesion was segmented in; None where nothing was found.
    """

    volume_ml: float
    surface_area_cm2: float
    parts: int
    diameters: Bidirectional | None = None


def measure(segmentation: Segmentation) -> Measures:
    """Measure a lesion. Loads VTK, for the surface area: call it where that may take a second."""
    if not segmentation.mask.any():
        return Measures(0.0, 0.0, 0)
    stack = segmentation.volume.stack(segmentation.plane)
    return Measures(
        segmentation.volume_ml,
        segmentation.surface().area_mm2 / 100.0,
        component_count(segmentation.mask),
        bidirectional(segmentation.stack_mask, stack.spacing_mm),
    )

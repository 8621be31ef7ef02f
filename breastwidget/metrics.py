"""How two masks agree, and how large one is: plain functions of arrays and spacing.

Masks are 3-D bool arrays in any axis order, `spacing_mm` the voxel size in mm in that same order.
MONAI computes the surface metrics, after a crop to the masks' joint bounding box.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.diameters import longest_diameter
from breastwidget.parts import bounds, component_count, largest_part

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CHALLENGE_CAP_VOXELS",
    "CONVENTIONS",
    "Scores",
    "component_count",
    "dice",
    "hd95_challenge_voxels",
    "hd95_mm",
    "largest_part",
    "longest_diameter_mm",
    "score_masks",
    "score_table",
    "slice_dice",
    "surface_dice",
    "volume_ml",
]

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]

CHALLENGE_CAP_VOXELS = 150.0

CONVENTIONS = (
    "Dice: 1 where both masks are empty, 0 where only one is. "
    "HD95: the larger of the two directed 95th percentiles of boundary distances, in mm with the "
    "volume's spacing; 0 where both are empty, the volume's diagonal where only one is. "
    "Surface Dice: share of both surfaces within 2 mm of the other, weighted by area; 1 where both "
    "are empty, 0 where only one is. "
    "Volume: voxels times voxel volume. Volume error: signed, relative to the reference. "
    "Longest diameter: largest distance between two points on the boundary of the mask's largest "
    "connected part (IBSI maximum 3-D diameter)."
)


@dataclass(frozen=True)
class Scores:
    """How a mask agrees with a reference. `note` says what convention an empty mask called for.

    `volume_error_percent` is signed, relative to the reference, NaN where that is empty.
    """

    dice: float
    hd95_mm: float
    surface_dice_2mm: float
    volume_ml: float
    reference_volume_ml: float
    volume_error_percent: float
    longest_diameter_mm: float
    note: str = ""


def dice(mask: Mask, reference: Mask) -> float:
    """Dice overlap in [0, 1] of two bool masks of one shape; 1 if both are empty, 0 if one is."""
    mask, reference = _pair(mask, reference)
    total = int(np.count_nonzero(mask)) + int(np.count_nonzero(reference))
    if total == 0:
        return 1.0
    return 2.0 * int(np.count_nonzero(mask & reference)) / total


def hd95_mm(mask: Mask, reference: Mask, spacing_mm: Spacing) -> float:
    """95th-percentile Hausdorff distance in mm: the larger of the two directed percentiles.

    Distances run between centres of boundary voxels. Both masks empty: 0; one empty: the
    volume's diagonal, corner to corner.
    """
    mask, reference = _pair(mask, reference)
    if not mask.any() or not reference.any():
        extent = np.multiply(mask.shape, spacing_mm)
        return float(np.linalg.norm(extent)) if mask.any() or reference.any() else 0.0
    return _monai_hd95(mask, reference, spacing_mm)


def hd95_challenge_voxels(mask: Mask, reference: Mask) -> float:
    """The MAMA-MIA challenge's HD95: in voxels, whatever their size, and 150 at most.

    Both masks empty: 0; one empty: 150.
    """
    mask, reference = _pair(mask, reference)
    if not mask.any() or not reference.any():
        return CHALLENGE_CAP_VOXELS if mask.any() or reference.any() else 0.0
    return min(CHALLENGE_CAP_VOXELS, _monai_hd95(mask, reference, (1.0, 1.0, 1.0)))


def surface_dice(
    mask: Mask, reference: Mask, spacing_mm: Spacing, tolerance_mm: float = 2.0
) -> float:
    """Surface Dice in [0, 1]: share of both surfaces' area within `tolerance_mm` of the other.

    Nikolov et al., arXiv 1809.04430. Both masks empty: 1; one empty: 0.
    """
    mask, reference = _pair(mask, reference)
    if not mask.any() or not reference.any():
        return 0.0 if mask.any() or reference.any() else 1.0
    import torch
    from monai.metrics import compute_surface_dice

    first, second = _crop(mask, reference)
    with torch.inference_mode(), _quiet():
        value = compute_surface_dice(
            torch.from_numpy(first)[None, None],
            torch.from_numpy(second)[None, None],
            class_thresholds=[tolerance_mm],
            include_background=True,
            spacing=tuple(float(step) for step in spacing_mm),
            use_subvoxels=True,
        )
    return float(value.item())


def volume_ml(mask: Mask, voxel_volume_ml: float) -> float:
    """Volume in mL of a mask whose voxels measure `voxel_volume_ml` each."""
    return int(np.count_nonzero(mask)) * voxel_volume_ml


def longest_diameter_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Largest distance in mm between two points of the mask's boundary; 0 for an empty mask.

    IBSI's maximum 3-D diameter: the points are the vertices of the mask's isosurface, the centres
    of the voxel faces between inside and outside. One voxel's is its largest spacing.
    """
    line = longest_diameter(mask, spacing_mm)
    return 0.0 if line is None else line.length_mm


def slice_dice(mask: Mask, reference: Mask) -> dict[int, float]:
    """Dice of each slice that either of two (slice, row, column) bool masks touches."""
    mask, reference = _pair(mask, reference)
    touched = (mask | reference).any(axis=(1, 2))
    return {
        int(index): dice(mask[index : index + 1], reference[index : index + 1])
        for index in np.flatnonzero(touched)
    }


def score_masks(mask: Mask, reference: Mask, spacing_mm: Spacing, voxel_volume_ml: float) -> Scores:
    """All scores of `mask` against `reference`, two bool masks of one shape."""
    mask, reference = _pair(mask, reference)
    volume, expected = volume_ml(mask, voxel_volume_ml), volume_ml(reference, voxel_volume_ml)
    empty = [name for name, part in (("mask", mask), ("reference", reference)) if not part.any()]
    return Scores(
        dice=dice(mask, reference),
        hd95_mm=hd95_mm(mask, reference, spacing_mm),
        surface_dice_2mm=surface_dice(mask, reference, spacing_mm),
        volume_ml=volume,
        reference_volume_ml=expected,
        volume_error_percent=100 * (volume - expected) / expected if expected else math.nan,
        longest_diameter_mm=longest_diameter_mm(largest_part(mask), spacing_mm),
        note=f"empty {' and '.join(empty)}" if empty else "",
    )


def score_table(rows: Mapping[str, Scores]) -> pd.DataFrame:
    """A table with one row for each name; show `CONVENTIONS` under it.

    Columns are the fields of `Scores`, in their order; `note` only where a row has one.
    """
    import pandas as pd

    fields = list(Scores.__dataclass_fields__)
    if not any(scores.note for scores in rows.values()):
        fields.remove("note")
    values = [[getattr(scores, name) for name in fields] for scores in rows.values()]
    return pd.DataFrame(values, index=pd.Index(list(rows), dtype=object), columns=fields)


def _pair(mask: NDArray[Any], reference: NDArray[Any]) -> tuple[Mask, Mask]:
    if mask.shape != reference.shape or mask.ndim != 3:
        raise ValueError(
            f"expected two 3-D masks of one shape, got {mask.shape}, {reference.shape}."
        )
    return np.asarray(mask, dtype=bool), np.asarray(reference, dtype=bool)


def _crop(*masks: Mask) -> tuple[Mask, ...]:
    """The masks cut to their joint bounding box, with one voxel of background all around."""
    box = bounds(*masks)
    return tuple(np.pad(mask[box], 1) for mask in masks)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back MONAI 1.6's deprecation warning about an argument that it passes to itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=".*always_return_as_numpy", category=FutureWarning
        )
        yield


def _monai_hd95(mask: Mask, reference: Mask, spacing_mm: Spacing) -> float:
    import torch
    from monai.metrics import compute_hausdorff_distance

    first, second = _crop(mask, reference)
    with torch.inference_mode(), _quiet():
        value = compute_hausdorff_distance(
            torch.from_numpy(first)[None, None],
            torch.from_numpy(second)[None, None],
            include_background=True,
            percentile=95,
            spacing=tuple(float(step) for step in spacing_mm),
        )
    return float(value.item())

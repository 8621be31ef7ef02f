"""A segmentation: the mask in the volume's own voxels, its confidence per slice, its provenance."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from breastwidget import metrics
from breastwidget.diameters import Bidirectional, bidirectional
from breastwidget.engines.base import SliceResult
from breastwidget.output import new_folder
from breastwidget.parts import component_count
from breastwidget.provenance import Provenance, mask_digest
from breastwidget.readers import write_mask
from breastwidget.volume import Plane, SliceStack, Volume

if TYPE_CHECKING:
    from breastwidget.surface import Surface

__all__ = ["Segmentation", "SliceConfidence"]


@dataclass(frozen=True)
class SliceConfidence:
    """How sure the engine was of one slice: both figures in [0, 1]; `seconds` it took."""

    slice: int
    predicted_iou: float
    object_probability: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Segmentation:
    """One lesion's mask.

    `mask` is (i, j, k) bool in the volume's own voxel order; `slices` are in the order of the
    visit, numbered along `plane`.
    """

    volume: Volume
    plane: Plane
    mask: NDArray[np.bool_]
    slices: tuple[SliceConfidence, ...]
    provenance: Provenance

    @classmethod
    def from_results(
        cls, stack: SliceStack, results: Iterable[SliceResult], provenance: Provenance
    ) -> Segmentation:
        """Gather slice results into one mask; a slice given twice keeps its last result."""
        empty = np.zeros(stack.volume.shape, dtype=bool)
        nothing = cls(stack.volume, stack.plane, empty, (), provenance)
        return nothing.with_results(results, (), provenance)

    def with_results(
        self, results: Iterable[SliceResult], void: Collection[int], provenance: Provenance
    ) -> Segmentation:
        """This segmentation without its slices `void`, and with `results` put in.

        After a correction, `void` are the slices that `propagation.superseded` names.
        """
        mask = self.stack_mask.copy()
        mask[list(void)] = False
        confidences = [each for each in self.slices if each.slice not in void]
        for result in results:
            mask[result.slice] = result.mask
            confidences.append(
                SliceConfidence(
                    result.slice, result.predicted_iou, result.object_probability, result.seconds
                )
            )
        stack = self.volume.stack(self.plane)
        voxels = np.ascontiguousarray(stack.to_voxels(mask))
        return Segmentation(self.volume, self.plane, voxels, tuple(confidences), provenance)

    @property
    def stack_mask(self) -> NDArray[np.bool_]:
        """The mask as (slice, row, column) of its plane."""
        return self.volume.stack(self.plane).from_voxels(self.mask)

    @property
    def volume_ml(self) -> float:
        """The lesion's volume in mL."""
        return metrics.volume_ml(self.mask, self.volume.voxel_volume_ml)

    @cached_property
    def longest_diameter_mm(self) -> float:
        """Largest distance in mm across the lesion's largest connected part (IBSI, 3-D)."""
        part = metrics.largest_part(self.mask)
        return metrics.longest_diameter_mm(part, self.volume.spacing_mm)

    @cached_property
    def bidirectional(self) -> Bidirectional | None:
        """The longest diameter in the plane and its perpendicular; None for an empty mask."""
        stack = self.volume.stack(self.plane)
        return bidirectional(stack.from_voxels(self.mask), stack.spacing_mm)

    @property
    def part_count(self) -> int:
        """How many connected parts the mask has."""
        return component_count(self.mask)

    def surface(self) -> Surface:
        """The lesion's smooth surface in mm (RAS+)."""
        from breastwidget.surface import extract_surface

        return extract_surface(self.mask, self.volume.affine)

    def session(self) -> dict[str, Any]:
        """What `session.json` holds: provenance, confidence per slice, the mask's digest."""
        return {
            **self.provenance.to_json(),
            "slices": [vars(confidence) for confidence in self.slices],
            "volume_ml": self.volume_ml,
            "longest_diameter_mm": self.longest_diameter_mm,
            "mask_sha256": mask_digest(self.mask),
        }

    def save(self, folder: str | Path) -> Path:
        """Write `mask.nii.gz`, `session.json` and, unless the mask is empty, `surface.stl`.

        `folder` must not exist yet. Raises `OutputError`; then nothing is left behind.
        """
        with new_folder(folder) as beside:
            self.write_into(beside)
        return Path(folder)

    def write_into(self, folder: Path) -> None:
        """Write the files of `save` into a folder that is there."""
        write_mask(folder / "mask.nii.gz", self.mask, self.volume)
        text = json.dumps(self.session(), indent=1)
        (folder / "session.json").write_text(text + "\n", encoding="utf-8")
        if self.mask.any():
            self.surface().save(folder / "surface.stl")

"""Cases that the embedded checkpoint is looked at on: synthetic, phantom, real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import breastwidget as bw
from training.draw import Draw
from training.scenes import draw_scene

HELD_OUT_SEED = 900_000_000
"""Far above the seeds that the training of a seed below 800 uses."""

GROUPS = ("synthetic", "phantom", "real")


@dataclass(frozen=True, eq=False)
class Case:
    """A volume and its reference, bool (i, j, k) on the same grid.

    `group`, one of ``GROUPS``, heads its column in the tables; `kind` says what sort of picture of
    that group it is.
    """

    group: str
    name: str
    volume: bw.Volume
    reference: NDArray[np.bool_]
    kind: str = ""


def synthetic_cases(count: int, frames: int = 32, side_mm: float = 110.0) -> Iterator[Case]:
    """Held-out scenes of the generator, whole (the engine cuts its own region)."""
    for number in range(count):
        scene = draw_scene(Draw(HELD_OUT_SEED + number), frames, frames // 2)
        pixel_mm = side_mm / scene.pictures.shape[-1]
        affine = np.diag([pixel_mm, pixel_mm, 2.5, 1.0])
        data = np.ascontiguousarray(scene.pictures.permute(2, 1, 0).numpy())
        volume = bw.Volume(data, affine, f"synthetic {number}", slice_axis=2)
        reference = np.ascontiguousarray(scene.masks.permute(2, 1, 0).numpy())
        kind = getattr(scene, "kind", "scene")
        yield Case("synthetic", volume.name, volume, reference, kind)


def phantom_cases(count: int) -> Iterator[Case]:
    """The package's phantom, whose code the generator does not share: subtraction 1."""
    for seed in range(count):
        phantom: Any = bw.make_phantom("single", seed)
        volume, reference = phantom.subtraction(1), phantom.reference
        yield Case("phantom", f"phantom {seed}", volume, reference, "breast DCE subtraction")


def real_cases(folder: Path) -> Iterator[Case]:
    """The real cases kept beside the repository; never trained on, nor used to choose."""
    case = folder / "breast_nact" / "images" / "NACT_06"
    mask = folder / "breast_nact" / "segmentations" / "ftv" / "nact_06.nii.gz"
    subtraction = bw.load(case, subtraction=1)
    yield _real("NACT_06 subtraction", subtraction, mask, "breast DCE subtraction")
    yield _real("NACT_06 phase 1", bw.load(case, phase=1), mask, "breast DCE phase 1")
    crop = folder / "breast_crop"
    image = bw.load(crop / "breast1_image.nrrd")
    yield _real("breast1 crop", image, crop / "breast1_label.nrrd", "breast MRI crop")
    for sarcoma in sorted((folder / "sarcoma_mr").glob("STS_*")):
        volume = bw.load(sarcoma / "MR_T1_image.nii.gz")
        yield _real(f"{sarcoma.name} T1", volume, sarcoma / "MR_T1_mask.nii.gz", "sarcoma T1")


def _real(name: str, volume: bw.Volume, mask: Path, kind: str) -> Case:
    return Case("real", name, volume, bw.load_reference(mask, volume), kind)

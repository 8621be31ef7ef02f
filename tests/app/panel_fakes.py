"""What the panels' tests put in place of a controller, and runs with known figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from app_fakes import BOX

from breastwidget.app.document import Document, LesionState, Masks, Run
from breastwidget.app.measuring import Measures
from breastwidget.app.model import AppModel
from breastwidget.diameters import Bidirectional, Line
from breastwidget.engines.base import EngineInfo, SliceResult
from breastwidget.metrics import Scores
from breastwidget.prompts import Lesion
from breastwidget.provenance import Provenance
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, SliceStack

MEASURES = Measures(
    1.5,
    8.25,
    2,
    Bidirectional(6, Line((6, 5, 10), (6, 9, 19), 20.25), Line((6, 5, 14), (6, 9, 14), 10.0)),
)


class RecordingIntents:
    """Every intent is a method that notes its name and arguments in `said`."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        def say(*args: Any, **kwargs: Any) -> None:
            self.said.append((name, *args, *([kwargs] if kwargs else [])))

        return say


def scores(**figures: float) -> Scores:
    values = {
        "dice": 0.5,
        "hd95_mm": 3.0,
        "surface_dice_2mm": 0.5,
        "volume_ml": 1.5,
        "reference_volume_ml": 2.0,
        "volume_error_percent": -25.0,
        "longest_diameter_mm": 20.25,
    }
    return Scores(**{**values, **figures})


def make_run(
    stack: SliceStack,
    strategy: str = "center-outward",
    sure: Mapping[int, tuple[float, float]] | None = None,
    masks: Mapping[int, np.ndarray] | None = None,
    **changes: Any,
) -> Run:
    """A run over slices 4 to 8; `sure` gives slices' (predicted IoU, object probability), by
    default 0.9 and 0.99; `masks` slices' masks, by default the bright block."""
    figures = dict.fromkeys(range(4, 9), (0.9, 0.99)) | dict(sure or {})
    found = {index: stack.pixels[index] > 50 for index in figures} | dict(masks or {})
    results = [
        SliceResult(index, found[index], iou, probability, 0.1)
        for index, (iou, probability) in figures.items()
    ]
    lesion = Lesion((BOX,))
    provenance = Provenance.of(stack, lesion, strategy, None, EngineInfo("fake"))
    segmentation = Segmentation.from_results(stack, results, provenance)
    values: dict[str, Any] = {
        "strategy": strategy,
        "prompts": (BOX,),
        "image": "phase 1",
        "segmentation": segmentation,
        "masks": Masks(found),
        "seconds": 1.0,
        "complete": True,
        "measures": MEASURES,
    }
    return Run(**{**values, **changes})


def lesion_with(*runs: Run, key: int = 1, **changes: Any) -> LesionState:
    """A lesion that shows its last run."""
    shown = len(runs) - 1 if runs else None
    values: dict[str, Any] = {
        "key": key,
        "name": f"lesion {key}",
        "colour": ("#e69f00", "#009e73")[key - 1],
        "plane": Plane.AXIAL,
        "prompts": (BOX,),
        "runs": runs,
        "shown": shown,
    }
    return LesionState(**{**values, **changes})


def show(model: AppModel, *lesions: LesionState, **changes: Any) -> None:
    """Put lesions into the model; the first is active."""
    values: dict[str, Any] = {"lesions": lesions, "active": lesions[0].key if lesions else None}
    model.update(document=Document(**{**values, **changes}))


EXTENT = Extent(4, 8)

"""From slice results to what the app keeps of a run: segmentation, scores, surface."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from breastwidget import metrics
from breastwidget.app.model import Run, Scene
from breastwidget.app.picture import png_bytes
from breastwidget.display import REFERENCE_COLOUR, result_colour
from breastwidget.engines.base import EngineInfo, SliceResult
from breastwidget.errors import BreastWidgetError, DependencyError
from breastwidget.prompts import BoxPrompt, Lesion
from breastwidget.provenance import Provenance
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent
from breastwidget.volume import SliceStack

if TYPE_CHECKING:
    from breastwidget.surface import SceneItem

__all__ = ["Request", "make_run", "make_scene"]

_log = logging.getLogger(__name__)
_SHELL_OPACITY = 0.35


@dataclass(frozen=True)
class Request:
    """What a propagation was asked to do; `extent` is None where it is automatic."""

    box: BoxPrompt
    strategy: str
    extent: Extent | None

    @property
    def lesion(self) -> Lesion:
        """The lesion with its one prompt."""
        return Lesion((self.box,))


def make_run(
    stack: SliceStack,
    request: Request,
    engine: EngineInfo,
    results: Sequence[SliceResult],
    seconds: float,
    complete: bool,
    reference: NDArray[np.bool_] | None,
) -> Run:
    """Gather `results`; score them where a (slice, row, column) `reference` is known."""
    provenance = Provenance.of(stack, request.lesion, request.strategy, request.extent, engine)
    segmentation = Segmentation.from_results(stack, results, provenance)
    scores = None
    if reference is not None:
        volume = stack.volume
        truth = stack.to_voxels(reference)
        scores = metrics.score_masks(
            segmentation.mask, truth, volume.spacing_mm, volume.voxel_volume_ml
        )
    return Run(
        request.strategy, request.box, segmentation, seconds, complete, scores, request.extent
    )


def make_scene(run: Run, reference: NDArray[np.bool_] | None) -> Scene:
    """The surface of `run`, the reference as a translucent shell around it.

    A surface that cannot be drawn costs the picture, not the result: the note says why.
    """
    segmentation = run.segmentation
    if not segmentation.mask.any():
        return Scene(note="Nothing was found, so there is no surface to show.")
    try:
        return _drawn(_surfaces(segmentation, reference))
    except BreastWidgetError as error:
        return Scene(note=str(error))
    except Exception as error:
        _log.exception("the surface could not be drawn")
        return Scene(note=f"The surface could not be drawn ({error}).")


def _surfaces(segmentation: Segmentation, reference: NDArray[np.bool_] | None) -> list[SceneItem]:
    from breastwidget.surface import extract_surface

    items: list[SceneItem] = [(segmentation.surface(), result_colour(0), 1.0)]
    if reference is not None:
        stack = segmentation.volume.stack(segmentation.plane)
        shell = extract_surface(stack.to_voxels(reference), stack.volume.affine)
        items.append((shell, REFERENCE_COLOUR, _SHELL_OPACITY))
    return items


def _drawn(surfaces: list[SceneItem]) -> Scene:
    """A page where trame-vtk is there, else a still picture."""
    from breastwidget.surface import scene_html, scene_image

    try:
        return Scene(html=scene_html(surfaces))
    except DependencyError as error:
        data = base64.b64encode(png_bytes(scene_image(surfaces))).decode()
        return Scene(picture=f"data:image/png;base64,{data}", note=str(error))

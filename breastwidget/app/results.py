"""From slice results to what the app keeps of a run: masks, segmentation, scores, measures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from breastwidget import metrics
from breastwidget.app.document import LesionState, Masks, Run
from breastwidget.app.measuring import Measures, measure
from breastwidget.engines.base import EngineInfo, SliceResult
from breastwidget.metrics import Scores
from breastwidget.provenance import Provenance
from breastwidget.segmentation import Segmentation, SliceConfidence
from breastwidget.strategies import Extent
from breastwidget.volume import SliceStack

__all__ = ["Request", "make_run", "segmentation_of"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Request:
    """What a propagation was asked to do.

    `lesion` as it was then, on slices of `stack`, which shows the image called `image`. `extent` is
    None where it is automatic. A correction of `base` goes on from the slices `corrected`, each of
    which makes those of `base` on its `superseded` void.
    """

    lesion: LesionState
    stack: SliceStack
    image: str
    strategy: str
    extent: Extent | None
    base: Run | None = None
    corrected: tuple[int, ...] = ()
    superseded: frozenset[int] = frozenset()

    @property
    def kept(self) -> Masks:
        """The masks that stay: those shown, but for what is void; none of a run begun anew."""
        if self.base is None:
            return Masks()
        return self.lesion.masks.without(*self.superseded)


def make_run(
    request: Request,
    engine: EngineInfo,
    results: Sequence[SliceResult],
    seconds: float,
    complete: bool,
    reference: NDArray[np.bool_] | None,
) -> Run:
    """Gather `results`, and what was kept; score them where an (i, j, k) `reference` is known."""
    by_slice = {**request.kept.by_slice, **{each.slice: each.mask for each in results}}
    masks = Masks(MappingProxyType(by_slice))
    provenance = _provenance(request, engine)
    segmentation = segmentation_of(masks, request.stack, provenance, _confidence(request, results))
    return Run(
        strategy=request.strategy,
        prompts=request.lesion.prompts,
        image=request.image,
        segmentation=segmentation,
        masks=masks,
        seconds=seconds,
        complete=complete,
        scores=_scores(segmentation, reference),
        extent=request.extent,
        corrected=request.corrected[0] if request.corrected else None,
        measures=_measures(segmentation),
    )


def segmentation_of(
    masks: Masks,
    stack: SliceStack,
    provenance: Provenance,
    confidence: Sequence[SliceConfidence] = (),
) -> Segmentation:
    """Masks on slices of `stack` as one mask in the volume's own voxels."""
    mask = np.zeros(stack.shape, dtype=bool)
    for index, picture in masks.by_slice.items():
        mask[index] = picture
    voxels = np.ascontiguousarray(stack.to_voxels(mask))
    return Segmentation(stack.volume, stack.plane, voxels, tuple(confidence), provenance)


def _provenance(request: Request, engine: EngineInfo) -> Provenance:
    lesion = request.lesion.lesion
    if request.base is None:
        return Provenance.of(request.stack, lesion, request.strategy, request.extent, engine)
    provenance = request.base.segmentation.provenance
    for index in request.corrected:
        provenance = provenance.corrected(index, lesion)
    return provenance


def _confidence(request: Request, results: Sequence[SliceResult]) -> list[SliceConfidence]:
    """Kept slices first, in the order in which they were visited."""
    new = [
        SliceConfidence(each.slice, each.predicted_iou, each.object_probability, each.seconds)
        for each in results
    ]
    if request.base is None:
        return new
    void = request.superseded | {each.slice for each in results}
    return [each for each in request.base.segmentation.slices if each.slice not in void] + new


def _scores(segmentation: Segmentation, reference: NDArray[np.bool_] | None) -> Scores | None:
    if reference is None:
        return None
    volume = segmentation.volume
    try:
        return metrics.score_masks(
            segmentation.mask, reference, volume.spacing_mm, volume.voxel_volume_ml
        )
    except Exception:  # a result must not be lost for want of its scores
        _log.exception("the result could not be scored")
        return None


def _measures(segmentation: Segmentation) -> Measures | None:
    try:
        return measure(segmentation)
    except Exception:  # nor for want of its surface area, which needs VTK
        _log.exception("the result could not be measured")
        return None

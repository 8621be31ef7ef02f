"""The field of view of a lesion: the region that a network sees, and its gray window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from breastwidget.engines.prompt_inputs import area_prompts, prompt_bounds
from breastwidget.engines.regions import Region, square_region, to_region, whole_region
from breastwidget.engines.windows import Window, window_between
from breastwidget.prompts import Lesion, prompted_slices
from breastwidget.volume import SliceStack

__all__ = ["FieldOfView", "RunSettings", "lesion_field", "see"]

_NEIGHBOURS = 3
# A point this close to a region's edge (a fraction of its side) moves the region.
_EDGE = 0.05


@dataclass(frozen=True)
class RunSettings:
    """How a checkpoint wants its pictures; the `run:` section of its config.

    With a `region_scale`, a square region around the prompts is shown (`square_region`), else the
    whole slice. Gray values between `window_percentiles` become [0, 1], then
    (gray - mean) / std in each of three equal channels.
    """

    region_scale: float | None = None
    region_min_mm: float = 0.0
    window_percentiles: tuple[float, float] = (0.5, 99.5)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class FieldOfView:
    """What is cut from each slice of a stack; two equal ones share their features."""

    region: Region
    window: Window


def lesion_field(stack: SliceStack, lesion: Lesion, settings: RunSettings) -> FieldOfView:
    """The field of view in which `lesion` is looked for.

    Whole slices are windowed by the whole stack; a region by itself, on the slices with a box or
    mask and three neighbours on either side. Points move the region only where they lie outside
    it, so that a correction finds the features of the first run.
    """
    if settings.region_scale is None:
        window = window_between(stack.pixels, settings.window_percentiles)
        return FieldOfView(whole_region(stack.shape[1:]), window)
    areas = area_prompts(lesion.prompts)
    rule = (stack.spacing_mm[1:], settings.region_scale, settings.region_min_mm)
    region = square_region(prompt_bounds(areas), *rule)
    if not region.holds(prompt_bounds(lesion.prompts), _EDGE):
        region = square_region(prompt_bounds(lesion.prompts), *rule)
    indices = prompted_slices(Lesion(areas))
    return FieldOfView(region, _region_window(stack, region, indices, settings))


def see(stack: SliceStack, index: int, field: FieldOfView, size: int) -> torch.Tensor:
    """Slice `index` in `field`: float32 (size, size) in [0, 1]; zero beyond the picture."""
    picture = field.window.apply(np.ascontiguousarray(stack.pixels[index]))
    return to_region(torch.from_numpy(picture), field.region, size)


def _region_window(
    stack: SliceStack, region: Region, indices: tuple[int, ...], settings: RunSettings
) -> Window:
    slices, rows, columns = stack.shape
    near = sorted(
        {
            index
            for centre in indices
            for index in range(max(centre - _NEIGHBOURS, 0), min(centre + _NEIGHBOURS + 1, slices))
        }
    )
    top, left = max(int(region.y0), 0), max(int(region.x0), 0)
    bottom = min(int(np.ceil(region.y0 + region.height)), rows)
    right = min(int(np.ceil(region.x0 + region.width)), columns)
    return window_between(stack.pixels[near, top:bottom, left:right], settings.window_percentiles)

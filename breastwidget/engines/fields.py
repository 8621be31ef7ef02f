"""The field of view of a lesion: the region that a network sees, and its gray window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from breastwidget.engines.appearance import (
    Appearance,
    areas,
    around,
    channels,
    core,
    learn_appearance,
)
from breastwidget.engines.prompt_inputs import area_prompts, prompt_bounds, prompt_inputs
from breastwidget.engines.regions import Region, square_region, to_region, whole_region
from breastwidget.engines.windows import Window, window_between
from breastwidget.prompts import Lesion, Prompt
from breastwidget.volume import SliceStack

__all__ = ["FieldOfView", "RunSettings", "learnt_from", "lesion_field", "see"]

_NEIGHBOURS = 3
# A point this close to a region's edge (a fraction of its side) moves the region.
_EDGE = 0.05
# A point says nothing of a lesion's size: half the side of the box that stands for it, as a
# fraction of the region's.
_POINT = 0.05


@dataclass(frozen=True)
class RunSettings:
    """How a checkpoint wants its pictures; the `run:` section of its config.

    With a `region_scale`, a square region around the prompts is shown (`square_region`), else the
    whole slice. With a `reach_scale`, tracked masks end where `reach.column` does; where more than
    `reach_alike` of the surroundings look like lesion (`Appearance.alike`), also at `reach_slope`
    slice distances from the mask before, or `reach_step_mm` where that is more. Once masks are
    `reach_grown` times as large as the prompt's, the slope is `reach_slope_grown`, and the column
    also holds `reach_scale_grown` times the last mask's box. Gray values between
    `window_percentiles` become [0, 1]. The three `channels` are all that ("gray"), or what the
    prompts tell of it too ("appearance"); then (value - mean) / std in each. What a box or a point
    tells is learnt again `learn_rounds` times from the mask found with it, and along a pass from
    each mask `learn_growth` times as large as the last one learnt from. The mask that boxes
    (and points) show may grow to fill the boxes, at `fit_cost` (`tightness`).
    """

    region_scale: float | None = None
    region_min_mm: float = 0.0
    reach_scale: float | None = None
    reach_min_mm: float = 0.0
    reach_alike: float = 1.0
    reach_slope: float = 0.0
    reach_grown: float = float("inf")
    reach_scale_grown: float = 1.0
    reach_slope_grown: float = 0.0
    reach_step_mm: float = 0.0
    window_percentiles: tuple[float, float] = (0.5, 99.5)
    channels: str = "gray"
    learn_rounds: int = 0
    learn_growth: float = float("inf")
    fit_cost: float = float("inf")
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class FieldOfView:
    """What is cut from each slice of a stack; two equal ones share their features."""

    region: Region
    window: Window
    appearance: Appearance | None = None


def lesion_field(
    stack: SliceStack, lesion: Lesion, settings: RunSettings, size: int
) -> FieldOfView:
    """The field of view, of `size` pixels squared, in which `lesion` is looked for.

    Whole slices are windowed by the whole stack; a region by itself, on the slice of the first box
    or mask and three neighbours on either side. That first one also sets the region and what is
    learnt of the grays; later prompts only enlarge the region where they lie outside it, so that a
    correction finds the features of the first run.
    """
    first = area_prompts(lesion.prompts)[:1]
    if settings.region_scale is None:
        window = window_between(stack.pixels, settings.window_percentiles)
        field = FieldOfView(whole_region(stack.shape[1:]), window)
        return _with_appearance(stack, first[0], field, settings, size)
    rule = (stack.spacing_mm[1:], settings.region_scale, settings.region_min_mm)
    region = square_region(prompt_bounds(first), *rule)
    if not region.holds(prompt_bounds(lesion.prompts), _EDGE):
        region = square_region(prompt_bounds(lesion.prompts), *rule)
    field = FieldOfView(region, _region_window(stack, region, first[0].slice, settings))
    return _with_appearance(stack, first[0], field, settings, size)


def learnt_from(
    stack: SliceStack, field: FieldOfView, index: int, mask: NDArray[np.bool_], size: int
) -> FieldOfView:
    """`field` with what `mask`, (rows, columns), on slice `index` tells of the lesion's grays.

    `field` itself, where the mask is empty or the checkpoint does not ask for it.
    """
    if field.appearance is None or not mask.any():
        return field
    seen = to_region(torch.from_numpy(mask.astype(np.float32)), field.region, size) > 0.5
    return replace(field, appearance=_learnt(stack, field, index, core(seen), around(seen), size))


def see(stack: SliceStack, index: int, field: FieldOfView, size: int) -> torch.Tensor:
    """Slice `index` in `field`: three channels, float32 (3, size, size).

    The first is the gray in [0, 1], zero beyond the picture; so are the others, or they are
    `appearance.channels`.
    """
    gray = _see_gray(stack, index, field, size)
    if field.appearance is None:
        return gray.expand(3, -1, -1)
    return channels(gray, field.appearance)


def _see_gray(stack: SliceStack, index: int, field: FieldOfView, size: int) -> torch.Tensor:
    picture = field.window.apply(np.ascontiguousarray(stack.pixels[index]))
    return to_region(torch.from_numpy(picture), field.region, size)


def _with_appearance(
    stack: SliceStack, prompt: Prompt, field: FieldOfView, settings: RunSettings, size: int
) -> FieldOfView:
    """`field` with what `prompt` tells of the lesion's grays, where the checkpoint wants it."""
    if settings.channels != "appearance":
        return field
    lesion, surroundings = _areas(prompt, field.region, size)
    look = _learnt(stack, field, prompt.slice, lesion, surroundings, size)
    return replace(field, appearance=look)


def _learnt(
    stack: SliceStack,
    field: FieldOfView,
    index: int,
    lesion: torch.Tensor,
    surroundings: torch.Tensor,
    size: int,
) -> Appearance:
    """From two areas, bool (size, size), of slice `index` in `field`, inside the picture."""
    seen = to_region(torch.ones(stack.shape[1:]), field.region, size) > 0.5
    gray = _see_gray(stack, index, field, size)
    return learn_appearance(gray[lesion & seen], gray[surroundings & seen])


def _areas(prompt: Prompt, region: Region, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Where a prompt suggests lesion, and where surroundings; bool (size, size)."""
    inputs = prompt_inputs([prompt], region, size)
    if inputs.mask is not None:
        mask = inputs.mask[0, 0] > 0.5
        return core(mask), around(mask)
    assert inputs.coords is not None
    corners = inputs.coords[0]
    if len(corners) == 1:
        corners = torch.cat([corners - _POINT * size, corners + _POINT * size])
    return areas(corners.flatten().tolist(), size)


def _region_window(stack: SliceStack, region: Region, index: int, settings: RunSettings) -> Window:
    slices, rows, columns = stack.shape
    near = slice(max(index - _NEIGHBOURS, 0), min(index + _NEIGHBOURS + 1, slices))
    top, left = max(int(region.y0), 0), max(int(region.x0), 0)
    bottom = min(int(np.ceil(region.y0 + region.height)), rows)
    right = min(int(np.ceil(region.x0 + region.width)), columns)
    return window_between(stack.pixels[near, top:bottom, left:right], settings.window_percentiles)

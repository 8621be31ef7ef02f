"""Prompts in picture coordinates, turned into what SAM 2 takes on a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from breastwidget.engines.regions import Bounds, Region, to_region
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt, Prompt

__all__ = ["PromptInputs", "area_prompts", "mask_bounds", "prompt_bounds", "prompt_inputs"]

# SAM 2's labels of point tokens.
_NEGATIVE, _POSITIVE, _TOP_LEFT, _BOTTOM_RIGHT = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class PromptInputs:
    """All prompts of one slice, in pixels of the network's square.

    `coords` is float32 (1, n, 2) with x first and `labels` int32 (1, n), or both None; `mask` is
    float32 (1, 1, size, size) of zeros and ones, or None.
    """

    coords: torch.Tensor | None
    labels: torch.Tensor | None
    mask: torch.Tensor | None


def prompt_inputs(prompts: Sequence[Prompt], region: Region, size: int) -> PromptInputs:
    """Combine the prompts of one slice, as SAM 2 was trained to take them.

    Several boxes become the box around them all, several masks their union, and points follow
    the box's corners. Masks are resampled as the sam2 package resizes them.
    """
    points: list[tuple[float, float, int]] = []
    boxes = [prompt for prompt in prompts if isinstance(prompt, BoxPrompt)]
    if boxes:
        x0, y0, x1, y1 = prompt_bounds(boxes)
        points += [(x0, y0, _TOP_LEFT), (x1, y1, _BOTTOM_RIGHT)]
    points += [
        (prompt.x, prompt.y, _POSITIVE if prompt.positive else _NEGATIVE)
        for prompt in prompts
        if isinstance(prompt, PointPrompt)
    ]
    masks = [prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)]
    mask = _mask_input(np.logical_or.reduce(masks), region, size) if masks else None
    if not points:
        return PromptInputs(None, None, mask)
    coords = [
        ((x - region.x0) / region.width * size, (y - region.y0) / region.height * size)
        for x, y, _ in points
    ]
    labels = [label for _, _, label in points]
    return PromptInputs(torch.tensor([coords]), torch.tensor([labels], dtype=torch.int32), mask)


def area_prompts(prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """The boxes and masks among `prompts`; where there are none, all of them.

    They say how large a lesion is; points only correct.
    """
    areas = tuple(prompt for prompt in prompts if not isinstance(prompt, PointPrompt))
    return areas or tuple(prompts)


def prompt_bounds(prompts: Sequence[Prompt]) -> Bounds:
    """The rectangle (x0, y0, x1, y1) around all `prompts`, whatever their slices."""
    return _union([_bounds(prompt) for prompt in prompts])


def mask_bounds(mask: NDArray[np.bool_]) -> Bounds:
    """The rectangle (x0, y0, x1, y1) around a (rows, columns) mask that is not empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _bounds(prompt: Prompt) -> Bounds:
    if isinstance(prompt, BoxPrompt):
        return prompt.x0, prompt.y0, prompt.x1, prompt.y1
    if isinstance(prompt, MaskPrompt):
        return mask_bounds(prompt.mask)
    return prompt.x, prompt.y, prompt.x, prompt.y


def _union(bounds: Sequence[Bounds]) -> Bounds:
    x0, y0, x1, y1 = zip(*bounds, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _mask_input(mask: NDArray[np.bool_], region: Region, size: int) -> torch.Tensor:
    picture = torch.from_numpy(np.ascontiguousarray(mask, dtype=np.float32))
    return (to_region(picture, region, size) >= 0.5).float()[None, None]

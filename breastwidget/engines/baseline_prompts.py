"""From the prompts on one slice to the seed from which a baseline grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breastwidget.engines.baseline_methods import Found, Method, Scene
from breastwidget.engines.gray_regions import (
    Bounds,
    GrayClass,
    Mask,
    Picture,
    box_area,
    filled,
    gray_class_of,
    grown_bounds,
    large_parts,
    mask_bounds,
    otsu_class,
    parts_at,
    separability,
)
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt, Prompt
from breastwidget.volume import SliceStack

__all__ = ["Seed", "cropped", "plant", "struck_out"]

Crop = tuple[slice, slice]

# A lesion prompted by a small box may be wider on other slices: up to this. Of 20, 30, 40, 50 and
# 60 mm the two smallest are best center-outward (0.75), wider ones one-way.
_LEAST_LIMIT_MM = 30.0
# What a click stands for: a disc of this radius.
_POINT_MM = 5.0
# Room around the limit, for the surroundings that contrast is measured against.
_MARGIN_MM = 6.0


@dataclass(frozen=True, eq=False)
class Seed:
    """A prompted slice's result, and what growing from it needs.

    All masks are of the picture's part `crop` (rows, columns); `contrast` is the separability of
    the mask's gray values there, in [0, 1].
    """

    index: int
    crop: Crop
    scene: Scene
    found: Found
    contrast: float


def plant(stack: SliceStack, prompts: Sequence[Prompt], method: Method) -> Seed | None:
    """The seed that the `prompts` of one slice give; None where they only say what it is not.

    A mask is taken as it is, the union of several; else the lesion's class is cut out of the box
    around all boxes, or, where there are only points, out of 30 mm about them. Parts that a
    positive point touches stay, parts that a negative one touches go.
    """
    bounds = _bounds(stack, prompts)
    if bounds is None:
        return None
    index, spacing_mm = prompts[0].slice, stack.spacing_mm[1:]
    limit_bounds = _at_least(bounds, spacing_mm)
    crop = _crop(stack, limit_bounds)
    picture = cropped(stack, index, crop)
    inside = _moved(bounds, crop)
    limit = box_area(_moved(limit_bounds, crop), picture.shape)
    painted = _painted(prompts, crop)
    gray = otsu_class(picture, inside) if painted is None else gray_class_of(picture, painted)
    scene = Scene(gray, limit, spacing_mm)
    if painted is not None:
        mask = struck_out(painted, prompts, crop)
        found = Found(mask, separability(picture, mask, gray.bright, spacing_mm))
    else:
        boxed = any(isinstance(prompt, BoxPrompt) for prompt in prompts)
        area = box_area(inside, picture.shape) if boxed else limit
        rough = _rough(gray, picture, area, prompts, crop, boxed)
        found = method.at_prompt(picture, rough, area, scene)
    contrast = separability(picture, found.mask, gray.bright, spacing_mm)
    return Seed(index, crop, scene, found, contrast)


def cropped(stack: SliceStack, index: int, crop: Crop) -> Picture:
    """One slice's part `crop` as float32; NaN and infinities count as its darkest value."""
    picture = np.asarray(stack.pixels[index][crop], dtype=np.float32)
    finite = np.isfinite(picture)
    if finite.all():
        return picture
    return np.where(finite, picture, picture[finite].min() if finite.any() else np.float32(0))


def struck_out(mask: Mask, prompts: Sequence[Prompt], crop: Crop) -> Mask:
    """`mask`, of `crop`, without the connected parts that a negative point of `prompts` touches."""
    return mask & ~parts_at(mask, _clicked(prompts, crop, mask.shape, positive=False))


def _rough(
    gray: GrayClass,
    picture: Picture,
    area: Mask,
    prompts: Sequence[Prompt],
    crop: Crop,
    boxed: bool,
) -> Mask:
    """The lesion's class inside `area`: its large parts, or those that the points touch."""
    mask = struck_out(filled(gray.holds(picture) & area), prompts, crop)
    clicked = _clicked(prompts, crop, mask.shape, positive=True)
    return large_parts(mask, keep=clicked) if boxed else parts_at(mask, clicked)


def _bounds(stack: SliceStack, prompts: Sequence[Prompt]) -> Bounds | None:
    """Around all boxes and masks; without any, around a disc at each positive point."""
    row_mm, column_mm = stack.spacing_mm[1:]
    areas = [
        mask_bounds(each.mask)
        if isinstance(each, MaskPrompt)
        else (each.x0, each.y0, each.x1, each.y1)
        for each in prompts
        if not isinstance(each, PointPrompt)
    ]
    discs = [
        grown_bounds((each.x, each.y, each.x, each.y), _POINT_MM / column_mm, _POINT_MM / row_mm)
        for each in prompts
        if isinstance(each, PointPrompt) and each.positive
    ]
    if not areas and not discs:
        return None
    x0, y0, x1, y1 = zip(*(areas or discs), strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _at_least(bounds: Bounds, spacing_mm: tuple[float, float]) -> Bounds:
    x0, y0, x1, y1 = bounds
    row_mm, column_mm = spacing_mm
    dx = max(_LEAST_LIMIT_MM / column_mm - (x1 - x0), 0.0) / 2
    dy = max(_LEAST_LIMIT_MM / row_mm - (y1 - y0), 0.0) / 2
    return grown_bounds(bounds, dx, dy)


def _crop(stack: SliceStack, bounds: Bounds) -> Crop:
    _, rows, columns = stack.shape
    row_mm, column_mm = stack.spacing_mm[1:]
    dx, dy = _MARGIN_MM / column_mm + 2, _MARGIN_MM / row_mm + 2
    x0, y0, x1, y1 = grown_bounds(bounds, dx, dy)
    return (
        slice(max(int(y0), 0), min(int(np.ceil(y1)), rows)),
        slice(max(int(x0), 0), min(int(np.ceil(x1)), columns)),
    )


def _moved(bounds: Bounds, crop: Crop) -> Bounds:
    """`bounds` of the picture in coordinates of its part `crop`."""
    x0, y0, x1, y1 = bounds
    down, across = crop[0].start, crop[1].start
    return x0 - across, y0 - down, x1 - across, y1 - down


def _painted(prompts: Sequence[Prompt], crop: Crop) -> Mask | None:
    masks = [prompt.mask[crop] for prompt in prompts if isinstance(prompt, MaskPrompt)]
    return np.asarray(np.logical_or.reduce(masks)) if masks else None


def _clicked(prompts: Sequence[Prompt], crop: Crop, shape: tuple[int, ...], positive: bool) -> Mask:
    """The pixels of `crop` on which the positive, or the negative, points lie."""
    clicked = np.zeros(shape, dtype=bool)
    for prompt in prompts:
        if isinstance(prompt, PointPrompt) and prompt.positive == positive:
            row, column = int(prompt.y) - crop[0].start, int(prompt.x) - crop[1].start
            if 0 <= row < shape[0] and 0 <= column < shape[1]:
                clicked[row, column] = True
    return clicked

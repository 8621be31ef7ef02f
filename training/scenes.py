"""A scene: one synthetic lesion in its surroundings, on a native grid, before any prompt."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from training import acquisition, backgrounds
from training.draw import Draw
from training.lesions import Extents, Grid, draw_extents, lesion_field


@dataclass(frozen=True)
class Scene:
    """Pictures and masks of successive slices.

    Attributes:
        pictures: float32 (frames, size, size), any gray scale.
        masks: bool (frames, size, size).
        prompted: the frame that carries the prompt.
    """

    pictures: torch.Tensor
    masks: torch.Tensor
    prompted: int


def _inside(field: torch.Tensor, grid: Grid, draw: Draw, lesion: Extents) -> torch.Tensor:
    """Relative gray inside the lesion: texture, bright core or rim; about 1."""
    per_radius = 1.0 / lesion.radius
    coarse = draw.smooth(grid.shape, per_radius * draw.uniform(0.7, 2.0), 3)
    fine = draw.smooth(grid.shape, per_radius * draw.uniform(3.0, 8.0), grid.shape[0])
    gray = 1.0 + draw.uniform(0.0, 0.3) * coarse + draw.uniform(0.0, 0.2) * fine
    kind = draw.uniform(0.0, 1.0)
    if kind < 0.25:  # a rim around a darker or necrotic core
        core = torch.sigmoid((field + 0.3 * coarse - draw.uniform(0.25, 0.7)) / 0.1)
        gray = gray * (1.0 - draw.uniform(0.2, 1.0) * core)
    elif kind < 0.45:  # brightest in the middle, as when a threshold drew the mask
        gray = gray * (0.55 + 0.45 * field.clamp(0.0, 1.0))
    elif kind < 0.55:  # patches of another gray
        patch = torch.sigmoid((coarse - draw.uniform(0.3, 1.2)) / 0.15)
        gray = gray * (1.0 - draw.uniform(0.2, 0.8) * patch)
    return gray


def _lesion_level(background: torch.Tensor, field: torch.Tensor, draw: Draw, dark: bool) -> float:
    """The lesion's gray: brighter (mostly) or darker than what lies around it."""
    if dark:
        return draw.uniform(0.3, 1.0)
    near = background[(field > -1.5) & (field < 0.0)]
    local = near.mean().item() if near.numel() else background.mean().item()
    contrast = draw.log_uniform(0.07, 0.7)
    return local + (contrast if draw.chance(0.8) else -contrast)


def _compose(
    grid: Grid, draw: Draw, field: torch.Tensor, lesion: Extents
) -> tuple[torch.Tensor, torch.Tensor]:
    """Lay the lesion into its surroundings: the picture and its mask, both (frames, size, size)."""
    dark = draw.chance(0.45)
    background = (backgrounds.subtraction if dark else backgrounds.tissues)(grid, draw)
    level = _lesion_level(background, field, draw, dark)
    if draw.chance(0.3):
        background = backgrounds.add_air(background, grid, draw, abs(level))
    if draw.chance(0.75):
        background = backgrounds.add_look_alikes(background, grid, draw, lesion, abs(level))
    if draw.chance(0.6):
        background = backgrounds.add_vessels(background, grid, draw, abs(level))
    softness = draw.log_uniform(0.02, 0.12) if draw.chance(0.6) else draw.uniform(0.1, 0.35)
    cover = torch.sigmoid(field / softness)
    inside = level * _inside(field, grid, draw, lesion)
    picture = torch.lerp(background, inside, cover)
    if dark and draw.chance(0.3):
        # A reference drawn by a threshold, as functional tumour volumes are.
        share = cover * inside / level
        return picture, (share > draw.uniform(0.4, 0.6)) & (field > -1.0)
    return picture, field > 0.0


def _acquire(
    picture: torch.Tensor, masks: torch.Tensor, draw: Draw
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pass a clean picture through the scanner; flip and turn it at random."""
    picture = acquisition.blur(picture, draw.uniform(0.0, 1.3))
    if draw.chance(0.6):
        picture = acquisition.mix_slices(picture, draw.uniform(0.1, 0.6))
    picture = acquisition.add_noise(acquisition.add_gain(picture, draw), draw)
    if draw.chance(0.15):
        picture, masks = acquisition.shift_slices(picture, masks, draw)
    for axis in (1, 2):
        if draw.chance(0.5):
            picture, masks = picture.flip(axis), masks.flip(axis)
    if draw.chance(0.5):
        picture, masks = picture.transpose(1, 2), masks.transpose(1, 2)
    return picture, masks


def _width(mask: torch.Tensor) -> float:
    """The longer side of a mask's box, as a fraction of the picture; 1 for an empty mask."""
    rows, columns = torch.where(mask)
    if not rows.numel():
        return 1.0
    spans = torch.stack([rows.max() - rows.min(), columns.max() - columns.min()])
    return (int(spans.max()) + 1) / mask.shape[0]


def draw_scene(draw: Draw, frames: int, prompted: int = 0, least: int = 5) -> Scene:
    """Draw scenes until the prompted slice shows at least ``least`` lesion samples."""
    offsets = [frame - prompted for frame in range(frames)]
    while True:
        grid = Grid.square(draw.integer(80, 190), offsets)
        lesion = draw_extents(draw)
        field = lesion_field(grid, draw, lesion)
        if int((field[prompted] > 0.0).sum()) < least:
            continue
        picture, masks = _acquire(*_compose(grid, draw, field, lesion), draw)
        if least <= int(masks[prompted].sum()) and _width(masks[prompted]) < draw.uniform(0.4, 0.6):
            return Scene(picture, masks, prompted)

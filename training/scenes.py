"""A scene: one synthetic lesion in its surroundings, on a native grid, before any prompt."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from training import acquisition, backgrounds
from training.anatomy import anatomy, wrapped_bone
from training.draw import Draw
from training.lesions import Extents, Grid, draw_extents, lesion_field


@dataclass(frozen=True)
class Scene:
    """Pictures and masks of successive slices.

    Attributes:
        pictures: float32 (frames, size, size), any gray scale.
        masks: bool (frames, size, size).
        prompted: the frame that carries the prompt.
        kind: "anatomy", "subtraction" or "tissue".
    """

    pictures: torch.Tensor
    masks: torch.Tensor
    prompted: int
    kind: str


def _inside(
    field: torch.Tensor, grid: Grid, draw: Draw, lesion: Extents, plain: bool
) -> torch.Tensor:
    """Relative gray inside the lesion: texture, bright core or rim; about 1."""
    per_radius = 1.0 / lesion.radius
    coarse = draw.smooth(grid.shape, per_radius * draw.uniform(0.7, 2.0), 3)
    fine = draw.smooth(grid.shape, per_radius * draw.uniform(3.0, 8.0), grid.shape[0])
    amplitude = 0.3 if plain else 1.0
    gray = 1.0 + amplitude * (draw.uniform(0.0, 0.3) * coarse + draw.uniform(0.0, 0.2) * fine)
    kind = draw.uniform(0.0, 1.0)
    if kind < (0.1 if plain else 0.25):  # a rim around a darker or necrotic core
        core = torch.sigmoid((field + 0.3 * coarse - draw.uniform(0.25, 0.7)) / 0.1)
        gray = gray * (1.0 - draw.uniform(0.2, 1.0) * core)
    elif kind < (0.15 if plain else 0.45):  # brightest in the middle, as when a threshold drew it
        gray = gray * (0.55 + 0.45 * field.clamp(0.0, 1.0))
    elif kind < (0.3 if plain else 0.55):  # patches of another gray
        patch = torch.sigmoid((coarse - draw.uniform(0.3, 1.2)) / 0.15)
        gray = gray * (1.0 - draw.uniform(0.2, 0.8) * patch)
    return gray


def _local(background: torch.Tensor, field: torch.Tensor) -> float:
    """The mean gray around the lesion."""
    near = background[(field > -1.5) & (field < 0.0)]
    return near.mean().item() if near.numel() else background.mean().item()


def _fading(grid: Grid, draw: Draw, lesion: Extents) -> torch.Tensor:
    """How much of a slice's thickness the lesion fills, (frames, 1, 1): less at its two ends.

    A first or last slice is often as much fat or muscle as lesion, and of neither's gray.
    """
    from_end = lesion.half_slices - (grid.slices - lesion.centre_slice).abs()
    if draw.chance(0.35):
        return torch.ones_like(from_end)
    return 1.0 - draw.uniform(0.2, 0.9) * torch.exp(-from_end.clamp(min=0.0) / draw.uniform(0.4, 2))


def _lay(
    background: torch.Tensor,
    field: torch.Tensor,
    inside: torch.Tensor,
    softness: float,
    fading: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The lesion over its surroundings, and how much of each sample it covers."""
    cover = torch.sigmoid(field / softness) * fading
    return torch.lerp(background, inside, cover), cover


def _in_subtraction(grid: Grid, draw: Draw, lesion: Extents) -> tuple[torch.Tensor, torch.Tensor]:
    """A lesion that takes up contrast agent, on a subtraction image."""
    field = lesion_field(grid, draw, lesion)
    background = backgrounds.subtraction(grid, draw)
    level = draw.uniform(0.3, 1.0)
    background = _clutter(background, grid, draw, lesion, level, air=0.3)
    inside = level * _inside(field, grid, draw, lesion, plain=False)
    softness = draw.log_uniform(0.02, 0.12) if draw.chance(0.6) else draw.uniform(0.1, 0.35)
    fading = _fading(grid, draw, lesion)
    picture, cover = _lay(background, field, inside, softness, fading)
    if draw.chance(0.4):
        # A reference drawn by a threshold, as functional tumour volumes are.
        share = cover * inside / level
        return picture, (share > draw.uniform(0.4, 0.6)) & (field > -1.0)
    return picture, field > 0.0


def _in_tissue(grid: Grid, draw: Draw, lesion: Extents) -> tuple[torch.Tensor, torch.Tensor]:
    """A lesion among smooth patches of tissue, brighter (mostly) or darker than they are."""
    field = lesion_field(grid, draw, lesion, smooth=draw.chance(0.4))
    background = backgrounds.tissues(grid, draw)
    contrast = draw.log_uniform(0.08, 0.7)
    level = _local(background, field) + (contrast if draw.chance(0.75) else -contrast)
    background = _clutter(background, grid, draw, lesion, level, air=0.3)
    inside = level * _inside(field, grid, draw, lesion, plain=draw.chance(0.4))
    softness = draw.log_uniform(0.02, 0.12) if draw.chance(0.7) else draw.uniform(0.1, 0.3)
    fading = _fading(grid, draw, lesion)
    return _lay(background, field, inside, softness, fading)[0], field > 0.0


def _in_anatomy(grid: Grid, draw: Draw, lesion: Extents) -> tuple[torch.Tensor, torch.Tensor]:
    """A lesion in a limb, a trunk or an organ, often as gray as what it lies in."""
    field = lesion_field(grid, draw, lesion, smooth=draw.chance(0.8))
    background, palette = anatomy(grid, draw, lesion)
    base = palette.flesh if draw.chance(0.7) else _local(background, field)
    # Half of them differ from it by little or nothing, and of these some have no texture of their
    # own: then only the prompt and the slices before tell where the lesion ends.
    alike = draw.chance(0.5)
    contrast = draw.log_uniform(0.002, 0.1) if alike else draw.uniform(0.1, 0.5)
    level = base + (contrast if draw.chance(0.6) else -contrast)
    if alike and draw.chance(0.25):
        inside = torch.full_like(field, level)
    else:
        inside = level * _inside(field, grid, draw, lesion, plain=draw.chance(0.75))
    if draw.chance(0.5):
        background = _clutter(background, grid, draw, lesion, level, air=0.0)
    fading = _fading(grid, draw, lesion)
    picture, _ = _lay(background, field, inside, draw.log_uniform(0.02, 0.12), fading)
    if draw.chance(0.5):  # a capsule, or the fat that it pushes aside, here and there
        width = draw.log_uniform(0.03, 0.12)
        shell = torch.exp(-(((field + width) / width) ** 2)) * draw.uniform(0.3, 1.0)
        shell = shell * torch.sigmoid(draw.smooth(grid.shape, 4.0, 3) / 0.3 + draw.uniform(-1, 2))
        gray = palette.fat if draw.chance(0.7) else draw.uniform(0.0, 1.0)
        picture = torch.lerp(picture, torch.full_like(picture, gray), shell)
    if draw.chance(0.2):
        picture, bone = wrapped_bone(picture, grid, draw, palette, lesion)
        return picture, (field > 0.0) & (bone < 0.5)
    return picture, field > 0.0


def _clutter(
    picture: torch.Tensor, grid: Grid, draw: Draw, lesion: Extents, level: float, air: float
) -> torch.Tensor:
    """Air, look-alikes and vessels, each now and then."""
    if draw.chance(air):
        picture = backgrounds.add_air(picture, grid, draw, abs(level))
    if draw.chance(0.7):
        picture = backgrounds.add_look_alikes(picture, grid, draw, lesion, abs(level))
    if draw.chance(0.6):
        picture = backgrounds.add_vessels(picture, grid, draw, abs(level))
    return picture


_KINDS = (
    ("anatomy", 0.47, _in_anatomy),
    ("subtraction", 0.83, _in_subtraction),
    ("tissue", 1.0, _in_tissue),
)


def _compose(grid: Grid, draw: Draw, lesion: Extents) -> tuple[torch.Tensor, torch.Tensor, str]:
    """A clean picture and its mask, both (frames, size, size), and their kind."""
    chosen = draw.uniform(0.0, 1.0)
    kind, _, make = next(entry for entry in _KINDS if chosen < entry[1])
    return *make(grid, draw, lesion), kind


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
        picture, masks, kind = _compose(grid, draw, draw_extents(draw))
        picture, masks = _acquire(picture, masks, draw)
        if least <= int(masks[prompted].sum()) and _width(masks[prompted]) < draw.uniform(0.4, 0.6):
            return Scene(picture, masks, prompted, kind)

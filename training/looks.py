"""What is learnt of a lesion's grays along a clip, as the engine learns it along a pass."""

from __future__ import annotations

import torch
from torch.nn import functional

from breastwidget.engines.appearance import Appearance, areas, around, core, learn_appearance
from training.generator import Batch

_SECOND_ROUND = 0.75
"""How often a box's appearance is learnt again from its mask, as the engine does."""

_RELEARNT = 0.75
"""How often it is learnt again from later masks, as the engine does where a lesion grows."""

_GROWN = 1.3
"""A mask so many times as large as the last one learnt from is learnt from."""

_SPILT = 0.12
"""How often a mask learnt from runs into what lies beside it."""


def clip_looks(batch: Batch, clip: int, kind: str, draw: torch.Generator) -> list[Appearance]:
    """What is known of the lesion's grays on each frame of a clip, when it is that frame's turn.

    Args:
        batch: clips.
        clip: which of them.
        kind: ``"mask"`` learns from the prompted frame's mask; ``"box"`` from its box, and mostly
            once more from about the mask that a network may find in it.
        draw: chooses all this.

    Returns:
        one for each frame.
    """
    pictures, masks, seen = batch.pictures[clip], batch.masks[clip], batch.seen[clip]
    prompted = batch.prompted

    def learn(frame: int, inside: torch.Tensor, outside: torch.Tensor) -> Appearance:
        picture = pictures[frame]
        return learn_appearance(picture[inside & seen], picture[outside & seen])

    def learn_from(frame: int, mask: torch.Tensor) -> Appearance:
        return learn(frame, core(mask), around(mask))

    if kind == "mask":
        look = learn_from(prompted, masks[prompted])
    elif _chance(_SECOND_ROUND, draw):
        look = learn_from(prompted, _as_found(masks[prompted], draw))
    else:
        inside, outside = areas(batch.boxes[clip].tolist(), pictures.shape[-1])
        look = learn(prompted, inside.to(pictures.device), outside.to(pictures.device))
    looks = [look] * batch.frames
    learnt = int(masks[prompted].sum())
    relearnt = _chance(_RELEARNT, draw)
    for frame in (t for t in range(batch.frames) if t != prompted):
        looks[frame] = look
        area = int(masks[frame].sum())
        if relearnt and area >= _GROWN * learnt:
            look, learnt = learn_from(frame, _as_found(masks[frame], draw)), area
    return looks


def _as_found(mask: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """About the mask that a network may find: smoother, larger or smaller, at times spilt."""
    reach = 1 + int(_uniform(draw) * 0.12 * float(mask.sum()) ** 0.5)
    smooth = functional.avg_pool2d(mask[None].float(), 2 * reach + 1, 1, reach)[0]
    found = smooth > 0.25 + 0.5 * _uniform(draw)
    if _chance(_SPILT, draw):
        shift = int(0.5 * float(mask.sum()) ** 0.5)
        found = found | torch.roll(mask, (shift, -shift), (0, 1))
    return found if bool(found.any()) else mask


def _uniform(draw: torch.Generator) -> float:
    return float(torch.rand((), generator=draw).item())


def _chance(probability: float, draw: torch.Generator) -> bool:
    return _uniform(draw) < probability

"""What a prompt tells of a lesion's gray values, shown to a network as two more channels.

A box or a mask says which pixels are likely lesion and which are surroundings. Their gray values
give (1) a scale on which the surroundings' median is 0 and the lesion's is 1, whatever the
contrast's sign and size, and (2) for each gray how much likelier it is inside than outside: the
back-projection of colour histograms (Swain and Ballard 1991, doi 10.1007/BF00130487), as a log
ratio. They are learnt from a box or a mask, and again from masks that a network found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

__all__ = ["Appearance", "areas", "around", "channels", "core", "learn_appearance"]

_LEVELS = 32
# Standard deviation of the Gaussian that smooths the histograms, in levels.
_SMOOTH = 1.2
# Added to both densities: a gray that is rare on both sides says nothing.
_RARE = 0.15 / _LEVELS
_MOST_ODDS = 3.0
_LEAST_CONTRAST = 0.08
_FEWEST = 4
_LEAST_KEPT = 0.1
# The part of a box's inscribed ellipse that is taken for lesion.
_CORE = 0.8
# How deep inside a mask its core begins, as a fraction of the square root of its area.
_DEEP = 0.08
# How far from a box its surroundings begin: a fraction of its sides, and of the picture's.
_AWAY, _LEAST_AWAY = 0.1, 0.02


@dataclass(frozen=True)
class Appearance:
    """Grays in [0, 1]: medians of a lesion and its surroundings, and log odds by gray level.

    `odds` lie in [-1, 1] at evenly spaced grays from 0 to 1; 1 is a lesion that is `exp(3)` times
    as likely to have that gray. `alike` is the share of the surroundings whose grays are likelier
    lesion: where it is large, grays do not tell where the lesion ends.
    """

    lesion: float
    surroundings: float
    odds: tuple[float, ...]
    alike: float = 0.0


_UNKNOWN = Appearance(1.0, 0.0, (0.0,) * _LEVELS)


def learn_appearance(lesion: torch.Tensor, surroundings: torch.Tensor) -> Appearance:
    """From gray values in [0, 1], float32 of shape (n,), of a lesion and of what surrounds it.

    A box around a ragged lesion holds much else: what is first found likelier outside than inside
    is left out of the lesion, and all is learnt again. With fewer than four of either nothing is
    learnt: the gray itself, and even odds.
    """
    if min(len(lesion), len(surroundings)) < _FEWEST:
        return _UNKNOWN
    odds = _log_odds(lesion, surroundings)
    kept = lesion[odds[_level(lesion)] > 0]
    if len(kept) >= max(_LEAST_KEPT * len(lesion), _FEWEST):
        lesion, odds = kept, _log_odds(kept, surroundings)
    alike = (odds[_level(surroundings)] > 0).float().mean().item()
    median = lesion.median().item()
    return Appearance(median, surroundings.median().item(), tuple(odds.tolist()), alike)


def channels(gray: torch.Tensor, appearance: Appearance) -> torch.Tensor:
    """Three channels of float32 pictures (..., rows, columns) in [0, 1].

    Returns float32 (..., 3, rows, columns): the gray itself; the gray on the scale from the
    surroundings (0) to the lesion (1), clipped to [-1, 2]; the log odds in [-1, 1].
    """
    contrast = appearance.lesion - appearance.surroundings
    contrast = math.copysign(max(abs(contrast), _LEAST_CONTRAST), contrast)
    scaled = ((gray - appearance.surroundings) / contrast).clamp(-1.0, 2.0)
    table = torch.tensor(appearance.odds, device=gray.device)
    place = gray.clamp(0.0, 1.0) * (len(table) - 1)
    lower = place.long().clamp(max=len(table) - 2)
    odds = torch.lerp(table[lower], table[lower + 1], place - lower)
    return torch.stack([gray, scaled, odds], -3)


def areas(box: Sequence[float], size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Where a box (x0, y0, x1, y1) in pixels suggests lesion, and where surroundings.

    Returns two bool (size, size): the middle of the box's inscribed ellipse, and all that lies
    clearly outside the box.
    """
    x0, y0, x1, y1 = box
    centres = torch.arange(size) + 0.5
    across = (centres - (x0 + x1) / 2) / max((x1 - x0) / 2, 0.5)
    down = (centres - (y0 + y1) / 2) / max((y1 - y0) / 2, 0.5)
    inside = down[:, None] ** 2 + across[None, :] ** 2 <= _CORE**2
    away_x = max((x1 - x0) * _AWAY, size * _LEAST_AWAY)
    away_y = max((y1 - y0) * _AWAY, size * _LEAST_AWAY)
    columns = (centres < x0 - away_x) | (centres > x1 + away_x)
    rows = (centres < y0 - away_y) | (centres > y1 + away_y)
    return inside, rows[:, None] | columns[None, :]


def core(mask: torch.Tensor) -> torch.Tensor:
    """What clearly lies inside a bool (size, size) mask, where that is anything; else the mask."""
    reach = max(int(_DEEP * math.sqrt(int(mask.sum()))), 1)
    wide = functional.max_pool2d(-mask[None].float(), 2 * reach + 1, 1, reach)
    deep = wide[0] < -0.5
    return deep if int(deep.sum()) >= _FEWEST else mask


def around(mask: torch.Tensor) -> torch.Tensor:
    """What clearly lies outside a bool (size, size) mask; bool of the same shape."""
    reach = max(round(mask.shape[-1] * _LEAST_AWAY), 1)
    wide = functional.max_pool2d(mask[None].float(), 2 * reach + 1, 1, reach)
    return wide[0] < 0.5


def _log_odds(lesion: torch.Tensor, surroundings: torch.Tensor) -> torch.Tensor:
    """Of lesion against surroundings at each level, in [-1, 1]."""
    ratio = torch.log((_density(lesion) + _RARE) / (_density(surroundings) + _RARE))
    return ratio.clamp(-_MOST_ODDS, _MOST_ODDS) / _MOST_ODDS


def _level(values: torch.Tensor) -> torch.Tensor:
    return (values.clamp(0.0, 1.0) * (_LEVELS - 1)).round().long()


def _density(values: torch.Tensor) -> torch.Tensor:
    """A smoothed histogram of gray values (n,), whose `_LEVELS` entries add up to 1."""
    counts = torch.bincount(_level(values), minlength=_LEVELS).float()
    reach = math.ceil(3 * _SMOOTH)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / _SMOOTH) ** 2)
    # Mirrored at black and at white, so that neither loses weight.
    padded = functional.pad(counts.view(1, 1, -1), (reach, reach), mode="reflect")
    smooth = functional.conv1d(padded, (taps / taps.sum()).view(1, 1, -1)).flatten()
    return smooth / smooth.sum()

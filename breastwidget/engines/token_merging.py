"""Fewer tokens for attention, where neighbours say the same.

Tokens that form a square are looked at in blocks of 2 x 2. The blocks whose tokens differ most
keep all four; each of the others becomes one token, the mean, which counts four times in a
softmax. This is ToMe's proportional attention (arXiv 2210.09461) with the merging and unmerging of
queries of ToMeSD (arXiv 2303.17604), on fixed blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

__all__ = ["Merging", "find_merging"]


@dataclass(frozen=True, eq=False)
class Merging:
    """Which of a square's tokens stay (`kept`, int64 (n,)) and which merge (`merged`, (m, 4))."""

    kept: torch.Tensor
    merged: torch.Tensor

    def merge(self, x: torch.Tensor) -> torch.Tensor:
        """`x` (tokens, channels) as (n + m, channels): the kept ones, then the means."""
        return torch.cat([x[self.kept], x[self.merged].mean(dim=1)])

    def unmerge(self, x: torch.Tensor) -> torch.Tensor:
        """(n + m, channels) back on all tokens; merged ones share their block's value."""
        tokens = len(self.kept) + self.merged.numel()
        whole = x.new_empty(tokens, x.shape[-1])
        whole[self.kept] = x[: len(self.kept)]
        whole[self.merged] = x[len(self.kept) :, None]
        return whole

    def log_weights(self) -> torch.Tensor:
        """The logarithm of how many tokens each stands for, float32 (n + m,)."""
        kept = torch.zeros(len(self.kept), device=self.kept.device)
        return torch.cat([kept, kept.new_full((len(self.merged),), math.log(4))])


def find_merging(x: torch.Tensor, keep: float) -> Merging:
    """The merging of `x` (tokens of a square with even sides, channels) that loses least.

    `keep` is the fraction of blocks whose tokens all stay: those farthest from their mean.
    """
    side = math.isqrt(len(x))
    places = torch.arange(len(x), device=x.device).view(side // 2, 2, side // 2, 2)
    blocks = places.transpose(1, 2).reshape(-1, 4)
    tokens = x[blocks].float()
    spread = (tokens - tokens.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2))
    order = spread.argsort(descending=True, stable=True)
    kept = math.ceil(keep * len(blocks))
    return Merging(blocks[order[:kept]].flatten(), blocks[order[kept:]])

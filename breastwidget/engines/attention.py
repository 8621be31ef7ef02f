"""Attention to memories whose values are a linear map of few channels.

SAM 2's memory attention projects 64-channel memories to 256-channel values before it averages
them. A weighted mean commutes with a linear map, because the weights sum to one:
softmax(q k') (M W + b) = (softmax(q k') M) W + b. Averaging the memories and projecting the mean
is the same up to rounding, with a quarter of the multiplications. Scores are made tile by tile
with a running maximum (Milakov and Gimelshein, arXiv 1805.02867), so that they stay in the
processor's cache and the full matrix (4096 x 29,000 at 1024 pixels) never exists.
"""

from __future__ import annotations

import torch

__all__ = ["average_memories", "rotate"]

_TILE = 1024


def rotate(x: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Rotary position encoding of `x` (tokens, channels) by complex `turns` (n, channels / 2).

    Tokens must be a multiple of n; the turns repeat for every n tokens (one memory each).
    """
    tokens, channels = x.shape
    pairs = torch.view_as_complex(x.float().reshape(-1, len(turns), channels // 2, 2))
    return torch.view_as_real(pairs * turns).reshape(tokens, channels).to(x.dtype)


def average_memories(
    queries: torch.Tensor,
    keys: torch.Tensor,
    memories: torch.Tensor,
    log_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """softmax(queries keys' / sqrt(channels) + log_weights) memories, without the full matrix.

    `queries` is (n, channels), `keys` (m, channels), `memories` (m, width), `log_weights` (m,) or
    None; float32 or bfloat16. Returns (n, width) in float32.
    """
    scale = queries.shape[-1] ** -0.5
    width = memories.shape[-1]
    # A column of ones beside the memories sums the weights in the same product.
    values = torch.cat([memories, memories.new_ones(len(memories), 1)], dim=-1)
    means = [
        _one_tile(queries[start : start + _TILE] * scale, keys, values, log_weights)
        for start in range(0, len(queries), _TILE)
    ]
    total = torch.cat(means)
    return total[:, :width] / total[:, width:]


def _one_tile(
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    log_weights: torch.Tensor | None,
) -> torch.Tensor:
    """Weighted sums (n, width + 1) for one tile of queries, over tiles of keys."""
    peak = queries.new_full((len(queries), 1), -torch.inf, dtype=torch.float32)
    total = queries.new_zeros((len(queries), values.shape[-1]), dtype=torch.float32)
    for start in range(0, len(keys), _TILE):
        scores = (queries @ keys[start : start + _TILE].T).float()
        if log_weights is not None:
            scores += log_weights[start : start + _TILE]
        higher = torch.maximum(peak, scores.amax(dim=-1, keepdim=True))
        weights = scores.sub_(higher).exp_().to(values.dtype)
        total *= (peak - higher).exp_()
        total += weights @ values[start : start + _TILE]
        peak = higher
    return total

"""Random numbers and smooth random fields, all from one seeded generator."""

from __future__ import annotations

import math

import torch
from torch.nn import functional


class Draw:
    """Draws scalars and fields; the same seed gives the same sequence."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * torch.rand((), generator=self.generator).item()

    def log_uniform(self, low: float, high: float) -> float:
        """A positive number whose logarithm is uniform."""
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator).item())

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform(0.0, 1.0) < probability

    def white(self, shape: tuple[int, ...]) -> torch.Tensor:
        """Independent standard normal numbers, float32 of the given shape."""
        return torch.randn(shape, generator=self.generator)

    def smooth(
        self, shape: tuple[int, int, int], cells: float, slice_cells: float = 2.0
    ) -> torch.Tensor:
        """A smooth field of about unit variance, float32 (slices, rows, columns).

        Args:
            shape: slices, rows, columns.
            cells: grid cells across the picture; more means finer structure.
            slice_cells: grid cells along the slices.
        """
        n, m = max(2, round(cells)), max(2, round(slice_cells))
        coarse = self.white((1, 1, m, n, n))
        return 1.4 * functional.interpolate(
            coarse, size=shape, mode="trilinear", align_corners=True
        ).reshape(shape)

"""Gray values between two percentiles, mapped to [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Window", "window_between"]

# Enough voxels for percentiles of a whole volume to three digits.
_MOST_VALUES = 2_000_000


@dataclass(frozen=True)
class Window:
    """The gray values shown as 0 and as 1."""

    low: float
    high: float

    def apply(self, picture: NDArray[np.generic]) -> NDArray[np.float32]:
        """`picture` in [0, 1] as float32; values outside are clipped, and NaN becomes 0."""
        gray = (picture.astype(np.float32) - self.low) / max(self.high - self.low, 1e-6)
        clipped: NDArray[np.float32] = np.clip(np.nan_to_num(gray, nan=0.0), 0.0, 1.0)
        return clipped


def window_between(pixels: NDArray[np.generic], percentiles: tuple[float, float]) -> Window:
    """The window between two percentiles of the finite values of `pixels` (any shape).

    Large arrays are thinned evenly first. Without a finite value the window is (0, 1).
    """
    values = pixels.reshape(-1)
    step = -(-values.size // _MOST_VALUES)
    values = values[:: max(step, 1)].astype(np.float32)
    values = values[np.isfinite(values)]
    if not values.size:
        return Window(0.0, 1.0)
    low, high = np.percentile(values, percentiles)
    return Window(float(low), float(high))

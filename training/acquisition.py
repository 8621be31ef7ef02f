"""What a scanner and a viewer do to a picture: blur, noise, bias, motion, window.

All pictures are float32 (frames, size, size).
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from training.draw import Draw


def blur(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur within the slices by a Gaussian of ``sigma`` samples."""
    if sigma < 0.25:
        return picture
    reach = math.ceil(2.0 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    stack = functional.pad(picture[:, None], (reach,) * 4, mode="replicate")
    stack = functional.conv2d(stack, taps.view(1, 1, -1, 1))
    return functional.conv2d(stack, taps.view(1, 1, 1, -1))[:, 0]


def mix_slices(picture: torch.Tensor, share: float) -> torch.Tensor:
    """Partial volume: every slice takes ``share`` of its two neighbours' mean."""
    before = torch.cat([picture[:1], picture[:-1]])
    after = torch.cat([picture[1:], picture[-1:]])
    return (1.0 - share) * picture + 0.5 * share * (before + after)


def add_noise(picture: torch.Tensor, draw: Draw) -> torch.Tensor:
    """Gaussian or magnitude (Rician) noise, at times interpolated and so correlated."""
    kind = draw.uniform(0.0, 1.0)
    most = 0.025 if kind < 0.55 else 0.06 if kind < 0.88 else 0.1
    strength = draw.uniform(0.1, 1.0) * most
    frames, size, _ = picture.shape

    def noise() -> torch.Tensor:
        coarse = int(size * draw.uniform(0.5, 1.0)) if draw.chance(0.4) else size
        field = draw.white((frames, 1, coarse, coarse))
        if coarse < size:
            field = functional.interpolate(field, size=(size, size), mode="bilinear") * 1.5
        return strength * field[:, 0]

    if draw.chance(0.4):
        return torch.hypot(picture + noise(), noise())
    return picture + noise()


def add_gain(picture: torch.Tensor, draw: Draw) -> torch.Tensor:
    """A smooth coil profile, and at times a gain that jumps between slices."""
    shape = (picture.shape[0], picture.shape[1], picture.shape[2])
    picture = picture * (1.0 + draw.uniform(0.0, 0.25) * draw.smooth(shape, 2, 2))
    if draw.chance(0.25):
        picture = picture * (1.0 + draw.uniform(0.0, 0.08) * draw.white((picture.shape[0], 1, 1)))
    return picture


def shift_slices(
    picture: torch.Tensor, masks: torch.Tensor, draw: Draw
) -> tuple[torch.Tensor, torch.Tensor]:
    """Patient motion: move each slice, and its mask with it, by a sample or two."""
    shifts = [(draw.integer(-2, 2), draw.integer(-2, 2)) for _ in range(picture.shape[0])]
    moved = [torch.roll(p, s, (0, 1)) for p, s in zip(picture, shifts, strict=True)]
    moved_masks = [torch.roll(m, s, (0, 1)) for m, s in zip(masks, shifts, strict=True)]
    return torch.stack(moved), torch.stack(moved_masks)


def window(picture: torch.Tensor, near: torch.Tensor, draw: Draw) -> torch.Tensor:
    """Map the gray values to [0, 1] by percentiles of the region ``near`` the prompt.

    Args:
        picture: float32 (frames, size, size).
        near: the gray values, of any shape, that the percentiles are taken over.
        draw: jitters the percentiles around the engine's own (1 and 99.5).
    """
    values = near.flatten()
    values = values[:: max(1, values.numel() // 8000)]
    percentiles = torch.tensor([draw.uniform(0.0, 0.03), draw.uniform(0.985, 0.999)])
    low, high = torch.quantile(values, percentiles)
    picture = ((picture - low) / (high - low + 1e-6)).clamp(0.0, 1.0)
    if draw.chance(0.35):
        picture = picture ** draw.log_uniform(0.6, 1.6)
    if draw.chance(0.2):
        levels = round(draw.log_uniform(24.0, 255.0))
        picture = torch.round(picture * levels) / levels
    return picture

"""The small convolutional trunk of the embedded checkpoint, in place of SAM 2's Hiera."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with batch normalisation, added to the input.

    Maps float (batch, width, rows, columns) to the same shape.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``relu(x + f(x))``; same shape and dtype as ``x``."""
        hidden = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(x + self.second_norm(self.second(hidden)))


def halving(width_in: int, width_out: int) -> nn.Sequential:
    """A strided 3×3 convolution with normalisation: halves rows and columns."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width_out),
        nn.ReLU(),
    )


class ConvTrunk(nn.Module):
    """A residual network whose four outputs have strides 4, 8, 16 and 32.

    It offers what the sam2 package's ``ImageEncoder`` asks of a trunk: a
    ``channel_list`` (deepest first) and a forward pass that returns the feature
    maps (shallowest first).
    """

    def __init__(
        self,
        widths: Sequence[int] = (32, 64, 128, 192),
        depths: Sequence[int] = (2, 2, 3, 1),
        stem_width: int = 24,
    ) -> None:
        """Build the stages.

        Args:
            widths: channels of the four outputs, shallowest first.
            depths: residual blocks of each stage.
            stem_width: channels after the first halving.
        """
        super().__init__()
        if len(widths) != 4 or len(depths) != 4:
            raise ValueError(
                f"expected four widths and four depths, got {list(widths)} and {list(depths)}"
            )
        self.stem = nn.Sequential(halving(3, stem_width), halving(stem_width, widths[0]))
        self.stages = nn.ModuleList()
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            layers: list[nn.Module] = [] if stage == 0 else [halving(widths[stage - 1], width)]
            layers += [ResidualBlock(width) for _ in range(depth)]
            self.stages.append(nn.Sequential(*layers))
        self.channel_list = list(widths)[::-1]

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Return four feature maps of float pictures (batch, 3, rows, columns).

        Rows and columns must be multiples of 32; map ``i`` has shape (batch,
        ``widths[i]``, rows / 4·2^i, columns / 4·2^i).
        """
        x = self.stem(pictures)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features

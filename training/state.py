"""The model under training and all that is needed to go on after a break."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from safetensors.torch import save_file
from torch import nn

CONFIG = Path(__file__).parents[1] / "breastwidget" / "engines" / "configs" / "nano.yaml"


def load_config(path: Path = CONFIG) -> DictConfig:
    """The checkpoint's config: ``model`` for hydra, ``run`` for the engine."""
    config = OmegaConf.load(path)
    if not isinstance(config, DictConfig):
        raise TypeError(f"expected a mapping in {path}, got {type(config).__name__}")
    return config


class _SharedPlaces(nn.Module):
    """Position encodings of one picture for all of a batch: they are equal, and large to copy."""

    def __init__(self, encoding: nn.Module) -> None:
        super().__init__()
        self.encoding = encoding

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """As the encoding that it wraps, (batch, channels, rows, columns)."""
        places: torch.Tensor = self.encoding(features[:1])
        return places.expand(len(features), -1, -1, -1)


def build_model(config: DictConfig) -> nn.Module:
    """A SAM2Base with random weights, which starts out believing that objects are there."""
    model: nn.Module = instantiate(config.model, _recursive_=True)
    head = model.sam_mask_decoder.pred_obj_score_head  # type: ignore[union-attr]
    nn.init.constant_(head.layers[-1].bias, 2.0)  # type: ignore[union-attr, index]
    neck: nn.Module = model.image_encoder.neck  # type: ignore[union-attr, assignment]
    neck.position_encoding = _SharedPlaces(neck.position_encoding)  # type: ignore[arg-type]
    # Convolutions run faster on the CPU with channels last.
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@dataclass
class Average:
    """Exponential moving average of a model's parameters and buffers."""

    values: dict[str, torch.Tensor]
    decay: float = 0.998
    updates: int = field(default=0)

    @classmethod
    def of(cls, model: nn.Module) -> Average:
        """Start from a model's present weights."""
        return cls({name: value.detach().clone() for name, value in model.state_dict().items()})

    def to(self, device: torch.device) -> Average:
        """The same on ``device``."""
        values = {name: value.to(device) for name, value in self.values.items()}
        return Average(values, self.decay, self.updates)

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move towards the model's present weights; faster in the beginning."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (20 + self.updates))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name].copy_(value)


@dataclass
class Progress:
    """Where the training stands."""

    seed: int
    minutes: float
    schedule: str = "whole"
    step: int = 0
    elapsed_s: float = 0.0
    stage: int = 0


def save(
    path: Path,
    model: nn.Module,
    average: Average,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
) -> None:
    """Write everything to one file, replacing the former one only when complete."""
    part = path.with_suffix(".part")
    content = {
        "model": model.state_dict(),
        "average": vars(average),
        "optimiser": optimiser.state_dict(),
        "progress": vars(progress),
        "config": CONFIG.read_text(),
    }
    torch.save(content, part)
    os.replace(part, path)


def load(path: Path) -> dict[str, Any]:
    """Read what ``save`` wrote, onto the CPU."""
    content: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    return content


def export(average: Average, path: Path) -> None:
    """Write the averaged weights as safetensors, float32."""
    part = path.with_suffix(".part")
    save_file({name: value.cpu().contiguous() for name, value in average.values.items()}, part)
    os.replace(part, path)
    path.chmod(0o644)

"""What is trained when: stages by share of the training time."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One stretch of the training.

    Attributes:
        until: share of the whole time at which it ends.
        clips: clips per batch.
        least_frames, most_frames: slices per clip, both ends included.
        rate: learning rate at its start (after the warm-up).
        last_rate: learning rate at its end.
        freeze: whether trunk and neck stand still.
        singles: share of batches of single slices mixed in.
        decay: of the moving average of the weights, per step.
    """

    until: float
    clips: int
    least_frames: int
    most_frames: int
    rate: float
    last_rate: float
    freeze: bool
    singles: float = 0.0
    decay: float = 0.998


SINGLE_CLIPS = 24

STAGES = (
    Stage(0.28, SINGLE_CLIPS, 1, 1, 1.2e-3, 1.5e-4, freeze=False),
    Stage(0.78, 8, 6, 10, 6e-4, 1.5e-4, freeze=True, singles=0.08),
    Stage(1.0, 6, 12, 12, 1.5e-4, 1e-5, freeze=True, singles=0.08, decay=0.99),
)


def stage_at(share: float) -> int:
    """Index of the stage at a share of the whole time."""
    return next((i for i, stage in enumerate(STAGES) if share < stage.until), len(STAGES) - 1)


def rate_at(share: float) -> float:
    """Learning rate: a cosine within each stage, with a short warm-up in the first two."""
    index = stage_at(share)
    stage = STAGES[index]
    begin = STAGES[index - 1].until if index else 0.0
    done = min(1.0, (share - begin) / (stage.until - begin))
    rate = stage.last_rate + (stage.rate - stage.last_rate) * 0.5 * (1 + math.cos(math.pi * done))
    return rate * min(1.0, done / 0.03 + 0.02) if index < 2 else rate

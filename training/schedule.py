"""What is trained when: stages by share of the training time."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One stretch of the training.

    Attributes:
        until: share of the whole time at which it ends.
        clips: clips per batch, of each process.
        least_frames, most_frames: slices per clip, both ends included.
        rate: learning rate at its start (after the warm-up).
        last_rate: learning rate at its end.
        freeze: whether trunk and neck stand still.
        batch_statistics: whether batches are normalised by themselves, not by the running means.
        singles: share of batches of single slices mixed in.
        decay: of the moving average of the weights, per step.
    """

    until: float
    clips: int
    least_frames: int
    most_frames: int
    rate: float
    last_rate: float
    freeze: bool = False
    batch_statistics: bool = False
    singles: float = 0.0
    decay: float = 0.998


SINGLE_CLIPS = 24
"""Clips of one slice in a batch, of each process."""


@dataclass(frozen=True)
class Schedule:
    """Stages, one after the other; ``warm_ups`` is how many of them begin with a low rate."""

    stages: tuple[Stage, ...]
    warm_ups: int

    def stage_at(self, share: float) -> int:
        """Index of the stage at a share of the whole time."""
        last = len(self.stages) - 1
        return next((i for i, stage in enumerate(self.stages) if share < stage.until), last)

    def rate_at(self, share: float) -> float:
        """Learning rate: a cosine within each stage."""
        index = self.stage_at(share)
        stage = self.stages[index]
        begin = self.stages[index - 1].until if index else 0.0
        done = min(1.0, (share - begin) / (stage.until - begin))
        fall = 0.5 * (1 + math.cos(math.pi * done))
        rate = stage.last_rate + (stage.rate - stage.last_rate) * fall
        return rate * min(1.0, done / 0.03 + 0.02) if index < self.warm_ups else rate


SCHEDULES = {
    "whole": Schedule(
        (
            Stage(0.15, SINGLE_CLIPS, 1, 1, 8e-4, 2e-4, batch_statistics=True),
            Stage(0.68, 6, 5, 9, 4e-4, 1.2e-4, singles=0.08),
            Stage(1.0, 4, 12, 14, 1.2e-4, 1e-5, singles=0.08, decay=0.995),
        ),
        warm_ups=2,
    ),
    "further": Schedule(
        (Stage(1.0, 6, 5, 10, 2e-4, 1e-5, singles=0.2, decay=0.995),),
        warm_ups=1,
    ),
}
"""``whole`` begins with random weights, ``further`` with trained ones."""

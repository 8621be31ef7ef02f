"""What a pass remembers of the slices it has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from breastwidget.engines.fields import FieldOfView

__all__ = ["MemoryBank", "Outcome"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What SAM 2 found on one slice.

    `logits` is float32 (1, 1, n, n) over `field`'s region: n is a quarter of the network's picture,
    or all of it for a mask prompt on a region. `pointer` (1, channels) is its object pointer,
    `score` (1, 1) the object score before the sigmoid, `memory` what the memory encoder made of
    slice and mask, bfloat16 (1, channels, rows, columns), or None.
    """

    field: FieldOfView
    logits: torch.Tensor
    pointer: torch.Tensor
    score: torch.Tensor
    predicted_iou: float
    prompted: bool
    memory: torch.Tensor | None = None


class MemoryBank:
    """The outcomes that a pass still needs: all prompted slices, and the last tracked ones.

    SAM 2 uses spatial memories of the last `look_back` slices and object pointers of the last
    `pointer_look_back`; older ones are dropped as the pass goes on.
    """

    def __init__(
        self, prompted: dict[int, Outcome], look_back: int, pointer_look_back: int
    ) -> None:
        self.prompted = dict(prompted)
        self.tracked: dict[int, Outcome] = {}
        self._look_back = look_back
        self._pointer_look_back = pointer_look_back

    def add(self, index: int, outcome: Outcome) -> None:
        """Remember a tracked slice, and forget what the next one cannot look back at."""
        self.tracked[index] = outcome
        for old in list(self.tracked):
            distance = abs(index - old) + 1
            if distance > max(self._look_back, self._pointer_look_back):
                del self.tracked[old]
            elif distance > self._look_back and self.tracked[old].memory is not None:
                self.tracked[old] = replace(self.tracked[old], memory=None)

    def remembered(self) -> dict[int, Outcome]:
        """All slices with a spatial memory."""
        everything = {**self.tracked, **self.prompted}
        return {i: outcome for i, outcome in everything.items() if outcome.memory is not None}

    def replace(self, index: int, outcome: Outcome) -> None:
        """Put `outcome` in the place of the one remembered for slice `index`."""
        (self.prompted if index in self.prompted else self.tracked)[index] = outcome

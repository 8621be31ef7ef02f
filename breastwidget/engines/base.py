"""What an engine is: the protocol that every segmenter of slices follows, and a fake for tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, prompted_slices
from breastwidget.strategies import Pass
from breastwidget.volume import SliceStack

__all__ = ["Engine", "EngineInfo", "EngineSession", "FakeEngine", "SliceResult"]


@dataclass(frozen=True, eq=False)
class SliceResult:
    """What an engine found on one slice.

    `mask` is (rows, columns) bool; `predicted_iou` and `object_probability` lie in [0, 1] (SAM 2's
    predicted IoU, and the sigmoid of its object score); `seconds` is the time spent on the slice.
    """

    slice: int
    mask: NDArray[np.bool_]
    predicted_iou: float
    object_probability: float
    seconds: float

    @property
    def present(self) -> bool:
        """Whether the object is on this slice."""
        return self.object_probability >= 0.5 and bool(self.mask.any())


@dataclass(frozen=True)
class EngineInfo:
    """What identifies an engine in a provenance record; `sha256` is its checkpoint's, or empty."""

    name: str
    sha256: str = ""
    settings: tuple[tuple[str, str | int | float | bool], ...] = ()


@runtime_checkable
class EngineSession(Protocol):
    """One stack opened by one engine; image features are kept and reused by every call."""

    @property
    def encoded_slices(self) -> int:
        """How many slice encodings have been computed so far."""

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        """Segment one prompted slice from its own prompts alone, without memory."""

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        """Run one pass with a fresh memory that every prompted slice seeds; one result a slice.

        A prompted slice on the way gives the result of its prompts. Stopping the iteration stops
        the work.
        """


@runtime_checkable
class Engine(Protocol):
    """Whatever turns prompts and slices into masks."""

    @property
    def info(self) -> EngineInfo:
        """Name, checkpoint digest and settings, for provenance."""

    def open(self, stack: SliceStack) -> EngineSession:
        """Open `stack` (slices, rows, columns) for any number of predictions and passes."""


class FakeEngine:
    """An engine for tests: a threshold at the middle of the prompt's range, inside the prompt.

    The prompt's box (or its mask's bounding box) is applied on every slice; `delay_seconds` is
    slept for each slice, so that progress and cancelling can be tried.
    """

    def __init__(self, delay_seconds: float = 0.0) -> None:
        self._delay_seconds = delay_seconds

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("fake")

    def open(self, stack: SliceStack) -> EngineSession:
        return _FakeSession(stack, self._delay_seconds)


class _FakeSession:
    def __init__(self, stack: SliceStack, delay_seconds: float) -> None:
        self._stack = stack
        self._delay_seconds = delay_seconds
        self._seen: set[int] = set()

    @property
    def encoded_slices(self) -> int:
        return len(self._seen)

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        return self._threshold(lesion, index)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        for index in run.slices:
            yield self._threshold(lesion, index)

    def _threshold(self, lesion: Lesion, index: int) -> SliceResult:
        started = time.perf_counter()
        time.sleep(self._delay_seconds)
        self._seen.add(index)
        prompted = prompted_slices(lesion)[0]
        inside = _prompt_area(lesion, prompted, self._stack.shape[1:])
        values = np.asarray(self._stack.pixels[prompted], dtype=float)[inside]
        level = (values.min() + values.max()) / 2
        mask = inside & (np.asarray(self._stack.pixels[index], dtype=float) > level)
        probability = 1.0 if mask.any() else 0.0
        return SliceResult(index, mask, 0.9, probability, time.perf_counter() - started)


def _prompt_area(lesion: Lesion, index: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(shape, dtype=bool)
    for prompt in lesion.on(index):
        if isinstance(prompt, BoxPrompt):
            rows = slice(int(prompt.y0), int(np.ceil(prompt.y1)))
            inside[rows, int(prompt.x0) : int(np.ceil(prompt.x1))] = True
        elif isinstance(prompt, MaskPrompt):
            inside |= prompt.mask
        elif prompt.positive:
            inside[int(prompt.y), int(prompt.x)] = True
    return inside

"""The baselines: what one would try without a network. They need neither torch nor a checkpoint.

`otsu` is a threshold in the box (Otsu 1979) and region growing from there; `random-walker` is
Grady's (2006), seeded by the same mask. Both go slice by slice, outward from the nearest prompted
slice, with its threshold. A one-way pass therefore gives the masks that center-outward gives for
the same prompts: growing has no memory whose order could matter.

What keeps a leak in bounds: a mask moves outward by a few mm from slice to slice
(`baseline_methods`), and it never leaves the prompt's box (a column through the slices), or 30 mm
about its middle where the box is smaller. The object counts as gone where no mask is left, or where
its contrast falls below 0.4 of what it was on the prompted slice. A mask of so little contrast is
still given, and grown from: an automatic extent ends there, a given one goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from breastwidget.engines.base import EngineInfo, EngineSession, SliceResult
from breastwidget.engines.baseline_methods import Method, OtsuGrowth, RandomWalk
from breastwidget.engines.baseline_prompts import Seed, cropped, plant, struck_out
from breastwidget.engines.gray_regions import Mask, Picture, separability
from breastwidget.errors import PromptError
from breastwidget.prompts import Lesion, check_prompt, prompted_slices
from breastwidget.strategies import Pass
from breastwidget.volume import SliceStack

__all__ = ["BaselineEngine", "create_baseline"]

# An object with less of the prompted slice's contrast than this counts as gone. Of 0.15, 0.25 and
# 0.4 the last lets an automatic extent run on least past the object's end.
_CONTRAST_KEPT = 0.4


class BaselineEngine:
    """A baseline as an engine: the prompts and the extent are every engine's.

    `predicted_iou` is the separability of the mask's gray values (otsu) or the expected IoU
    (random-walker). `object_probability` is k / (k + 0.4), where k is the share of the prompted
    slice's contrast that the mask still has: 0.71 there, below 0.5 once the object is gone. It is
    a score; no data have calibrated it.
    """

    def __init__(self, method: Method) -> None:
        self._method = method

    @property
    def info(self) -> EngineInfo:
        """The method's name; its settings belong to the package's version."""
        return EngineInfo(self._method.name)

    def open(self, stack: SliceStack) -> EngineSession:
        """Open `stack`; nothing is computed yet."""
        return _BaselineSession(stack, self._method)


def create_baseline(name: str) -> BaselineEngine:
    """The baseline called `name`: otsu or random-walker."""
    methods: dict[str, Method] = {each.name: each for each in (OtsuGrowth(), RandomWalk())}
    return BaselineEngine(methods[name])


@dataclass(frozen=True, eq=False)
class _Step:
    """The object on one slice: its mask in the seed's crop, quality and object probability."""

    mask: Mask
    quality: float
    probability: float


class _BaselineSession:
    """One stack; each pass grows anew from the lesion's prompted slices."""

    def __init__(self, stack: SliceStack, method: Method) -> None:
        self._stack = stack
        self._method = method

    @property
    def encoded_slices(self) -> int:
        """0: nothing is encoded."""
        return 0

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        """Segment one prompted slice from its own prompts alone."""
        started = time.perf_counter()
        self._check(lesion)
        if not lesion.on(index):
            raise PromptError(
                f"Slice {index} carries no prompt of {lesion.name}; expected one of "
                f"{', '.join(map(str, prompted_slices(lesion)))}."
            )
        seed = plant(self._stack, lesion.on(index), self._method)
        return self._result(index, seed, _first_step(seed) if seed else None, started)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        """Grow from the prompted slices along one pass; one result a slice.

        A slice belongs to the nearest prompted slice (of two, the lower one), and all slices from
        there to it are grown first: a pass that starts far from the prompt waits for them once.
        """
        started = time.perf_counter()
        self._check(lesion)
        planted = (
            plant(self._stack, lesion.on(index), self._method) for index in prompted_slices(lesion)
        )
        seeds = {seed.index: seed for seed in planted if seed is not None}
        walks = {
            (index, step): _Walk(self._stack, lesion, self._method, seed, step)
            for index, seed in seeds.items()
            for step in (1, -1)
        }
        for index in run.slices:
            if not seeds:
                yield self._result(index, None, None, started)
            else:
                nearest = min(seeds, key=lambda i: (abs(i - index), i))
                found = walks[nearest, 1 if index >= nearest else -1].reach(index)
                yield self._result(index, seeds[nearest], found, started)
            started = time.perf_counter()

    def _check(self, lesion: Lesion) -> None:
        if not lesion.prompts:
            raise PromptError(f"{lesion.name} has no prompt; give it a box, a mask or a point.")
        for prompt in lesion.prompts:
            check_prompt(prompt, self._stack.shape)

    def _result(
        self, index: int, seed: Seed | None, step: _Step | None, started: float
    ) -> SliceResult:
        mask = np.zeros(self._stack.shape[1:], dtype=bool)
        if seed is None or step is None:
            return SliceResult(index, mask, 0.0, 0.0, time.perf_counter() - started)
        mask[seed.crop] = step.mask
        seconds = time.perf_counter() - started
        return SliceResult(index, mask, step.quality, step.probability, seconds)


class _Walk:
    """The slices on one side of a seed, grown one after another and kept for the pass."""

    def __init__(
        self, stack: SliceStack, lesion: Lesion, method: Method, seed: Seed, step: int
    ) -> None:
        self._stack = stack
        self._lesion = lesion
        self._method = method
        self._seed = seed
        self._step = step
        self._grown = [_first_step(seed)]

    def reach(self, index: int) -> _Step:
        """The object on slice `index`, which lies on this side of the seed."""
        while len(self._grown) <= abs(index - self._seed.index):
            self._grown.append(self._next())
        return self._grown[abs(index - self._seed.index)]

    def _next(self) -> _Step:
        seed, previous = self._seed, self._grown[-1].mask
        if not previous.any():
            return _gone(previous)
        index = seed.index + self._step * len(self._grown)
        picture = cropped(self._stack, index, seed.crop)
        found = self._method.follow(picture, previous, seed.scene)
        mask = struck_out(found.mask, self._lesion.on(index), seed.crop)
        probability = _object_probability(picture, mask, seed)
        return _Step(mask, found.quality, probability)


def _first_step(seed: Seed) -> _Step:
    if not seed.found.mask.any():
        return _gone(seed.found.mask)
    return _Step(seed.found.mask, seed.found.quality, 1.0 / (1.0 + _CONTRAST_KEPT))


def _gone(mask: Mask) -> _Step:
    return _Step(np.zeros_like(mask), 0.0, 0.0)


def _object_probability(picture: Picture, mask: Mask, seed: Seed) -> float:
    contrast = separability(picture, mask, seed.scene.gray.bright, seed.scene.spacing_mm)
    if not mask.any():
        return 0.0
    if seed.contrast == 0.0:
        return 0.5
    kept = contrast / seed.contrast
    return kept / (kept + _CONTRAST_KEPT)

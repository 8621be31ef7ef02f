"""One stack opened by a SAM 2 network: predictions and passes on features that are kept."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from breastwidget.engines.base import SliceResult
from breastwidget.engines.feature_cache import FeatureCache, Features
from breastwidget.engines.fields import FieldOfView, RunSettings, see
from breastwidget.engines.growth import outgrown, resampled
from breastwidget.engines.looks import Looks
from breastwidget.engines.memory import MemoryBank, Outcome
from breastwidget.engines.prompt_inputs import PromptInputs, prompt_bounds, prompt_inputs
from breastwidget.engines.reach import Reach
from breastwidget.engines.regions import from_region
from breastwidget.engines.tightness import fitting_shift
from breastwidget.errors import PromptError
from breastwidget.prompts import (
    BoxPrompt,
    Lesion,
    MaskPrompt,
    Prompt,
    check_prompt,
    prompted_slices,
)
from breastwidget.strategies import Pass
from breastwidget.volume import SliceStack

__all__ = ["Network", "Sam2Session"]

# SAM 2's own logit for "no object here"; also what lies outside a region.
_NOTHING = -1024.0
# Small pictures are encoded several at a time, which is faster; large ones one at a time.
_BATCH_PIXELS = 4 * 256 * 256
# A drag after another on one open stack: no more of their outcomes than this are kept.
_MOST_PROMPTED = 64


class Network(Protocol):
    """The steps of SAM 2 that a session takes (`sam2.Sam2Network`; tests may give another)."""

    image_size: int
    look_back: int
    pointer_look_back: int

    def encode(self, pictures: torch.Tensor) -> list[Features]:
        """Features of float32 pictures (n, 3, size, size) as `see` gives them, one for each."""

    def prompt(self, features: Features, inputs: PromptInputs, field: FieldOfView) -> Outcome:
        """The object that prompts show on a slice, without memory of others."""

    def track(
        self,
        features: Features,
        field: FieldOfView,
        bank: MemoryBank,
        index: int,
        slices: int,
        reverse: bool,
    ) -> Outcome:
        """The object on slice `index` of so many, from what `bank` remembers of the others."""

    def remember(self, features: Features, outcome: Outcome) -> Outcome:
        """`outcome` with its spatial memory."""


class Sam2Session:
    """Predictions and passes over one stack; features are shared by all of them."""

    def __init__(
        self, network: Network, stack: SliceStack, settings: RunSettings, cache_bytes: int
    ) -> None:
        self._network = network
        self._stack = stack
        self._settings = settings
        self._cache = FeatureCache(cache_bytes)
        self._looks = Looks(stack, settings, network.image_size, self._found)
        self._prompted: dict[tuple[Prompt, ...], Outcome] = {}
        self._encoded = 0

    @property
    def encoded_slices(self) -> int:
        """How many slice encodings have been computed so far."""
        return self._encoded

    def predict(self, lesion: Lesion, index: int) -> SliceResult:
        """Segment one prompted slice from its own prompts alone, without memory."""
        started = time.perf_counter()
        self._check(lesion)
        if not lesion.on(index):
            raise PromptError(
                f"Slice {index} carries no prompt of {lesion.name}; expected one of "
                f"{', '.join(map(str, prompted_slices(lesion)))}."
            )
        outcome = self._from_prompts(lesion, index, self._looks.field(lesion))
        return self._result(index, outcome, started, lesion)

    def track(self, lesion: Lesion, run: Pass) -> Iterator[SliceResult]:
        """Run one pass with a fresh memory that every prompted slice seeds; one result a slice."""
        started = time.perf_counter()
        self._check(lesion)
        field = self._looks.field(lesion)
        prompted = {i: self._remembered(lesion, i, field) for i in prompted_slices(lesion)}
        bank = MemoryBank(prompted, self._network.look_back, self._network.pointer_look_back)
        reverse = _runs_backwards(run.slices, tuple(prompted))
        nearest = min(prompted, key=lambda i: abs(i - run.slices[0]))
        shown = self._result(nearest, prompted[nearest], started, lesion).mask
        reach = Reach(lesion, self._settings, self._stack.spacing_mm, nearest, shown)
        learnt, steady = int(shown.sum()), 0
        for place, index in enumerate(run.slices):
            if index in prompted:
                # As given: a grown field may have replaced what the bank remembers of it.
                outcome = prompted[index]
            else:
                ahead = [i for i in run.slices[place + 1 :] if i not in prompted]
                # A field that has just changed may do so again, and what is encoded ahead be lost.
                features = self._features(index, field, ahead[:steady])
                slices = self._stack.shape[0]
                outcome = self._network.track(features, field, bank, index, slices, reverse)
                kept = reach.within(outcome, index)
                if kept is not outcome:
                    outcome = self._network.remember(features, kept)
                bank.add(index, outcome)
            result = self._result(index, outcome, started, lesion)
            reach.note(index, result.mask)
            yield result
            started = time.perf_counter()
            if place + 1 == len(run.slices):
                return
            before, field = field, self._grown(field, result, bank)
            grown = self._looks.learnt(field, result, learnt)
            if grown != field:
                learnt, field = int(result.mask.sum()), grown
            steady = steady + 1 if field == before else 0

    def _check(self, lesion: Lesion) -> None:
        if not lesion.prompts:
            raise PromptError(f"{lesion.name} has no prompt; give it a box, a mask or a point.")
        for prompt in lesion.prompts:
            check_prompt(prompt, self._stack.shape)

    def _found(self, lesion: Lesion, index: int, field: FieldOfView) -> NDArray[np.bool_]:
        """What teaches a lesion's grays: the mask as the network sees it."""
        outcome = self._asked(lesion.on(index), index, field)
        return self._result(index, outcome, 0.0, lesion).mask

    def _features(self, index: int, field: FieldOfView, ahead: Sequence[int] = ()) -> Features:
        found = self._cache.get((index, field))
        if found is not None:
            return found
        size = self._network.image_size
        room = max(_BATCH_PIXELS // size**2, 1)
        wanted = [index] + [i for i in ahead if self._cache.get((i, field)) is None]
        wanted = wanted[:room]
        pictures = torch.stack([see(self._stack, i, field, size) for i in wanted])
        encoded = self._network.encode(pictures)
        self._encoded += len(wanted)
        for i, features in zip(wanted[1:], encoded[1:], strict=True):
            self._cache.put((i, field), features)
        self._cache.put((index, field), encoded[0])
        return encoded[0]

    def _from_prompts(self, lesion: Lesion, index: int, field: FieldOfView) -> Outcome:
        prompts = lesion.on(index)
        known = self._prompted.get(prompts)
        if known is not None and known.field == field:
            return known
        outcome = self._asked(prompts, index, field)
        cost = self._settings.fit_cost
        boxes = [prompt for prompt in prompts if isinstance(prompt, BoxPrompt)]
        drawn = any(isinstance(prompt, MaskPrompt) for prompt in prompts)
        if math.isfinite(cost) and boxes and not drawn:
            shift = fitting_shift(self._logits(outcome), prompt_bounds(boxes), cost)
            outcome = replace(outcome, logits=outcome.logits + shift) if shift else outcome
        self._keep(prompts, outcome)
        return outcome

    def _asked(self, prompts: tuple[Prompt, ...], index: int, field: FieldOfView) -> Outcome:
        inputs = prompt_inputs(prompts, field.region, self._network.image_size)
        return self._network.prompt(self._features(index, field), inputs, field)

    def _logits(self, outcome: Outcome) -> torch.Tensor:
        """Float32 (rows, columns) of the whole slice."""
        shape = self._stack.shape[1:]
        return from_region(outcome.logits[0, 0], outcome.field.region, shape, _NOTHING)

    def _remembered(self, lesion: Lesion, index: int, field: FieldOfView) -> Outcome:
        outcome = self._from_prompts(lesion, index, field)
        if outcome.memory is None:
            outcome = self._network.remember(self._features(index, field), outcome)
            self._keep(lesion.on(index), outcome)
        return outcome

    def _keep(self, prompts: tuple[Prompt, ...], outcome: Outcome) -> None:
        self._prompted[prompts] = outcome
        if len(self._prompted) > _MOST_PROMPTED:
            del self._prompted[next(iter(self._prompted))]

    def _grown(self, field: FieldOfView, result: SliceResult, bank: MemoryBank) -> FieldOfView:
        """`field`, or a larger one where the object outgrows it; then memories move over."""
        whole = self._settings.region_scale is None
        region = None if whole else outgrown(field.region, result.mask)
        if region is None:
            return field
        grown = replace(field, region=region)
        for index, outcome in bank.remembered().items():
            moved = resampled(outcome, grown)
            bank.replace(index, self._network.remember(self._features(index, grown), moved))
        return grown

    def _result(self, index: int, outcome: Outcome, started: float, lesion: Lesion) -> SliceResult:
        mask = self._drawn(lesion.on(index)) if outcome.prompted else None
        if mask is None:
            mask = (self._logits(outcome) > 0).cpu().numpy()
        return SliceResult(
            index,
            mask,
            outcome.predicted_iou,
            float(torch.sigmoid(outcome.score.float()).item()),
            time.perf_counter() - started,
        )

    def _drawn(self, prompts: tuple[Prompt, ...]) -> NDArray[np.bool_] | None:
        """The mask that a slice was given, where nothing else was and it is kept as it is.

        On whole slices SAM 2 gives it back resampled, and so do we (`test_parity`).
        """
        masks = [prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)]
        if self._settings.region_scale is None or len(masks) < len(prompts):
            return None
        drawn: NDArray[np.bool_] = np.logical_or.reduce(masks)
        return drawn


def _runs_backwards(slices: Sequence[int], prompted: Sequence[int]) -> bool:
    """Whether a pass runs against the slice numbers; a single slice, away from its prompt."""
    if len(slices) > 1:
        return slices[0] > slices[-1]
    return bool(slices) and min(prompted, key=lambda i: abs(i - slices[0])) > slices[0]

"""How lesions are looked at: their fields of view, and what found masks teach of their grays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from breastwidget.engines.base import SliceResult
from breastwidget.engines.fields import FieldOfView, RunSettings, learnt_from, lesion_field
from breastwidget.engines.prompt_inputs import area_prompts
from breastwidget.prompts import Lesion, MaskPrompt, Prompt
from breastwidget.volume import SliceStack

__all__ = ["Finder", "Looks"]

# A mask of fewer pixels does not tell a lesion's grays.
_LEAST_LEARNT = 10
# A drag after another on one open stack: no more of their looks than this are kept.
_MOST = 64

Finder = Callable[[Lesion, int, FieldOfView], NDArray[np.bool_]]
"""The mask (rows, columns) of a lesion on a slice, seen in a field, from its prompts alone."""


@dataclass(frozen=True)
class _Look:
    """A lesion's field, and the mask that taught its grays, if one did."""

    field: FieldOfView
    mask: NDArray[np.bool_] | None


class Looks:
    """The fields of view of lesions on one stack, for a network that sees `size` pixels squared."""

    def __init__(self, stack: SliceStack, settings: RunSettings, size: int, find: Finder) -> None:
        self._stack = stack
        self._settings = settings
        self._size = size
        self._find = find
        self._known: dict[tuple[Prompt, ...], _Look] = {}

    def field(self, lesion: Lesion) -> FieldOfView:
        """The field in which a lesion is looked for at first (`fields.lesion_field`).

        What its first box or point tells of grays is learnt again from the mask found with it
        alone, `learn_rounds` times; later prompts only correct.
        """
        alike = self._settings.region_scale is None and self._settings.channels == "gray"
        if alike and self._known:
            return next(iter(self._known.values())).field
        return self._look(lesion).field

    def learnt(self, field: FieldOfView, result: SliceResult, area: int) -> FieldOfView:
        """`field` with what a tracked mask teaches, after a last one of `area` pixels did.

        `field` itself, where the mask has not grown by `learn_growth` since.
        """
        if int(result.mask.sum()) < max(self._settings.learn_growth * area, _LEAST_LEARNT):
            return field
        return learnt_from(self._stack, field, result.slice, result.mask, self._size)

    def _look(self, lesion: Lesion) -> _Look:
        if lesion.prompts not in self._known:
            self._known[lesion.prompts] = self._new(lesion)
            if len(self._known) > _MOST:
                del self._known[next(iter(self._known))]
        return self._known[lesion.prompts]

    def _new(self, lesion: Lesion) -> _Look:
        field = lesion_field(self._stack, lesion, self._settings, self._size)
        first = area_prompts(lesion.prompts)[0]
        if lesion.prompts != (first,):
            mask = self._look(Lesion((first,))).mask
            if mask is not None:
                field = learnt_from(self._stack, field, first.slice, mask, self._size)
            return _Look(field, mask)
        mask = None
        for _ in range(0 if isinstance(first, MaskPrompt) else self._settings.learn_rounds):
            mask = self._find(lesion, first.slice, field)
            field = learnt_from(self._stack, field, first.slice, mask, self._size)
        return _Look(field, mask)

"""What a person makes: lesions with their prompts and results. What undo and autosave keep.

Everything here is frozen and replaced whole; nothing knows of views, engines or threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.measuring import Measures
from breastwidget.display import result_colour
from breastwidget.metrics import Scores
from breastwidget.prompts import BoxPrompt, Lesion, Prompt
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent
from breastwidget.volume import Plane

__all__ = [
    "EXTENT_SOURCES",
    "Document",
    "ExtentChoice",
    "LesionState",
    "Masks",
    "Run",
    "Suggestion",
]

EXTENT_SOURCES = ("automatic", "range", "reference")


@dataclass(frozen=True, eq=False)
class Masks:
    """Masks by slice, each (rows, columns) bool."""

    by_slice: Mapping[int, NDArray[np.bool_]] = field(default_factory=lambda: MappingProxyType({}))

    def with_slice(self, index: int, mask: NDArray[np.bool_]) -> Masks:
        """These masks with slice `index` replaced."""
        return Masks(MappingProxyType({**self.by_slice, index: mask}))

    def without(self, *indices: int) -> Masks:
        """These masks, nothing known of the slices `indices`."""
        kept = {index: mask for index, mask in self.by_slice.items() if index not in indices}
        return Masks(MappingProxyType(kept))

    def on(self, index: int) -> NDArray[np.bool_] | None:
        """The mask of slice `index`, None where none was computed or nothing was found."""
        mask = self.by_slice.get(index)
        return mask if mask is not None and mask.any() else None


@dataclass(frozen=True)
class ExtentChoice:
    """The slices to visit: until the object is gone ("automatic"), the `extent` of a "range" that
    was dragged over slices of `plane`, or the "reference"'s slices."""

    source: str = "automatic"
    extent: Extent | None = None
    plane: Plane | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """One propagation: what it was asked, what came, and its scores where a reference is known.

    `complete` is False for a cancelled run, which keeps the slices done until then; `extent` is
    None where it was automatic. `corrected` is the slice from which a correction was propagated.
    `masks` are those of `segmentation`, by slice of the stack. `measures` are what
    `measuring.measure` says of it.
    """

    strategy: str
    prompts: tuple[Prompt, ...]
    image: str
    segmentation: Segmentation
    masks: Masks
    seconds: float
    complete: bool
    scores: Scores | None = None
    extent: Extent | None = None
    corrected: int | None = None
    measures: Measures | None = None

    @property
    def volume_ml(self) -> float:
        """The lesion's volume in mL, counted once where it was measured."""
        measures = self.measures
        return self.segmentation.volume_ml if measures is None else measures.volume_ml


@dataclass(frozen=True, eq=False)
class LesionState:
    """One lesion: how it is called and shown, what it was prompted with, what came of it.

    Prompts and masks are on slices of `plane` (never NATIVE).
    `masks` are what is shown: the prompted slices' previews, or those of run `shown`. `runs` are
    kept side by side, oldest first; `shown` is an index into them, None before the first.
    `pending` is the slice of a correction that has not been propagated yet.
    """

    key: int
    name: str
    colour: str
    plane: Plane
    visible: bool = True
    prompts: tuple[Prompt, ...] = ()
    masks: Masks = field(default_factory=Masks)
    runs: tuple[Run, ...] = ()
    shown: int | None = None
    pending: int | None = None

    @property
    def run(self) -> Run | None:
        """The run shown."""
        return None if self.shown is None else self.runs[self.shown]

    @property
    def lesion(self) -> Lesion:
        """As an engine takes it."""
        return Lesion(self.prompts, self.name)

    def boxes(self, index: int) -> tuple[BoxPrompt, ...]:
        """The boxes on slice `index`."""
        return tuple(p for p in self.prompts if isinstance(p, BoxPrompt) and p.slice == index)


@dataclass(frozen=True)
class Suggestion:
    """A proposed lesion, to accept or to dismiss; `volume_ml` of its candidate region.

    `box` and `extent` are on slices of `plane` (None: of the large view).
    """

    box: BoxPrompt
    extent: Extent
    volume_ml: float
    score: float
    plane: Plane | None = None


@dataclass(frozen=True, eq=False)
class Document:
    """All of it. Undo goes back to an earlier document; autosave writes one.

    `active` is the key of the lesion that prompts go to, None before the first.
    """

    lesions: tuple[LesionState, ...] = ()
    active: int | None = None
    strategy: str = "center-outward"
    extent: ExtentChoice = ExtentChoice()
    suggestions: tuple[Suggestion, ...] = ()

    def lesion(self, key: int) -> LesionState:
        """The lesion with `key`; `KeyError` if there is none."""
        for lesion in self.lesions:
            if lesion.key == key:
                return lesion
        raise KeyError(key)

    @property
    def current(self) -> LesionState | None:
        """The active lesion."""
        return None if self.active is None else self.lesion(self.active)

    def with_lesion(self, changed: LesionState, active: bool = False) -> Document:
        """This document with the lesion of the same key replaced, or added at the end; it becomes
        the active one if `active`."""
        if any(lesion.key == changed.key for lesion in self.lesions):
            lesions = tuple(changed if old.key == changed.key else old for old in self.lesions)
        else:
            lesions = (*self.lesions, changed)
        return replace(self, lesions=lesions, active=changed.key if active else self.active)

    def new_lesion(self, plane: Plane) -> LesionState:
        """A lesion with a key, a name and a colour that no other one has (not added yet)."""
        key = max((lesion.key for lesion in self.lesions), default=0) + 1
        return LesionState(key, f"lesion {key}", result_colour(key - 1), plane)

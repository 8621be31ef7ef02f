"""What lies over a slice's picture, resolved from the model by a pure function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.document import LesionState, Suggestion
from breastwidget.app.intents import Point
from breastwidget.app.model import AppModel, Look
from breastwidget.app.picture import physical_size_mm
from breastwidget.app.sections import Sections
from breastwidget.diameters import Line
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt, Prompt
from breastwidget.volume import Plane, SliceStack

__all__ = [
    "MaskLayer",
    "Measure",
    "Overlay",
    "Proposal",
    "nearest_prompt",
    "proposals_on",
    "resolve_overlay",
    "suggestion_at",
]


@dataclass(frozen=True, eq=False)
class MaskLayer:
    """One lesion's mask on a slice, (rows, columns) bool; `active` is the lesion prompted now."""

    mask: NDArray[np.bool_]
    colour: str
    active: bool


@dataclass(frozen=True)
class Measure:
    """A line to draw over the picture, from `start` to `end`, with what it says at its start."""

    start: Point
    end: Point
    text: str = ""


@dataclass(frozen=True)
class Proposal:
    """A suggested box with its number from 1; fainter away from the slice that it is drawn on."""

    number: int
    box: BoxPrompt
    here: bool


@dataclass(frozen=True, eq=False)
class Overlay:
    """The vectors over one slice of `shape` (rows, columns) and `size_mm` (width, height).

    Everything is in picture coordinates. `boxes` are those of the lesions that are not active:
    the active one's is drawn by the hand, which can take hold of it. `reference` is None where it
    is hidden, unknown or empty on this slice; `has_reference` says whether it is known at all.
    """

    shape: tuple[int, int]
    size_mm: tuple[float, float]
    look: Look
    layers: tuple[MaskLayer, ...] = ()
    reference: NDArray[np.bool_] | None = None
    has_reference: bool = False
    boxes: tuple[tuple[BoxPrompt, str], ...] = ()
    points: tuple[tuple[PointPrompt, str], ...] = ()
    proposals: tuple[Proposal, ...] = ()
    measures: tuple[Measure, ...] = ()

    @property
    def agreement(self) -> bool:
        """Whether to draw agreement with the reference in place of the masks."""
        return self.look.style == "agreement" and self.has_reference


def resolve_overlay(model: AppModel, plane: Plane, index: int, sections: Sections) -> Overlay:
    """The overlay of slice `index` of `plane` as the model is now."""
    stack, look, document = model.stack_of(plane), model.look, model.document
    seen = [lesion for lesion in document.lesions if lesion.visible]
    prompted = [
        (lesion, prompt)
        for lesion in seen
        if lesion.plane is plane
        for prompt in lesion.prompts
        if prompt.slice == index
    ]
    agreement = look.style == "agreement"
    running = None if model.live is None else model.live.key  # its measures are an older run's
    wanted = model.reference if look.reference or agreement else None
    return Overlay(
        stack.shape[1:],
        physical_size_mm(stack),
        look,
        layers=tuple(_layers(model, seen, stack, index, sections)),
        reference=sections.of_volume(wanted, stack, index),
        has_reference=model.reference is not None,
        boxes=tuple(
            (prompt, lesion.colour)
            for lesion, prompt in prompted
            if isinstance(prompt, BoxPrompt) and lesion.key != document.active
        ),
        points=tuple(
            (prompt, lesion.colour)
            for lesion, prompt in prompted
            if isinstance(prompt, PointPrompt)
        ),
        proposals=proposals_on(model, plane, index),
        measures=_measures([each for each in seen if each.key != running], plane, index),
    )


def nearest_prompt(
    lesion: LesionState, plane: Plane, index: int, at: Point, reach: float
) -> Prompt | None:
    """The prompt of `lesion` under a point: a point within `reach` pixels, else a box or a mask
    that holds it (`reach` wider), the smallest box first."""
    if lesion.plane is not plane:
        return None
    here = [prompt for prompt in lesion.prompts if prompt.slice == index]
    found: list[tuple[int, float, Prompt]] = []
    for prompt in here:
        if isinstance(prompt, PointPrompt):
            away = float(np.hypot(prompt.x - at[0], prompt.y - at[1]))
            rank, size, hit = 0, away, away <= reach
        elif isinstance(prompt, MaskPrompt):
            rank, size, hit = 2, 0.0, _masked_near(prompt.mask, at, reach)
        else:
            rank, size = 1, (prompt.x1 - prompt.x0) * (prompt.y1 - prompt.y0)
            hit = (
                prompt.x0 - reach <= at[0] <= prompt.x1 + reach
                and prompt.y0 - reach <= at[1] <= prompt.y1 + reach
            )
        if hit:
            found.append((rank, size, prompt))
    return min(found, key=lambda each: each[:2])[2] if found else None


def suggestion_at(model: AppModel, index: int, at: Point) -> int | None:
    """The number, from 0, of the suggestion whose box on slice `index` of the large plane holds a
    point: the smallest one. None where none does."""
    x, y = at
    found = [
        ((box.x1 - box.x0) * (box.y1 - box.y0), number)
        for number, suggestion in enumerate(model.document.suggestions)
        for box in [suggestion.box]
        if _suggested_on(suggestion, model.plane, index)
        and box.x0 <= x <= box.x1
        and box.y0 <= y <= box.y1
    ]
    return min(found)[1] if found else None


def _suggested_on(suggestion: Suggestion, plane: Plane, index: int) -> bool:
    extent = suggestion.extent
    return suggestion.plane in (None, plane) and extent.first <= index <= extent.last


def _layers(
    model: AppModel, seen: list[LesionState], stack: SliceStack, index: int, sections: Sections
) -> list[MaskLayer]:
    layers = []
    for lesion in seen:
        source = model.stack_of(lesion.plane)
        mask = sections.of_masks(model.masks_of(lesion.key), source, stack, index)
        if mask is not None:
            layers.append(MaskLayer(mask, lesion.colour, lesion.key == model.document.active))
    return layers


def proposals_on(model: AppModel, plane: Plane, index: int) -> tuple[Proposal, ...]:
    """The suggestions to draw on slice `index` of `plane`: only where that is the large view."""
    if plane is not model.plane:
        return ()
    return tuple(
        Proposal(number, suggestion.box, suggestion.box.slice == index)
        for number, suggestion in enumerate(model.document.suggestions, start=1)
        if _suggested_on(suggestion, plane, index)
    )


def _measures(seen: list[LesionState], plane: Plane, index: int) -> tuple[Measure, ...]:
    """The two diameters of each lesion that has them on this slice."""
    lines: list[Line] = []
    for lesion in seen:
        measured = None if lesion.run is None else lesion.run.measures
        both = None if measured is None else measured.diameters
        if both is not None and both.slice == index and lesion.plane is plane:
            lines += [both.longest, both.perpendicular]
    return tuple(
        # Indices count from voxel centres, pictures from a pixel's corner.
        Measure(
            (line.start[2] + 0.5, line.start[1] + 0.5),
            (line.end[2] + 0.5, line.end[1] + 0.5),
            f"{line.length_mm:.1f} mm",
        )
        for line in lines
    )


def _masked_near(mask: NDArray[np.bool_], at: Point, reach: float) -> bool:
    x, y = at
    rows = slice(max(int(y - reach), 0), int(y + reach) + 1)
    columns = slice(max(int(x - reach), 0), int(x + reach) + 1)
    return bool(mask[rows, columns].any())

"""Where a pass lets go of its object, and whether it still sees it past the reference's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from breastwidget.propagation import GONE_AFTER

PAST = (1, 2, 4)
"""Slices past the reference's end at which presence is looked up."""


@dataclass(frozen=True)
class Walk:
    """One pass over a widened extent, from the prompted slice on.

    Attributes:
        end: the extent's end that the pass runs over, "first" or "last".
        present: whether the engine calls the object present, slice by slice along the pass.
        inside: how many of those slices lie within the reference's extent.
    """

    end: str
    present: tuple[bool, ...]
    inside: int


def stopped(walk: Walk, gone_after: int = GONE_AFTER) -> int:
    """How many slices past the reference's end a pass lets go; negative where it is before it.

    It lets go at the first of ``gone_after`` slices in a row without the object, as an automatic
    extent does; slices that the pass did not visit count as being without it.
    """
    for place in range(len(walk.present)):
        if not any(walk.present[place : place + gone_after]):
            return place - walk.inside
    return len(walk.present) - walk.inside


def present_past(walk: Walk, slices: int) -> float:
    """1.0 where the object is called present so many slices past the end, else 0.0.

    NaN where the pass did not get there because the stack ends before.
    """
    place = walk.inside - 1 + slices
    return float(walk.present[place]) if place < len(walk.present) else float("nan")


def ending(walk: Walk) -> dict[str, object]:
    """The row of one pass: its end, where it stopped, presence at each of ``PAST``."""
    past: dict[str, object] = {f"past {slices}": present_past(walk, slices) for slices in PAST}
    return {"end": walk.end, "stopped": stopped(walk), **past}


def walks(
    present: dict[int, bool], start: int, first: int, last: int, towards: Sequence[str]
) -> list[Walk]:
    """The passes from slice `start` over the ends named in `towards`.

    `present` says for each visited slice whether the object is there; `first` and `last` are the
    reference's extent.
    """
    found = []
    for end in towards:
        step = 1 if end == "last" else -1
        seen = []
        index = start
        while index in present:
            seen.append(present[index])
            index += step
        inside = abs((last if end == "last" else first) - start) + 1
        found.append(Walk(end, tuple(seen), inside))
    return found

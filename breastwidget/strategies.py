"""Strategies: the order in which slices are visited. Pure functions of slice numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from breastwidget.errors import StrategyError

__all__ = ["STRATEGIES", "Extent", "Pass", "parse_strategy", "plan", "replan", "start_slice"]

STRATEGIES = ("center-outward", "top-to-bottom", "bottom-to-top")


@dataclass(frozen=True)
class Extent:
    """The slices that a strategy may visit: `first` to `last`, both included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last or self.first < 0:
            raise StrategyError(
                f"Expected an extent FIRST:LAST with 0 <= FIRST <= LAST, got "
                f"{self.first}:{self.last}."
            )

    def __contains__(self, index: int) -> bool:
        return self.first <= index <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Pass:
    """One unbroken run in one direction with its own memory.

    `slices` are visited in this order. Every prompted slice of the lesion seeds the memory before
    the first of them, whether or not the pass visits it.
    """

    slices: tuple[int, ...]


def parse_strategy(name: str) -> str:
    """Return `name`; raise `StrategyError` listing the valid strategies if it is not one."""
    if name not in STRATEGIES:
        raise StrategyError(f"Unknown strategy {name!r}; choose one of {', '.join(STRATEGIES)}.")
    return name


def start_slice(
    strategy: str,
    extent: Extent,
    top_slice: int,
    areas: Sequence[int] | None = None,
) -> int:
    """The slice on which a protocol gives its prompt: the middle, top or bottom of `extent`.

    `top_slice` is the stack's top end (its first or last slice). With `areas`, the mask area of
    every slice of the stack, center-outward starts at the largest area instead of the middle.
    """
    parse_strategy(strategy)
    if strategy == "center-outward":
        if areas is not None:
            inside = range(extent.first, extent.last + 1)
            return max(inside, key=lambda index: areas[index])
        return (extent.first + extent.last) // 2
    top, bottom = (extent.first, extent.last) if top_slice == 0 else (extent.last, extent.first)
    return top if strategy == "top-to-bottom" else bottom


def plan(
    strategy: str, prompted: Sequence[int], extent: Extent, top_slice: int
) -> tuple[Pass, ...]:
    """The passes of `strategy` over `extent`, for a lesion prompted on the slices `prompted`.

    Center-outward runs from the prompted slice nearest the extent's middle to one end, then from
    its neighbour to the other, each with a fresh memory. The one-way strategies visit the extent
    from end to end. Every slice is visited once.
    """
    parse_strategy(strategy)
    start = _central(prompted, extent)
    if strategy == "center-outward":
        return _both_ways(start, extent)
    return (Pass(_one_way(strategy, extent, top_slice)),)


def replan(
    strategy: str, prompted: Sequence[int], extent: Extent, top_slice: int, corrected: int
) -> tuple[Pass, ...]:
    """The passes that a correction on slice `corrected` makes necessary; the rest stays as it is.

    `prompted` are the slices that the corrected propagation was prompted on, from which its start
    slice follows as in `plan`. Center-outward runs from `corrected` away from the start slice to
    that end of the extent, or both ways again where the start slice itself is corrected. One-way
    strategies run from `corrected` to the end of their order.
    """
    parse_strategy(strategy)
    if corrected not in extent:
        raise StrategyError(
            f"The corrected slice {corrected} lies outside the extent {extent.first}:"
            f"{extent.last}; widen the extent or correct a slice inside it."
        )
    if strategy != "center-outward":
        order = _one_way(strategy, extent, top_slice)
        return (Pass(order[order.index(corrected) :]),)
    start = _central(prompted, extent)
    if corrected == start:
        return _both_ways(start, extent)
    upward, downward = range(corrected, extent.last + 1), range(corrected, extent.first - 1, -1)
    return (Pass(tuple(upward if corrected > start else downward)),)


def _central(prompted: Sequence[int], extent: Extent) -> int:
    """The prompted slice nearest the middle of `extent`; raise if none lies inside it."""
    inside = [index for index in prompted if index in extent]
    if not inside:
        raise StrategyError(
            f"No prompted slice ({', '.join(map(str, prompted)) or 'none'}) lies inside the extent "
            f"{extent.first}:{extent.last}; widen the extent or prompt a slice inside it."
        )
    middle = (extent.first + extent.last) / 2
    return min(inside, key=lambda index: (abs(index - middle), index))


def _both_ways(start: int, extent: Extent) -> tuple[Pass, ...]:
    upward = tuple(range(start, extent.last + 1))
    downward = tuple(range(start - 1, extent.first - 1, -1))
    return tuple(Pass(slices) for slices in (upward, downward) if slices)


def _one_way(strategy: str, extent: Extent, top_slice: int) -> tuple[int, ...]:
    """The slices of `extent` from end to end, as a one-way strategy visits them."""
    first_to_last = (strategy == "top-to-bottom") == (top_slice == 0)
    ascending = range(extent.first, extent.last + 1)
    return tuple(ascending if first_to_last else reversed(ascending))

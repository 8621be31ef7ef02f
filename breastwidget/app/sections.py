"""Masks as any plane shows them, and a small memory for what is drawn again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.document import Masks
from breastwidget.volume import SliceStack

__all__ = ["Recent", "Sections", "cross_section"]

_Made = TypeVar("_Made")
Mask = NDArray[np.bool_]


class Recent:
    """The last `most` things made, by the identity of what they were made from.

    The things that a key is made of are kept with it: an `id` cannot come to mean another object.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, tuple[tuple[object, ...], Any]] = OrderedDict()

    def get(self, sources: tuple[object, ...], extra: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` gave, or gives now, for these very `sources` and an equal `extra`."""
        key = (tuple(id(source) for source in sources), extra)
        if key not in self._made:
            self._made[key] = sources, make()
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        found: _Made = self._made[key][1]
        return found


class Sections:
    """Masks on slices of a plane, looked up once for each (masks, plane, slice)."""

    def __init__(self) -> None:
        self._recent = Recent()

    def of_masks(
        self, masks: Masks, source: SliceStack, target: SliceStack, index: int
    ) -> Mask | None:
        """Slice `index` of `target` through `masks`, which lie on slices of `source`.

        (rows, columns) bool of `target`; None where nothing is. While a propagation streams, an
        untouched slice keeps its array, so what was drawn from it stays good.
        """
        if source.plane is target.plane:
            return masks.on(index)
        return self._recent.get(
            (masks,),
            (source.plane, target.plane, index),
            lambda: cross_section(masks, source, target, index),
        )

    def of_volume(self, inside: Mask | None, target: SliceStack, index: int) -> Mask | None:
        """Slice `index` of `target` through an (i, j, k) mask; None where nothing is."""
        if inside is None:
            return None

        def cut() -> Mask | None:
            picture = target.from_voxels(inside)[index]
            return np.ascontiguousarray(picture) if picture.any() else None

        return self._recent.get((inside,), (target.plane, index), cut)


def cross_section(masks: Masks, source: SliceStack, target: SliceStack, index: int) -> Mask | None:
    """Slice `index` of `target` through masks on slices of another plane, `source`.

    Only one line of each mask is read: a case's whole mask is never put together, which would
    take megabytes for each lesion and be done again for every slice that streams in.
    """

    def in_source(row: int, column: int) -> NDArray[np.int_]:
        voxel = target.to_voxel_index((index, row, column))
        return np.array(source.from_voxel_index(voxel))

    corner = in_source(0, 0)
    by_row, by_column = in_source(1, 0) - corner, in_source(0, 1) - corner
    as_row = bool(by_row[0])  # a source slice shows as one row of the picture, or as one column
    across, along = (by_row[0], by_column) if as_row else (by_column[0], by_row)
    picture = np.zeros(target.shape[1:], dtype=bool)
    for place, mask in masks.by_slice.items():
        line = mask[:, corner[2]] if along[1] else mask[corner[1], :]
        at = (place - corner[0]) * across
        target_line = picture[at] if as_row else picture[:, at]
        target_line[:] = line if along.sum() > 0 else line[::-1]
    return picture if picture.any() else None

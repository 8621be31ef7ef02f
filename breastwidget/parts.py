"""Connected parts of masks: how many, which is the largest, and where they lie.

Masks are 3-D bool arrays in any axis order; voxels that share a corner are connected.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["bounds", "component_count", "crop", "label_parts", "largest_part"]

Mask: TypeAlias = NDArray[np.bool_]


def component_count(mask: Mask) -> int:
    """Number of connected pieces of a mask; voxels that share a corner are connected."""
    inside = np.asarray(mask, dtype=bool)
    return label_parts(inside[bounds(inside)])[1] if inside.any() else 0


def largest_part(mask: Mask) -> Mask:
    """The largest connected piece of a mask, as a mask of the same shape; empty for an empty one.

    A speck away from the lesion would otherwise decide its diameter.
    """
    inside = np.asarray(mask, dtype=bool)
    if not inside.any():
        return inside
    box = bounds(inside)
    labels, pieces = label_parts(inside[box])
    if pieces == 1:
        return inside
    part = np.zeros_like(inside)
    part[box] = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax())
    return part


def label_parts(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """The connected pieces of a mask, numbered from 1 in an int32 array, and how many there are."""
    from scipy import ndimage

    labels, pieces = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))
    return labels, int(pieces)


def bounds(*masks: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The joint bounding box of masks of one shape, any rank; not all of them empty."""
    box = []
    for axis in range(masks[0].ndim):
        others = tuple(other for other in range(masks[0].ndim) if other != axis)
        places = np.concatenate([np.flatnonzero(mask.any(axis=others)) for mask in masks])
        box.append(slice(int(places.min()), int(places.max()) + 1))
    return tuple(box)


def crop(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """A mask, not empty, cut to its bounding box with one voxel of background all around.

    Also returns the index, in `mask`, of the crop's first voxel: -1 where the mask touches the
    border.
    """
    box = bounds(mask)
    return np.pad(mask[box], 1), np.array([part.start - 1 for part in box], dtype=np.int64)

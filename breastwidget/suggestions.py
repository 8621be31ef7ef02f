"""Suggested lesions: compact enhancing parts of a scan, largest and brightest first, as boxes.

For people to accept or dismiss one by one, made from the image alone, without a network: a
threshold between what enhances and what does not, a small opening that cuts thin vessels, connected
parts, and a ranking that prefers round ones. A threshold with connectivity is how the functional
tumour volume is made (Hylton et al., Radiology 2012, 263:663), where a person draws the box first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from breastwidget.parts import bounds, crop
from breastwidget.prompts import BoxPrompt
from breastwidget.strategies import Extent
from breastwidget.volume import SliceStack

__all__ = ["Suggestion", "suggest_lesions"]

Mask: TypeAlias = NDArray[np.bool_]
Spacing: TypeAlias = tuple[float, float, float]
_Corner: TypeAlias = tuple[int, int, int]

# Below this many robust standard deviations of the background, a voxel is noise.
_NOISE_SIGMAS = 3.0
# Gray values above this percentile (vessels, the heart) do not move the threshold.
_BRIGHTEST_PERCENT = 99.9
_SMOOTHING_MM = 0.7
_OPENING_MM = 1.0
_BOX_MARGIN_MM = 1.0
# What is cut off by the border of the scan is mostly heart, chest wall or coil.
_BORDER_WEIGHT = 0.01
# What is thinner than this share of a part's thickest place is cut off: a vessel that feeds it, the
# bridge to its neighbour.
_NECK = 0.35
_COMPACT = 0.5
# Otsu's threshold needs no more voxels than this.
_SAMPLES = 500_000


@dataclass(frozen=True)
class Suggestion:
    """A part of a scan that may be a lesion.

    `box` lies on the slice where the part is largest; `extent` are the slices that it touches.
    `mean_enhancement` is in the image's own gray values. `compactness` in (0, 1] is the radius of
    the largest ball inside over that of a ball of the part's volume: 1 for a ball, little for
    vessels and skin. `score` ranks; it has no unit and compares within one scan only.
    """

    box: BoxPrompt
    extent: Extent
    volume_ml: float
    mean_enhancement: float
    compactness: float
    at_border: bool
    score: float


def suggest_lesions(
    stack: SliceStack, n: int = 10, min_volume_mm3: float = 40.0
) -> tuple[Suggestion, ...]:
    """At most `n` parts that may be lesions, the likeliest first; none where nothing stands out.

    `stack` should show enhancement (a subtraction, post- minus pre-contrast); a post-contrast image
    will do where fat is suppressed. Ranked by volume x mean enhancement x compactness², parts at
    the border of the scan last but for the largest. Parts below `min_volume_mm3` (40 mm³ is a ball
    of 4 mm) are left out.
    """
    image = _smooth(stack.pixels, stack.spacing_mm)
    level = _threshold(image)
    if level is None:
        return ()
    smallest = max(1, math.ceil(min_volume_mm3 / (stack.volume.voxel_volume_ml * 1000.0)))
    found = []
    for part, low in _parts(image > level, stack.spacing_mm, smallest):
        window = tuple(slice(a, a + size) for a, size in zip(low, part.shape, strict=True))
        found.append(_describe(part, low, float(image[window][part].mean()), stack))
    return tuple(sorted(found, key=lambda each: -each.score)[: max(n, 0)])


def _smooth(pixels: NDArray[Any], spacing: Spacing) -> NDArray[np.float32]:
    """`pixels` as float32 with a little of the noise taken away; NaN and infinities as 0."""
    from scipy import ndimage

    image = np.asarray(pixels, dtype=np.float32)
    if pixels.dtype.kind == "f":
        image = np.where(np.isfinite(image), image, np.float32(0))
    # No smoothing across slices thicker than this reaches.
    sigma = [_SMOOTHING_MM / step if step < 3 * _SMOOTHING_MM else 0.0 for step in spacing]
    return np.asarray(ndimage.gaussian_filter(image, sigma, truncate=2.0))


def _threshold(image: NDArray[np.float32]) -> float | None:
    """Otsu's threshold of the gray values that stand out of the background's noise."""
    from skimage.filters import threshold_otsu

    values = image.ravel()[:: max(1, image.size // _SAMPLES)]
    middle = float(np.median(values))
    sigma = 1.4826 * float(np.median(np.abs(values - middle)))
    top = float(np.percentile(values, _BRIGHTEST_PERCENT))
    standing_out = values[(values > middle + _NOISE_SIGMAS * sigma) & (values <= top)]
    if standing_out.size < 2 or np.ptp(standing_out) == 0:
        return None
    return float(threshold_otsu(standing_out))


def _parts(mask: Mask, spacing: Spacing, min_voxels: int) -> list[tuple[Mask, _Corner]]:
    """The connected parts of the opened mask, each cut to its bounding box, and the box's corner.

    Voxels that share a face are connected here, so that vessels part sooner.
    """
    from scipy import ndimage

    opened = _opened(mask, spacing)
    if not opened.any():
        return []
    whole = bounds(opened)
    labels, count = ndimage.label(opened[whole])
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    parts = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if sizes[number] < min_voxels:
            continue
        for piece in _cut_at_necks(np.asarray(labels[box] == number), spacing, min_voxels):
            inner = bounds(piece)
            corners = zip(whole, box, inner, strict=True)
            i, j, k = (sum(side.start for side in axis) for axis in corners)
            parts.append((piece[inner], (i, j, k)))
    return parts


def _opened(mask: Mask, spacing: Spacing) -> Mask:
    """`mask` without what is thinner than the opening; beyond the volume's border it goes on."""
    from scipy import ndimage

    if not mask.any():
        return mask
    ball = _ellipsoid(_OPENING_MM, spacing)
    reach = max(ball.shape)
    padded = np.pad(mask, reach, mode="edge")
    box = bounds(padded)
    padded[box] = ndimage.binary_opening(padded[box], ball)
    return padded[(slice(reach, -reach),) * 3]


def _cut_at_necks(part: Mask, spacing: Spacing, min_voxels: int) -> list[Mask]:
    """The bodies of `part`, opened by a ball that fits its thickest place, and compact leftovers.

    What else is left over, vessels and frayed edges, is nobody's lesion.
    """
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(part, 1), sampling=spacing)[(slice(1, -1),) * 3]
    radius = _NECK * float(depth.max())
    body = part & (ndimage.distance_transform_edt(depth <= radius, sampling=spacing) <= radius)
    bodies, rest = _pieces(body, min_voxels), _pieces(part & ~body, min_voxels)
    return bodies + [piece for piece in rest if _compactness(piece, spacing) >= _COMPACT]


def _pieces(mask: Mask, min_voxels: int) -> list[Mask]:
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    large = np.flatnonzero(sizes >= min_voxels)
    return [np.asarray(labels == number) for number in large if number > 0]


def _compactness(part: Mask, spacing: Spacing) -> float:
    """The radius of the largest ball inside `part` over that of a ball of its volume; 1 at most."""
    from scipy import ndimage

    cropped, _ = crop(part)
    # Distances run to the centre of the nearest voxel outside: half a voxel too far.
    half = 0.5 * min(spacing)
    inscribed = float(ndimage.distance_transform_edt(cropped, sampling=spacing).max()) - half
    volume_mm3 = np.count_nonzero(part) * float(np.prod(spacing))
    return float(min(1.0, max(inscribed, half) / (3 * volume_mm3 / (4 * np.pi)) ** (1 / 3)))


def _ellipsoid(radius_mm: float, spacing: Spacing) -> Mask:
    """The voxels whose centres lie within `radius_mm` of the middle one's."""
    reach = [int(radius_mm / step) for step in spacing]
    offsets = np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij")
    squares = sum((offset * step) ** 2 for offset, step in zip(offsets, spacing, strict=True))
    return np.asarray(squares <= radius_mm**2)


def _describe(part: Mask, low: _Corner, mean: float, stack: SliceStack) -> Suggestion:
    volume_ml = int(part.sum()) * stack.volume.voxel_volume_ml
    compactness = _compactness(part, stack.spacing_mm)
    at_border = any(
        start == 0 or start + size == whole
        for start, size, whole in zip(low, part.shape, stack.shape, strict=True)
    )
    score = volume_ml * mean * compactness**2 * (_BORDER_WEIGHT if at_border else 1.0)
    best = int(part.sum(axis=(1, 2)).argmax())
    return Suggestion(
        _box(part[best], low, best, stack),
        Extent(low[0], low[0] + part.shape[0] - 1),
        volume_ml,
        mean,
        compactness,
        at_border,
        score,
    )


def _box(picture: Mask, low: _Corner, index: int, stack: SliceStack) -> BoxPrompt:
    """A box with a small margin around the part on its slice `index`."""
    (rows, columns), (_, height, width) = bounds(picture), stack.shape
    dy, dx = (_BOX_MARGIN_MM / step for step in stack.spacing_mm[1:])
    return BoxPrompt(
        low[0] + index,
        float(max(0.0, low[2] + columns.start - dx)),
        float(max(0.0, low[1] + rows.start - dy)),
        float(min(width, low[2] + columns.stop + dx)),
        float(min(height, low[1] + rows.stop + dy)),
    )

"""Pictures of the cases that went worst: ``--pictures DIR`` of ``training.evaluate``.

Those of synthetic and phantom cases are the ones for the model card. Pictures of real cases are
for looking at during development: nothing cut from them may go into the repository, and
``refuse_inside`` sees to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from breastwidget.display import (
    BOX_COLOUR,
    REFERENCE_COLOUR,
    RESULT_COLOURS,
    contours,
    to_gray,
    window_range,
)
from breastwidget.prompts import BoxPrompt
from breastwidget.report_pictures import Region, find_region
from breastwidget.volume import SliceStack

TILE = 190
"""Width of one slice in pixels."""

COLUMNS = 6
"""Slices in a row: the prompted one and five on the way to an end."""

_FOUND_COLOUR = RESULT_COLOURS[0]
_CAPTION = 18


@dataclass(frozen=True, eq=False)
class Outcome:
    """A run to look at: the stack, its reference and mask (slice, row, column), the box."""

    group: str
    name: str
    stack: SliceStack
    reference: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    box: BoxPrompt
    dice: float


@dataclass
class Worst:
    """Keeps the outcomes of lowest Dice, `count` of each of some groups."""

    groups: Sequence[str]
    count: int = 4
    _kept: dict[str, list[Outcome]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Keep `outcome` while it is among its group's worst."""
        if outcome.group in self.groups:
            kept = [*self._kept.get(outcome.group, []), outcome]
            self._kept[outcome.group] = sorted(kept, key=lambda each: each.dice)[: self.count]

    @property
    def outcomes(self) -> list[Outcome]:
        """What was kept, worst first within each group."""
        return [each for group in self.groups for each in self._kept.get(group, [])]

    def save(self, folder: Path) -> list[Path]:
        """Write one PNG each into `folder`, made if need be; return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for outcome in self.outcomes:
            path = folder / f"{outcome.name.replace(' ', '-').lower()}.png"
            draw_outcome(outcome).save(path)
            paths.append(path)
        return paths


def refuse_inside(folder: Path, repository: Path, groups: Sequence[str]) -> str | None:
    """Why pictures of `groups` may not be written into `folder`, or None where they may."""
    if "real" in groups and folder.resolve().is_relative_to(repository.resolve()):
        return (
            f"pictures of real cases must stay outside the repository, got {folder}; give a folder "
            "elsewhere, or leave 'real' out."
        )
    return None


def shown_slices(start: int, end: int, count: int = COLUMNS) -> list[int]:
    """At most `count` slices from `start` to `end`, both included, evenly spread."""
    steps = min(count, abs(end - start) + 1)
    return [round(float(place)) for place in np.linspace(start, end, steps)]


def draw_outcome(outcome: Outcome) -> Image.Image:
    """Two rows of slices from the prompted one outward, one to each end of the lesion.

    Ends are those of the reference and the mask together. The reference is blue, what was found
    orange, the box white.
    """
    stack, either = outcome.stack, outcome.reference | outcome.mask
    region = find_region(
        [outcome.reference, outcome.mask], [outcome.box], stack.shape, stack.spacing_mm
    )
    seen = np.flatnonzero(either.any(axis=(1, 2)))
    rows = [shown_slices(outcome.box.slice, int(seen[end])) for end in (0, -1)]
    window = window_range(
        stack.pixels[:, region.row0 : region.row1, region.column0 : region.column1]
    )
    tiles = [[_tile(outcome, index, region, window) for index in row] for row in rows]
    height = tiles[0][0].height
    picture = Image.new("RGB", (COLUMNS * TILE, 2 * height + 2 * _CAPTION), "black")
    for row, line in enumerate(tiles):
        for column, tile in enumerate(line):
            picture.paste(tile, (column * TILE, 2 * _CAPTION + row * height))
    _legend(picture, outcome)
    return picture


def _tile(outcome: Outcome, index: int, region: Region, window: tuple[float, float]) -> Image.Image:
    """One slice's region, its outlines and its caption."""
    rows, columns = slice(region.row0, region.row1), slice(region.column0, region.column1)
    gray = to_gray(np.asarray(outcome.stack.pixels[index, rows, columns]), *window)
    _, row_mm, column_mm = outcome.stack.spacing_mm
    across = (TILE - 4) / gray.shape[1]
    down = across * row_mm / column_mm
    size = (TILE - 4, max(1, round(gray.shape[0] * down)))
    tile = Image.new("RGB", (TILE, size[1] + _CAPTION + 4), "black")
    tile.paste(Image.fromarray(gray).resize(size, Image.Resampling.BICUBIC), (2, _CAPTION))
    draw = ImageDraw.Draw(tile)
    for mask, colour in ((outcome.reference, REFERENCE_COLOUR), (outcome.mask, _FOUND_COLOUR)):
        for line in contours(mask[index, rows, columns]):
            points = [(2 + x * across, _CAPTION + y * down) for x, y in line]
            draw.line(points, fill=colour, width=2)
    away = index - outcome.box.slice
    if away == 0:
        box, (dx, dy) = outcome.box, (region.column0, region.row0)
        corners = ((box.x0 - dx, box.y0 - dy), (box.x1 - dx, box.y1 - dy))
        draw.rectangle(
            [(2 + x * across, _CAPTION + y * down) for x, y in corners], None, BOX_COLOUR
        )
    where = "prompted" if away == 0 else f"{away:+d}"
    draw.text((4, 2), f"slice {index} ({where})", "white", ImageFont.load_default(12))
    return tile


def _legend(picture: Image.Image, outcome: Outcome) -> None:
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    head = f"{outcome.name}: volume Dice {outcome.dice:.2f}   "
    left = 6.0
    parts = ((head, "white"), ("reference   ", REFERENCE_COLOUR), ("found   ", _FOUND_COLOUR))
    for text, colour in (*parts, ("box", BOX_COLOUR)):
        if colour != "white":
            draw.line([(left, 14), (left + 24, 14)], fill=colour, width=3)
            left += 30
        draw.text((left, 6), text, colour, font)
        left += draw.textlength(text, font)

"""Tables of the evaluation: rows of `protocols` in, one markdown table each out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.table import markdown
from training.evaluation_cases import GROUPS

DISTANCES = (0, 1, 3, 6, 11, 21)
"""First distance, in slices, of each column of the table by distance."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table ready to print: numbers are formatted by their column's name (`cell`)."""

    title: str
    frame: pd.DataFrame
    note: str

    def markdown(self) -> str:
        """The table as markdown, with its conventions in a line beneath."""
        header = [str(column) for column in self.frame.columns]
        rows = [
            [cell(name, value) for name, value in zip(header, row, strict=True)]
            for row in self.frame.itertuples(index=False, name=None)
        ]
        return f"{markdown(self.title, header, rows)}\n{self.note}\n"


def cell(column: str, value: object) -> str:
    """A value as text: whole numbers as they are, shares as percent, ms and slices to a tenth."""
    if not isinstance(value, float | np.floating):
        return str(value)
    if math.isnan(value):
        return "–"
    if column.endswith("%"):
        return f"{100 * value:.0f} %"
    return f"{value:.1f}" if column.endswith(("ms", "slices")) else f"{value:.3f}"


def groups(frame: pd.DataFrame) -> list[str]:
    """The groups of cases that a frame has, in their order."""
    found = set(frame["group"]) if len(frame) else set()
    return [group for group in GROUPS if group in found]


def pick(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """The rows whose columns have the wanted values."""
    keep = pd.Series(True, index=frame.index)
    for column, value in wanted.items():
        keep &= frame[column] == value
    return frame[keep]


def keys(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The combinations of values that some columns take, as they first come."""
    unique = frame[list(columns)].drop_duplicates()
    return [tuple(map(str, row)) for row in unique.itertuples(index=False, name=None)]


def accuracy(runs: pd.DataFrame) -> Table:
    """Dice by strategy and prompt over the reference's extent, one row each."""
    runs = pick(runs, reach="reference")
    rows = []
    for strategy, prompt in keys(runs, ("strategy", "prompt")):
        row: dict[str, object] = {"strategy": strategy, "prompt": prompt}
        for group in groups(runs):
            here = pick(runs, strategy=strategy, prompt=prompt, group=group)
            name = f"{group} ({here['case'].nunique()})"
            row[f"{name}: prompted slice"] = here["prompted slice"].mean()
            row[f"{name}: volume"] = here["volume"].mean()
        rows.append(row)
    return Table(
        "Dice by strategy and prompt",
        pd.DataFrame(rows),
        "Mean Dice over cases (both masks empty: 1; one empty: 0), reference's extent, prompt from "
        "the reference: box: tight, on the strategy's start slice (middle, top, bottom of the "
        "extent, or the nearest slice that shows the lesion, however few pixels); box +10 %, "
        "+25 %: its sides 1.10 and 1.25 times as long, each moved outward by half of that and cut "
        "at the picture's edge; mask: the reference on that slice; middle box: tight, on the "
        "middle slice. With a mask the prompted slice is the mask itself.",
    )


def by_case(runs: pd.DataFrame) -> Table:
    """Dice of each case, center-outward with a box and a mask and the one-way boxes."""
    runs = pick(runs, reach="reference")
    shown = {
        "center-outward, box": ("center-outward", "box"),
        "center-outward, mask": ("center-outward", "mask"),
        "top-to-bottom, box": ("top-to-bottom", "box"),
        "bottom-to-top, box": ("bottom-to-top", "box"),
    }
    rows = []
    for group, kind, case in keys(runs, ("group", "kind", "case")):
        here = pick(runs, group=group, case=case)
        first = pick(here, strategy="center-outward", prompt="box")
        row: dict[str, object] = {
            "group": group,
            "kind": kind,
            "case": case,
            "number of slices": int(here["slices"].iloc[0]),
            "prompted slice": first["prompted slice"].mean(),
            **{
                name: pick(here, strategy=strategy, prompt=prompt)["volume"].mean()
                for name, (strategy, prompt) in shown.items()
            },
            "size ratio": first["size ratio"].mean(),
        }
        rows.append(row)
    return Table(
        "Case by case",
        pd.DataFrame(rows),
        "Volume Dice, reference's extent. Number of slices: in the reference's extent; prompted "
        "slice and size ratio (voxels found over reference's): center-outward with a box.",
    )


def by_kind(runs: pd.DataFrame) -> Table:
    """Center-outward Dice by the kind of picture."""
    runs = pick(runs, reach="reference", strategy="center-outward")
    rows = []
    for group, kind in keys(runs, ("group", "kind")):
        box = pick(runs, group=group, kind=kind, prompt="box")
        mask = pick(runs, group=group, kind=kind, prompt="mask")
        rows.append(
            {
                "group": group,
                "kind": kind,
                "cases": len(box),
                "prompted slice, box": box["prompted slice"].mean(),
                "volume, box": box["volume"].mean(),
                "volume, mask": mask["volume"].mean(),
            }
        )
    return Table(
        "Dice by kind of picture",
        pd.DataFrame(rows),
        "Mean Dice over cases, center-outward, reference's extent.",
    )


def by_distance(slices: pd.DataFrame) -> Table:
    """Dice of the slices that show the lesion, by their distance from the prompted one."""
    slices = pick(slices, reach="reference")
    slices = slices[slices["there"]]
    rows = []
    for group in groups(slices):
        for strategy, prompt in keys(slices, ("strategy", "prompt")):
            if prompt not in ("box", "mask", "middle box"):
                continue
            here = pick(slices, group=group, strategy=strategy, prompt=prompt)
            row: dict[str, object] = {"group": group, "strategy": strategy, "prompt": prompt}
            for place, first in enumerate(DISTANCES):
                after = [*DISTANCES, None][place + 1]
                far = here["distance"].abs()
                inside = (far >= first) if after is None else (far >= first) & (far < after)
                row[_span(first, after)] = here[inside].groupby("case")["dice"].mean().mean()
            rows.append(row)
    return Table(
        "Dice by distance from the prompted slice",
        pd.DataFrame(rows),
        "Columns: distance in slices. Dice of each slice whose reference shows the lesion (0 where "
        "nothing was found), mean within a case, then over the cases that reach so far.",
    )


def _span(first: int, after: int | None) -> str:
    if after is None:
        return f"≥ {first}"
    return str(first) if after == first + 1 else f"{first}–{after - 1}"

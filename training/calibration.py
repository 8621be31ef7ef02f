"""Whether predicted IoU and object score mean what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.tables import Table, groups, pick

BINS = 10


def reliability(
    said: Sequence[float], true: Sequence[float], bins: int = BINS
) -> list[tuple[int, float, float]]:
    """Count, mean of `said` and mean of `true` in each of `bins` equal parts of [0, 1].

    A value on an edge belongs to the upper part, 1 to the last; an empty part has NaN means.
    """
    first, second = np.asarray(said, dtype=float), np.asarray(true, dtype=float)
    # Rounding keeps 0.3 * 10 = 3.0000000000000004 and its like at their edge.
    part = np.minimum(np.floor(np.round(first * bins, 9)), bins - 1).astype(int)
    return [(int((part == k).sum()), _mean(first[part == k]), _mean(second[part == k]))
            for k in range(bins)]  # fmt: skip


def calibration_error(said: Sequence[float], true: Sequence[float], bins: int = BINS) -> float:
    """Expected calibration error: |mean said - mean true| of the bins, weighted by their counts.

    Naeini et al., AAAI 2015. NaN without values.
    """
    found = [row for row in reliability(said, true, bins) if row[0]]
    total = sum(count for count, _, _ in found)
    if not total:
        return math.nan
    return sum(count * abs(mean - truth) for count, mean, truth in found) / total


def correlation(said: Sequence[float], true: Sequence[float]) -> float:
    """Pearson's correlation; NaN for fewer than two values, or where one side does not vary."""
    first, second = np.asarray(said, dtype=float), np.asarray(true, dtype=float)
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else math.nan


def judged(slices: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The slices of widened box runs that count for predicted IoU, and for the object score.

    IoU: the object is called present, and the reference shows it. Score: all but the prompted one.
    """
    wide = pick(slices, reach="widened", prompt="box")
    return wide[wide["there"] & wide["present"]], wide[wide["distance"] != 0]


def _binned(frame: pd.DataFrame, said: str, true: str, names: tuple[str, str]) -> pd.DataFrame:
    """One row for each part of [0, 1], three columns for each group of cases."""
    edges = [f"{k / BINS:.1f}–{(k + 1) / BINS:.1f}" for k in range(BINS)]
    columns: dict[str, list[object]] = {"said": list(edges)}
    for group in groups(frame):
        here = pick(frame, group=group)
        found = reliability(here[said].tolist(), here[true].astype(float).tolist())
        columns[f"{group}: count"] = [row[0] for row in found]
        columns[f"{group}: {names[0]}"] = [row[1] for row in found]
        columns[f"{group}: {names[1]}"] = [row[2] for row in found]
    return pd.DataFrame(columns)


def iou_table(slices: pd.DataFrame) -> Table:
    """Predicted IoU against the true one, in bins."""
    frame = _binned(judged(slices)[0], "predicted iou", "iou", ("mean predicted", "mean true"))
    return Table(
        "Predicted IoU against true IoU",
        frame,
        "Slices of the widened box runs of all strategies that show the lesion and on which the "
        "object is called present, the prompted one included.",
    )


def score_table(slices: pd.DataFrame) -> Table:
    """The object score against whether the object is there, in bins."""
    frame = _binned(judged(slices)[1], "score", "there", ("mean score", "share there"))
    return Table(
        "Object score against presence",
        frame,
        "Tracked slices of the widened box runs of all strategies; score: the sigmoid of SAM 2's "
        "object score; there: the reference shows the lesion.",
    )


def calibration_figures(slices: pd.DataFrame) -> Table:
    """One row for each group: how far off both are over all."""
    ious, scores = judged(slices)
    rows = []
    for group in groups(scores):
        iou, score = pick(ious, group=group), pick(scores, group=group)
        there = score["there"].astype(float).tolist()
        said, true = iou["predicted iou"].tolist(), iou["iou"].tolist()
        right = (score["score"] >= 0.5) == score["there"]
        rows.append(
            {
                "group": group,
                "IoU: count": len(iou),
                "IoU: mean absolute error": (iou["predicted iou"] - iou["iou"]).abs().mean(),
                "IoU: mean predicted − true": (iou["predicted iou"] - iou["iou"]).mean(),
                "IoU: correlation": correlation(said, true),
                "score: count": len(score),
                "score: right, %": right.mean(),
                "score: calibration error": calibration_error(score["score"].tolist(), there),
            }
        )
    return Table(
        "Calibration in figures",
        pd.DataFrame(rows),
        "The slices of the two tables above. Right: score at least 0.5 where the lesion is there, "
        "below where it is not. Calibration error: |mean score − share there|, weighted over bins.",
    )

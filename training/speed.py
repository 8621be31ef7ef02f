"""What a slice costs, from the seconds that the engine reports for each."""

from __future__ import annotations

import math

import pandas as pd

from training.tables import Table, groups, pick


def speed_figures(slices: pd.DataFrame) -> dict[str, float]:
    """Median milliseconds of encoding, of a prompted and of a tracked slice, and of all together.

    A tracked slice is one that needed no encoding; encoding is what the others take longer, for
    each slice encoded on the way (several at a time). The prompted slice is its decoding and
    its memory, without its encoding. All together: seconds of the first run of a case
    (center-outward, box: nothing is encoded yet) over its slices, the median of the cases.
    Runs with an automatic extent are left out: slices that only look for its start give no row.
    """
    slices = pick(slices, reach="reference")
    first = pick(slices, strategy="center-outward", prompt="box")
    cold = first.groupby(["group", "case"])["seconds"].mean().median()
    tracked = slices[slices["distance"] != 0]
    track = tracked.loc[tracked["encoded"] == 0, "seconds"].median()
    busy = tracked[tracked["encoded"] > 0]
    encode = ((busy["seconds"] - track) / busy["encoded"]).median()
    # With nothing to encode a prompted slice is a known one, of which the outcome was kept.
    prompted = slices[(slices["distance"] == 0) & (slices["encoded"] > 0)]
    prompt = (prompted["seconds"] - encode * prompted["encoded"]).median()
    figures = {"encoding": encode, "prompted": prompt, "tracked": track, "all": cold}
    return {name: 1000.0 * float(value) for name, value in figures.items()}


def speed(slices: pd.DataFrame, threads: int) -> Table:
    """Milliseconds a slice, by group of cases."""
    rows = []
    for group in groups(slices):
        found = speed_figures(pick(slices, group=group))
        rows.append(
            {
                "group": group,
                "encoding, ms": found["encoding"],
                "prompted slice, ms": found["prompted"],
                "tracked slice, ms": found["tracked"],
                "a slice of a first run, ms": found["all"],
            }
        )
    return Table(
        "Milliseconds a slice",
        pd.DataFrame(rows),
        f"Medians, {threads} threads; they mean something on a quiet machine only. Prompted and "
        "tracked slices without their encoding; a first run: center-outward, box, everything "
        "included, nothing encoded before.",
    )


def first_run_ms(slices: pd.DataFrame) -> float:
    """Milliseconds a slice of a first run, over all cases; NaN without slices."""
    return speed_figures(slices)["all"] if len(slices) else math.nan

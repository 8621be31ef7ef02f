"""Tables on the end of the lesion: past it, before it, and what an automatic extent costs."""

from __future__ import annotations

import math

import pandas as pd

from training.endings import PAST
from training.tables import Table, groups, keys, pick


def ends(endings: pd.DataFrame) -> Table:
    """How often a pass keeps going past the reference's end, or lets go before it."""
    rows = []
    for group in groups(endings):
        for strategy, prompt in keys(endings, ("strategy", "prompt")):
            here = pick(endings, group=group, strategy=strategy, prompt=prompt)
            early, late = here[here["stopped"] < 0], here[here["stopped"] > 0]
            count = len(here)
            rows.append(
                {
                    "group": group,
                    "strategy": strategy,
                    "prompt": prompt,
                    "passes": count,
                    **{f"present {k} past, %": here[f"past {k}"].mean() for k in PAST},
                    "lets go early, %": len(early) / count if count else math.nan,
                    "early by, slices": -early["stopped"].mean(),
                    "goes on, %": len(late) / count if count else math.nan,
                    "on for, slices": late["stopped"].mean(),
                }
            )
    return Table(
        "Past the end, and before it",
        pd.DataFrame(rows),
        "Passes run from the prompt to 8 slices past the reference's end (as far as the stack "
        "goes). Present k past: share of passes that call the object present k slices after the "
        "reference's last, among those whose stack reaches there. A pass lets go at the first of "
        "two slices in a row without the object, as an automatic extent does; early, on: before "
        "the reference's end, after it; by and for how many slices, the mean of those passes (8 "
        "at most past the end).",
    )


def automatic(runs: pd.DataFrame) -> Table:
    """Dice with an automatic extent beside that with the reference's."""
    free = pick(runs, reach="automatic")
    given = pick(runs, reach="reference")
    rows = []
    for group in groups(free):
        for strategy, prompt in keys(free, ("strategy", "prompt")):
            here = {"group": group, "strategy": strategy, "prompt": prompt}
            lost = paired(pick(given, **here), pick(free, **here))
            rows.append(
                {
                    **here,
                    "reference's extent": lost["first"].mean(),
                    "automatic extent": lost["second"].mean(),
                    "Dice lost": lost["lost"].mean(),
                    "most lost in a case": lost["lost"].max(),
                }
            )
    return Table(
        "Automatic extent",
        pd.DataFrame(rows),
        "Mean volume Dice. Automatic: a pass ends after two slices in a row without the object; "
        "one-way strategies first look for their start from the prompt.",
    )


def paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Volume Dice of two sets of runs case by case: columns first, second, lost (first - second).

    Only cases that both have; one run for each case and group.
    """
    index = ["group", "case"]
    both = pd.concat(
        {
            "first": first.set_index(index)["volume"],
            "second": second.set_index(index)["volume"],
        },
        axis=1,
        join="inner",
    )
    return both.assign(lost=both["first"] - both["second"])

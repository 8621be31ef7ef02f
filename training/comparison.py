"""The engine beside the baselines, and beside the figures that it should reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from training.extents import paired
from training.speed import first_run_ms
from training.tables import Table, groups, keys, pick

ENGINE = "nano"


def better(runs: pd.DataFrame, baselines: Sequence[str]) -> pd.Series:
    """By (group, case): whether the engine's volume Dice is above that of every baseline.

    `runs` are of one strategy, prompt and reach, all engines; cases that a baseline lacks are
    left out.
    """
    volumes = runs.pivot(index=["group", "case"], columns="engine", values="volume")
    volumes = volumes[[ENGINE, *baselines]].dropna()
    return volumes[ENGINE] > volumes[list(baselines)].max(axis=1)


def baseline_table(runs: pd.DataFrame, baselines: Sequence[str]) -> Table:
    """Mean Dice of the engine and of each baseline, and how often the engine is better."""
    runs = pick(runs, reach="reference")
    runs = runs[runs["prompt"].isin(["box", "mask"])]
    rows = []
    for group in groups(runs):
        for strategy, prompt in keys(runs, ("strategy", "prompt")):
            here = pick(runs, group=group, strategy=strategy, prompt=prompt)
            engines = [ENGINE, *baselines]
            row: dict[str, object] = {"group": group, "strategy": strategy, "prompt": prompt}
            for measure in ("prompted slice", "volume"):
                for engine in engines:
                    value = pick(here, engine=engine)[measure].mean()
                    row[f"{measure}: {engine}"] = value
            for name, against in [(b, [b]) for b in baselines] + [("all of them", baselines)]:
                wins = better(here, against)
                row[f"better than {name}"] = f"{int(wins.sum())} of {len(wins)}"
            rows.append(row)
    return Table(
        f"Beside the baselines: {', '.join(baselines)}",
        pd.DataFrame(rows),
        "Mean Dice over cases; the same prompts, the reference's extent. Better: volume Dice above "
        "the baseline's, in how many of the cases.",
    )


@dataclass(frozen=True)
class Goal:
    """A figure to reach.

    `value` is NaN where it was not measured; `text` is how it reads and `bounds` how floor and aim
    do, where a plain number would not say it.
    """

    name: str
    floor: float
    aim: float
    value: float
    text: str = ""
    lower_is_better: bool = False
    bounds: tuple[str, str] | None = None

    @property
    def verdict(self) -> str:
        """ "aim", "floor", "below the floor", or "not measured"."""
        if math.isnan(self.value):
            return "not measured"
        sign = -1.0 if self.lower_is_better else 1.0
        if sign * self.value >= sign * self.aim:
            return "aim"
        return "floor" if sign * self.value >= sign * self.floor else "below the floor"


def goals(runs: pd.DataFrame, slices: pd.DataFrame, baselines: Sequence[str]) -> list[Goal]:
    """The eight figures of the embedded checkpoint, from the rows of one group of cases."""
    given = pick(runs, engine=ENGINE, reach="reference")
    center = pick(given, strategy="center-outward")
    box = pick(center, prompt="box")
    free = pick(runs, engine=ENGINE, reach="automatic", strategy="center-outward", prompt="box")
    loose = pick(center, prompt="box +25 %")
    one_way = [
        float(pick(given, strategy=strategy, prompt="box")["volume"].mean())
        for strategy in ("top-to-bottom", "bottom-to-top")
    ]
    both = " and ".join(f"{value:.3f}" for value in one_way)
    mask = float(pick(center, prompt="mask")["volume"].mean())
    first = pick(slices, engine=ENGINE)
    return [
        Goal("prompted slice, box", 0.90, 0.93, float(box["prompted slice"].mean())),
        Goal("volume, box, center-outward", 0.70, 0.82, float(box["volume"].mean())),
        Goal("volume, mask, center-outward", 0.75, 0.86, mask),
        Goal("volume, box, one-way (the lower)", 0.50, 0.65, min(one_way), both),
        _baseline_goal(runs, baselines),
        Goal("automatic extent: Dice lost", 0.08, 0.03, _lost(box, free), "", True),
        Goal("box +25 %: Dice lost", 0.06, 0.02, _lost(box, loose), "", True),
        Goal("milliseconds a slice", 60.0, 25.0, first_run_ms(first), "", True),
    ]


def _lost(first: pd.DataFrame, second: pd.DataFrame) -> float:
    return float(paired(first, second)["lost"].mean())


def _baseline_goal(runs: pd.DataFrame, baselines: Sequence[str]) -> Goal:
    """Floor: better than each baseline on average; aim: than both on 90 % of the cases."""
    name = "better than all baselines, share of cases, box, center-outward"
    here = pick(runs, reach="reference", strategy="center-outward", prompt="box")
    bounds = ("ahead of each on average", "ahead, on 90 %")
    if not baselines:
        return Goal(name, 0.0, 0.9, math.nan, bounds=bounds)
    wins = better(here, baselines)
    means = here.groupby("engine")["volume"].mean()
    ahead = bool((means[list(baselines)] < means[ENGINE]).all())
    on_average = "yes" if ahead else "no"
    text = f"{on_average} on average; {int(wins.sum())} of {len(wins)} cases"
    share = float(wins.mean()) if len(wins) else math.nan
    # Behind on average is below the floor, whatever the share.
    return Goal(name, 0.0, 0.9, share if ahead else -1.0, text, bounds=bounds)


def goal_table(runs: pd.DataFrame, slices: pd.DataFrame, baselines: Sequence[str]) -> Table:
    """The eight figures: floor, aim, and what was reached on each group of cases."""
    rows: list[dict[str, object]] = []
    reached = {
        group: goals(pick(runs, group=group), pick(slices, group=group), baselines)
        for group in groups(runs)
    }
    for place in range(8):
        row: dict[str, object] = {}
        for group, found in reached.items():
            goal = found[place]
            floor, aim = goal.bounds or (f"{goal.floor:g}", f"{goal.aim:g}")
            row.update({"figure": goal.name, "floor": floor, "aim": aim})
            row[group] = goal.text or (f"{goal.value:.3f}" if goal.value == goal.value else "–")
            row[f"{group} reaches"] = goal.verdict
        rows.append(row)
    return Table(
        "The figures to reach",
        pd.DataFrame(rows),
        "Synthetic: held-out scenes of the training's own generator. Real: development figures on "
        "the few cases at hand, not those of unseen data. Reference's extent and tight box on the "
        "start slice unless said. Better than the baselines: the floor is being ahead of each on "
        "average, the aim also ahead of all on 90 % of the cases. Milliseconds: on a "
        "quiet machine with two threads only.",
    )

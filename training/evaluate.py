"""Evaluate the embedded checkpoint: ``python -m training.evaluate [--weights FILE]``.

Prints markdown tables for held-out synthetic scenes, the package's phantoms and the real cases
beside the repository. The real ones are for validation only: never trained on, never used to
choose a checkpoint; looked at during development, so their figures are development figures.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pandas as pd
import torch

from benchmarks.table import machine
from breastwidget.engines.base import Engine
from breastwidget.engines.checkpoints import find_checkpoint
from breastwidget.engines.factory import create_engine
from breastwidget.errors import BreastWidgetError
from breastwidget.prompts import BoxPrompt
from training import calibration, comparison, extents, speed, tables
from training.evaluation_cases import GROUPS, Case, phantom_cases, real_cases, synthetic_cases
from training.failures import Outcome, Worst, refuse_inside
from training.protocols import PROMPTS, Findings, Mask, Target, Trial, evaluate_case

REPOSITORY = Path(__file__).parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"
BASELINES = ("otsu", "random-walker")
BASELINE_PROMPTS = ("box", "mask")


@dataclass(frozen=True)
class Evaluation:
    """All rows: one for each run, each slice that a run visited, each pass of a widened run."""

    runs: pd.DataFrame
    slices: pd.DataFrame
    endings: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write ``runs.csv``, ``slices.csv`` and ``endings.csv``."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("runs", "slices", "endings"):
            getattr(self, name).to_csv(folder / f"{name}.csv", index=False)


def evaluate(
    cases: Iterable[Case],
    engine: Engine,
    baselines: Mapping[str, Engine],
    worst: Worst,
    kinds: Sequence[str] = PROMPTS,
) -> Evaluation:
    """Run the engine and the baselines over all cases; one line is printed for each case.

    `kinds` are the prompts to give, of ``PROMPTS``.
    """
    beside = [kind for kind in BASELINE_PROMPTS if kind in kinds]
    all_rows = Findings()
    for case in cases:
        found = Findings()
        for trial, mask, rows in evaluate_case(case, engine, comparison.ENGINE, kinds):
            _gather(found, rows)
            if (trial.strategy, trial.kind, trial.reach) == ("center-outward", "box", "reference"):
                worst.add(_outcome(case, trial, mask, rows))
        for name, baseline in baselines.items():
            for _, _, rows in evaluate_case(case, baseline, name, beside, free=False):
                _gather(found, rows)
        print(progress_line(found), flush=True)
        _gather(all_rows, found)
    return Evaluation(
        pd.DataFrame(all_rows.runs), pd.DataFrame(all_rows.slices), pd.DataFrame(all_rows.endings)
    )


def _gather(into: Findings, rows: Findings) -> None:
    into.runs.extend(rows.runs)
    into.slices.extend(rows.slices)
    into.endings.extend(rows.endings)


def _outcome(case: Case, trial: Trial, mask: Mask, rows: Findings) -> Outcome:
    stack = case.volume.stack()
    assert isinstance(trial.prompt, BoxPrompt)  # the caller picked a box
    reference = Target.of(stack.from_voxels(case.reference), stack.top_slice).reference
    volume = rows.runs[0]["volume"]
    return Outcome(case.group, case.name, stack, reference, mask, trial.prompt, volume)


def progress_line(found: Findings) -> str:
    """One line on one case: volume Dice by strategy and prompt over the reference's extent."""
    own = [row for row in found.runs if row["engine"] == comparison.ENGINE]
    given = [row for row in own if row["reach"] == "reference"]
    center = {row["prompt"]: row["volume"] for row in given if row["strategy"] == "center-outward"}
    one_way = [
        f"{row['strategy']} {row['volume']:.2f}"
        for row in given
        if row["strategy"] != "center-outward" and row["prompt"] == "box"
    ]
    seconds = sum(row["seconds"] for row in found.runs)
    shown = "  ".join(f"{prompt} {value:.2f}" for prompt, value in center.items())
    return (
        f"{own[0]['case']:22s} prompted slice {given[0]['prompted slice']:.2f}  {shown}  "
        f"{'  '.join(one_way)}  ({seconds:.0f} s)"
    )


def report(found: Evaluation, baselines: tuple[str, ...], threads: int) -> str:
    """All tables as markdown."""
    own = tables.pick(found.runs, engine=comparison.ENGINE)
    slices = tables.pick(found.slices, engine=comparison.ENGINE)
    pages = [
        tables.accuracy(own),
        tables.by_kind(own),
        tables.by_case(own),
        tables.by_distance(slices),
        extents.ends(found.endings),
        extents.automatic(own),
        calibration.calibration_figures(slices),
        calibration.iou_table(slices),
        calibration.score_table(slices),
        speed.speed(slices, threads),
    ]
    if baselines:
        pages.append(comparison.baseline_table(found.runs, baselines))
    pages.append(comparison.goal_table(found.runs, found.slices, baselines))
    return "\n".join(page.markdown() for page in pages)


def open_baselines(wanted: bool) -> dict[str, Engine]:
    """The baselines by name; one that cannot be made is announced and left out."""
    found: dict[str, Engine] = {}
    for name in BASELINES if wanted else ():
        try:
            found[name] = create_engine(name)
        except BreastWidgetError as error:
            print(f"SKIPPED the baseline {name}: {error}")
    return found


def gather_cases(options: argparse.Namespace) -> Iterator[Case]:
    """The cases that the command line asks for."""
    cases = chain(synthetic_cases(options.synthetic), phantom_cases(options.phantoms))
    if options.data.is_dir():
        return chain(cases, real_cases(options.data))
    print(f"SKIPPED the real cases: there is no folder {options.data}.")
    return cases


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="weights other than the embedded ones")
    parser.add_argument("--synthetic", type=int, default=20, help="held-out scenes")
    parser.add_argument("--phantoms", type=int, default=2, help="phantom volumes")
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of real cases")
    parser.add_argument("--csv", type=Path, metavar="DIR", help="write all rows here")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="picture the worst cases")
    parser.add_argument(
        "--pictures-of",
        nargs="+",
        choices=GROUPS,
        default=["synthetic", "phantom"],
        help="groups to picture; real ones outside the repository only",
    )
    parser.add_argument(
        "--prompts",
        nargs="+",
        choices=PROMPTS,
        default=PROMPTS,
        help="fewer prompts, for a quicker look; 'box' is always among them",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--baselines", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args(arguments)
    options.prompts = tuple(dict.fromkeys(["box", *options.prompts]))
    if options.pictures is not None:
        refused = refuse_inside(options.pictures, REPOSITORY, options.pictures_of)
        if refused:
            parser.error(refused)
    return options


def main() -> None:
    """Parse the command line and evaluate."""
    options = parse()
    torch.set_num_threads(options.threads)
    checkpoint = find_checkpoint("nano")
    if options.weights is not None:
        checkpoint = replace(checkpoint, weights=options.weights, sha256="")
    baselines = open_baselines(options.baselines)
    worst = Worst(options.pictures_of if options.pictures is not None else ())
    engine = create_engine(checkpoint)
    # Read now: a training that goes on replaces its file every few minutes.
    digest = hashlib.sha256(checkpoint.weights.read_bytes()).hexdigest()
    print("Volume Dice over the reference's extent:")
    found = evaluate(gather_cases(options), engine, baselines, worst, options.prompts)
    print(
        f"\nWeights: {checkpoint.weights.name}, SHA-256 {digest}. {machine()}.\n"
        "Real cases: validation only, never trained on; looked at during development, so these are "
        "development figures.\n"
    )
    print(report(found, tuple(baselines), options.threads))
    if options.csv is not None:
        found.save(options.csv)
    if options.pictures is not None:
        for path in worst.save(options.pictures):
            print(f"picture: {path}")


if __name__ == "__main__":
    main()

"""The scores of all results as a table: one row per run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breastwidget.app.document import Document, Run
from breastwidget.metrics import score_table
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["run_label", "run_table"]

_KINDS = {BoxPrompt: "box", MaskPrompt: "mask", PointPrompt: "point"}


def run_table(document: Document) -> pd.DataFrame:
    """The scores of those runs that have any: one row each, with its seconds."""
    several = len(document.lesions) > 1
    scored = {
        f"{lesion.name}: {run_label(run, number)}" if several else run_label(run, number): run
        for lesion in document.lesions
        for number, run in enumerate(lesion.runs, 1)
        if run.scores
    }
    table = score_table({name: run.scores for name, run in scored.items() if run.scores})
    table["seconds"] = [run.seconds for run in scored.values()]
    return table


def run_label(run: Run, number: int) -> str:
    """What a run was asked: "2. center-outward, box on 6, slices 4 to 8"."""
    extent = "" if run.extent is None else f", slices {run.extent.first} to {run.extent.last}"
    corrected = "" if run.corrected is None else f", from {run.corrected}"
    cancelled = "" if run.complete else ", cancelled"
    return f"{number}. {run.strategy}, {_prompted(run)}{extent}{corrected}{cancelled}"


def _prompted(run: Run) -> str:
    slices = sorted({prompt.slice for prompt in run.prompts})
    if len(slices) > 1:
        return f"prompts on {', '.join(map(str, slices[:-1]))} and {slices[-1]}"
    kinds = dict.fromkeys(_KINDS[type(prompt)] for prompt in run.prompts)
    return f"{' and '.join(kinds)} on {slices[0]}"

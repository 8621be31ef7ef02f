"""The Dice table: one row per run, side by side, best in bold, conventions underneath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from breastwidget.app.model import AppModel, Run
from breastwidget.metrics import CONVENTIONS, Scores, score_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DiceTable", "score_runs", "table_html"]


class DiceTable:
    """Shows every run's scores; empty without a reference or before the first run."""

    def __init__(self, model: AppModel) -> None:
        self._model = model
        self.widget = widgets.HTML()
        self.widget.add_class("bw-dice")
        model.observe(lambda _change: self.render(), ["runs"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        self.widget.value = table_html(self._model.runs)


@dataclass(frozen=True)
class _Column:
    """A heading, how to read and write its value, and how bad it is (None: never the best)."""

    heading: str
    value: Callable[[Run, Scores], float]
    form: str
    badness: Callable[[float], float] | None


def _less(value: float) -> float:
    return value


def _more(value: float) -> float:
    return -value


_COLUMNS = (
    _Column("Dice", lambda _run, scores: scores.dice, ".3f", _more),
    _Column("HD95 (mm)", lambda _run, scores: scores.hd95_mm, ".1f", _less),
    _Column("Surface Dice 2 mm", lambda _run, scores: scores.surface_dice_2mm, ".3f", _more),
    _Column("Volume (mL)", lambda _run, scores: scores.volume_ml, ".2f", None),
    _Column("Volume error (%)", lambda _run, scores: scores.volume_error_percent, "+.0f", abs),
    _Column("Seconds", lambda run, _scores: run.seconds, ".1f", _less),
)


def score_runs(runs: Sequence[Run]) -> pd.DataFrame:
    """The scores of those runs that have any: one row each, with its seconds."""
    scored = {_label(run, number): run for number, run in enumerate(runs, 1) if run.scores}
    table = score_table({name: run.scores for name, run in scored.items() if run.scores})
    table["seconds"] = [run.seconds for run in scored.values()]
    return table


def table_html(runs: Sequence[Run]) -> str:
    """The same as an HTML table; empty where no run has scores.

    The best value of a column is bold where there is another row to be better than; a cancelled
    run is not compared.
    """
    rows = [(number, run, run.scores) for number, run in enumerate(runs, 1) if run.scores]
    if not rows:
        return ""
    best = [_best(column, rows) for column in _COLUMNS]
    head = "".join(f'<th scope="col">{column.heading}</th>' for column in _COLUMNS)
    body = []
    for number, run, scores in rows:
        cells = []
        for column, top in zip(_COLUMNS, best, strict=True):
            text = format(column.value(run, scores), column.form)
            cells.append(f"<td>{f'<b>{text}</b>' if text in top and run.complete else text}</td>")
        name = escape(_label(run, number))
        body.append(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>')
    reference_ml = rows[0][2].reference_volume_ml
    return (
        f'<table><thead><tr><th scope="col">Run</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
        f'<p class="bw-footnote">Against a reference of {reference_ml:.2f} mL. '
        f"{escape(CONVENTIONS)}</p>"
    )


def _best(column: _Column, rows: Sequence[tuple[int, Run, Scores]]) -> frozenset[str]:
    """The best value as written, so that values which look equal are all bold."""
    badness = column.badness
    values = [column.value(run, scores) for _, run, scores in rows if run.complete]
    values = [value for value in values if value == value]  # NaN is never the best
    if badness is None or len(values) < 2:
        return frozenset()
    least = min(badness(value) for value in values)
    return frozenset(format(value, column.form) for value in values if badness(value) == least)


def _label(run: Run, number: int) -> str:
    extent = "" if run.extent is None else f", slices {run.extent.first} to {run.extent.last}"
    cancelled = "" if run.complete else ", cancelled"
    return f"{number}. {run.strategy}, box on {run.box.slice}{extent}{cancelled}"

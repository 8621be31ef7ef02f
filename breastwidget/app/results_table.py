"""The runs side by side: as an HTML table and as CSV. Pure functions of lesions."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from breastwidget.app.document import LesionState, Run
from breastwidget.app.run_table import run_label
from breastwidget.metrics import CONVENTIONS, Scores

__all__ = ["results_csv", "results_html"]


@dataclass(frozen=True)
class _Row:
    lesion: LesionState
    number: int
    run: Run

    @property
    def shown(self) -> bool:
        return self.lesion.shown == self.number


@dataclass(frozen=True)
class _Column:
    """A heading, its value (None: not known), how to write it, how bad it is (None: never best)."""

    heading: str
    value: Callable[[Run], float | None]
    form: str
    badness: Callable[[float], float] | None = None
    scored: bool = True


def _less(value: float) -> float:
    return value


def _more(value: float) -> float:
    return -value


def _score(name: str) -> Callable[[Run], float | None]:
    return lambda run: None if run.scores is None else float(getattr(run.scores, name))


_COLUMNS = (
    _Column("Dice", _score("dice"), ".3f", _more),
    _Column("HD95 <small>mm</small>", _score("hd95_mm"), ".1f", _less),
    _Column("Surface Dice <small>2 mm</small>", _score("surface_dice_2mm"), ".3f", _more),
    _Column("Volume error <small>%</small>", _score("volume_error_percent"), "+.0f", abs),
    _Column("Volume <small>mL</small>", lambda run: run.volume_ml, ".2f", scored=False),
    _Column("Time <small>s</small>", lambda run: run.seconds, ".1f", _less, scored=False),
)


def results_html(lesions: Sequence[LesionState]) -> str:
    """All runs of `lesions`, grouped by lesion; empty where there is none.

    The best value of a column within a lesion is bold where there is another row to be better than;
    a cancelled run is not compared. Scores have columns only where a reference is known.
    """
    groups = [
        [_Row(lesion, number, run) for number, run in enumerate(lesion.runs)] for lesion in lesions
    ]
    groups = [rows for rows in groups if rows]
    if not groups:
        return ""
    scores = [row.run.scores for rows in groups for row in rows if row.run.scores]
    columns = [column for column in _COLUMNS if scores or not column.scored]
    heads = "".join(f'<th scope="col">{column.heading}</th>' for column in columns)
    body = "".join(_group(rows, columns, len(groups) > 1) for rows in groups)
    return (
        f'<table class="bw-table"><thead><tr><th scope="col">Run</th>{heads}</tr></thead>'
        f"{body}</table>{_footnote(scores)}"
    )


def _footnote(scores: Sequence[Scores]) -> str:
    if not scores:
        return ""
    return (
        f'<p class="bw-footnote">Best in bold. Against a reference of '
        f"{scores[0].reference_volume_ml:.2f} mL. {escape(CONVENTIONS)}</p>"
    )


def _group(rows: Sequence[_Row], columns: Sequence[_Column], named: bool) -> str:
    best = [_best(column, rows) for column in columns]
    body = []
    if named:
        name = escape(rows[0].lesion.name)
        colour = escape(rows[0].lesion.colour)
        body.append(
            f'<tr class="bw-group"><th scope="rowgroup" colspan="{len(columns) + 1}">'
            f'<i class="bw-swatch" style="background: {colour}"></i>{name}</th></tr>'
        )
    for row in rows:
        cells = []
        for column, top in zip(columns, best, strict=True):
            value = column.value(row.run)
            text = "–" if value is None or value != value else format(value, column.form)
            bold = text in top and row.run.complete
            cells.append(f"<td>{f'<b>{text}</b>' if bold else text}</td>")
        state = ' class="bw-shown" aria-current="true"' if row.shown else ""
        label = escape(run_label(row.run, row.number + 1))
        body.append(f'<tr{state}><th scope="row">{label}</th>{"".join(cells)}</tr>')
    return f"<tbody>{''.join(body)}</tbody>"


def _best(column: _Column, rows: Sequence[_Row]) -> frozenset[str]:
    """The best value as written, so that values which look equal are all bold."""
    badness = column.badness
    values = [column.value(row.run) for row in rows if row.run.complete]
    # NaN is never the best.
    known = [value for value in values if value is not None and value == value]
    if badness is None or len(known) < 2:
        return frozenset()
    least = min(badness(value) for value in known)
    return frozenset(format(value, column.form) for value in known if badness(value) == least)


def results_csv(lesions: Sequence[LesionState]) -> str:
    """One line per run, full precision, empty where nothing is known; `\\n` ends each line."""
    fields = [name for name in Scores.__dataclass_fields__ if name != "volume_ml"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    asked = ["lesion", "run", "strategy", "image", "prompted_slices", "first_slice", "last_slice"]
    writer.writerow([*asked, "corrected_from", "complete", "seconds", "volume_ml", *fields])
    for lesion in lesions:
        for number, run in enumerate(lesion.runs, 1):
            slices = " ".join(map(str, sorted({prompt.slice for prompt in run.prompts})))
            ends = ["", ""] if run.extent is None else [run.extent.first, run.extent.last]
            corrected = "" if run.corrected is None else run.corrected
            scores = [getattr(run.scores, name, "") for name in fields]
            said = [lesion.name, number, run.strategy, run.image, slices, *ends, corrected]
            volume_ml = run.volume_ml
            writer.writerow([*said, run.complete, run.seconds, volume_ml, *scores])
    return text.getvalue()

"""The measures: volume, diameters, surface area, per lesion and together."""

from __future__ import annotations

from html import escape

from breastwidget.app.controls import html, titled
from breastwidget.app.document import Document, LesionState
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel

__all__ = ["MeasuresPanel", "measures_html"]

_HEADINGS = (
    ("Volume", "mL", "Voxels times voxel volume"),
    ("Longest", "mm", "Longest diameter within a slice, of the largest connected part"),
    ("Perpendicular", "mm", "Longest line at right angles to it, on the same slice"),
    ("Surface", "cm²", "Area of the smoothed surface"),
    ("Parts", "", "Connected pieces; voxels that share a corner are connected"),
)


class MeasuresPanel:
    """A table of the lesions that have a result."""

    def __init__(self, model: AppModel, intents: Intents) -> None:  # noqa: ARG002 # as every view
        self._model = model
        self.table = html()
        self.widget = titled("Measures", self.table, name="bw-measures")
        model.observe(lambda _change: self.render(), ["document"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        table = measures_html(self._model.document)
        if self.table.value != table:
            self.table.value = table


def measures_html(document: Document) -> str:
    """One row per lesion with a result, and their sum where there are several; else a sentence."""
    measured = [lesion for lesion in document.lesions if lesion.run is not None]
    if not measured:
        return '<p class="bw-faint">Volume and diameters appear here after Propagate.</p>'
    heads = "".join(
        f'<th scope="col" title="{tip}">{name}{f" <small>{unit}</small>" if unit else ""}</th>'
        for name, unit, tip in _HEADINGS
    )
    body = "".join(
        f'<tr><th scope="row"><i class="bw-swatch" style="background: {escape(lesion.colour)}">'
        f"</i>{escape(lesion.name)}</th>{_cells(_figures(lesion))}</tr>"
        for lesion in measured
    )
    foot = f"<tfoot>{_total(measured)}</tfoot>" if len(measured) > 1 else ""
    return (
        f'<table class="bw-table"><thead><tr><th scope="col">Lesion</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table>"
    )


def _figures(lesion: LesionState) -> tuple[str, ...]:
    run = lesion.run
    assert run is not None  # only lesions with a run are asked for
    measures = run.measures
    if measures is None:
        return (f"{run.volume_ml:.2f}", "–", "–", "–", "–")
    pair = measures.diameters
    return (
        f"{measures.volume_ml:.2f}",
        "–" if pair is None else f"{pair.longest.length_mm:.1f}",
        "–" if pair is None else f"{pair.perpendicular.length_mm:.1f}",
        f"{measures.surface_area_cm2:.1f}",
        str(measures.parts),
    )


def _total(measured: list[LesionState]) -> str:
    runs = [lesion.run for lesion in measured if lesion.run is not None]
    volume_ml = sum(run.volume_ml for run in runs)
    known = [run.measures for run in runs if run.measures is not None]
    whole = len(known) == len(runs)
    area = f"{sum(each.surface_area_cm2 for each in known):.1f}" if whole else "–"
    parts = str(sum(each.parts for each in known)) if whole else "–"
    figures = (f"{volume_ml:.2f}", "", "", area, parts)
    return f'<tr><th scope="row">{len(runs)} lesions</th>{_cells(figures)}</tr>'


def _cells(figures: tuple[str, ...]) -> str:
    return "".join(f"<td>{figure}</td>" for figure in figures)

"""What a person sees in the terminal: progress bars, steps and tables, all on standard error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from breastwidget.engines.base import SliceResult
from breastwidget.report import SCORE_COLUMNS, score_cell

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bar", "make_console", "print_table", "slice_bar"]


def make_console(quiet: bool = False) -> Console:
    """A console on standard error, so that standard output stays free for results."""
    warnings.filterwarnings("ignore", module=r"(torch|sam2|monai|hydra|pyvista|trame)\b")
    return Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)


class Bar:
    """Counts visited slices on a progress bar."""

    def __init__(self, progress: Progress, label: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=total)
        self._done = 0

    def __call__(self, _: SliceResult) -> None:
        self._done += 1
        self._progress.update(self._task, completed=self._done)

    def finish(self) -> None:
        """Fill the bar: an automatic extent ends where the object does."""
        self._progress.update(self._task, total=max(self._done, 1), completed=max(self._done, 1))


@contextmanager
def slice_bar(console: Console, label: str, total: int | None) -> Iterator[Bar]:
    """A progress bar over slices; `total` is None where the extent is automatic."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("slices"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = Bar(progress, label, total)
        yield bar
        bar.finish()


def print_table(console: Console, table: pd.DataFrame, footnote: str = "") -> None:
    """Print a table, its index first, with a footnote below."""
    shown = Table(padding=(0, 0, 0, 1))
    shown.add_column(no_wrap=True)
    for column in table.columns:
        justify: JustifyMethod = "right" if table[column].dtype.kind in "fi" else "left"
        title, _ = SCORE_COLUMNS.get(column, (str(column).replace("_", " "), ""))
        shown.add_column(title, justify=justify, overflow="fold")
    for name, row in table.iterrows():
        cells = [
            score_cell(value, column) if column in SCORE_COLUMNS else str(value)
            for column, value in row.items()
        ]
        shown.add_row(str(name), *cells)
    console.print(shown)
    if footnote:
        console.print(footnote, style="dim")

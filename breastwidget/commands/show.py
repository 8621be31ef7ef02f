"""The commands with their terminal output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from breastwidget import metrics
from breastwidget.api import replay
from breastwidget.commands.console import make_console, print_table, slice_bar
from breastwidget.commands.request import SegmentRequest
from breastwidget.commands.segment import Outcome, run_segment
from breastwidget.engines.factory import list_engines

__all__ = ["show_engines", "show_replay", "show_segment"]


def show_segment(request: SegmentRequest, quiet: bool) -> dict[str, Any]:
    """Run `segment` with a progress bar and a table; return what `--json` prints."""
    console = make_console(quiet)
    with slice_bar(console, request.strategy, None) as bar:
        outcome = run_segment(request, console.print, bar)
    _print_outcome(outcome, quiet)
    return outcome.to_json()


def _print_outcome(outcome: Outcome, quiet: bool) -> None:
    console = make_console(quiet)
    result = outcome.result
    console.print(
        f"{result.volume.name}: {result.volume_ml:.2f} mL, longest diameter "
        f"{result.longest_diameter_mm:.1f} mm, {len(result.slices)} slices visited."
    )
    if not result.mask.any():
        console.print("Nothing was segmented; try a box that fits the tumour more closely.")
    if outcome.scores:
        table = metrics.score_table({outcome.request.strategy: outcome.scores})
        print_table(console, table, metrics.CONVENTIONS)
    console.print(f"Open {outcome.request.output / 'report.html'} in a browser.")


def show_engines(quiet: bool) -> list[dict[str, Any]]:
    """Print the engine list; return it as JSON values."""
    import pandas as pd

    rows = [vars(row) for row in list_engines()]
    print_table(make_console(quiet), pd.DataFrame(rows).set_index("name"))
    return rows


def show_replay(session: Path) -> None:
    """Make a session again and say whether the mask is bit-identical."""
    result, identical = replay(session)
    console = make_console()
    verdict = "bit-identical to" if identical else "different from"
    console.print(f"{result.volume.name}: {result.volume_ml:.2f} mL, {verdict} the saved mask.")

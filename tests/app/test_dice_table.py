"""The results side by side: the table, the CSV, and which run is shown."""

from __future__ import annotations

import base64
import csv
import io
import re

import pytest
from panel_fakes import EXTENT, RecordingIntents, lesion_with, make_run, scores, show

from breastwidget.app.dice_table import DiceTable
from breastwidget.app.model import AppModel
from breastwidget.app.results_table import results_csv, results_html
from breastwidget.volume import SliceStack


@pytest.fixture
def intents() -> RecordingIntents:
    return RecordingIntents()


@pytest.fixture
def table(model: AppModel, intents: RecordingIntents) -> DiceTable:
    return DiceTable(model, intents)


def test_without_runs_the_table_takes_no_room(table: DiceTable, model: AppModel) -> None:
    assert table.widget.layout.display == "none"
    show(model, lesion_with())
    assert table.widget.layout.display == "none"
    assert (table.table.value, table.csv.value) == ("", "")


def test_the_best_of_each_column_is_bold(stack: SliceStack) -> None:
    best = scores(dice=0.9, hd95_mm=4.0, volume_error_percent=-5.0)
    worse = scores(dice=0.7, hd95_mm=2.0, volume_error_percent=20.0)
    one = make_run(stack, scores=best, seconds=2.0)
    other = make_run(stack, "top-to-bottom", scores=worse, seconds=1.0)
    html = results_html([lesion_with(one, other)])
    assert re.findall("<b>(.*?)</b>", html) == [
        *("0.900", "0.500", "-5"),  # Dice; surface Dice is a tie; smallest absolute volume error
        *("2.0", "0.500", "1.0"),
    ]
    assert "Dice: 1 where both masks are empty" in html
    assert "Against a reference of 2.00 mL" in html


def test_a_cancelled_run_is_not_compared(stack: SliceStack) -> None:
    cancelled = make_run(stack, complete=False, scores=scores(dice=0.99))
    assert "<b>" not in results_html([lesion_with(make_run(stack, scores=scores()), cancelled)])


def test_best_is_best_of_its_own_lesion(stack: SliceStack) -> None:
    lesions = [lesion_with(make_run(stack)), lesion_with(make_run(stack), key=2)]
    html = results_html(lesions)
    assert "<b>" not in html
    assert re.findall("bw-group.*?</i>(.*?)</th>", html) == ["lesion 1", "lesion 2"]


def test_without_a_reference_there_are_no_score_columns(stack: SliceStack) -> None:
    html = results_html([lesion_with(make_run(stack))])
    assert re.findall('<th scope="col">(\\w+)', html) == ["Run", "Volume", "Time"]
    assert "footnote" not in html


def test_the_shown_run_is_marked_and_names_are_escaped(stack: SliceStack) -> None:
    runs = make_run(stack), make_run(stack, "top-to-bottom")
    lesions = lesion_with(*runs, shown=0), lesion_with(make_run(stack), key=2, name="<i>")
    html = results_html(lesions)
    first, second = re.findall('<tr([^>]*)><th scope="row">', html)[:2]
    assert 'aria-current="true"' in first
    assert second == ""
    assert "&lt;i&gt;" in html


def test_the_csv_link_holds_every_figure(
    table: DiceTable, model: AppModel, stack: SliceStack
) -> None:
    run = make_run(stack, scores=scores(dice=0.123456), extent=EXTENT, corrected=6)
    show(model, lesion_with(make_run(stack), run, name="left, upper"))
    packed = re.search('href="data:text/csv;base64,([^"]*)"', table.csv.value)
    assert packed is not None
    text = base64.b64decode(packed.group(1)).decode()
    assert text == results_csv(model.document.lesions)
    plain, scored = csv.DictReader(io.StringIO(text))
    assert (plain["lesion"], plain["dice"], plain["first_slice"]) == ("left, upper", "", "")
    assert (scored["dice"], scored["first_slice"], scored["last_slice"]) == ("0.123456", "4", "8")
    assert (scored["corrected_from"], scored["prompted_slices"]) == ("6", "6")
    assert float(scored["volume_ml"]) == pytest.approx(1.5)


def test_a_run_is_chosen_to_be_shown(
    table: DiceTable, model: AppModel, stack: SliceStack, intents: RecordingIntents
) -> None:
    show(model, lesion_with(make_run(stack)))
    assert table.shown.layout.display == "none"
    show(model, lesion_with(make_run(stack), make_run(stack, "top-to-bottom")))
    assert table.shown.layout.display is None
    assert table.shown.value == 1
    assert intents.said == []
    table.shown.value = 0
    assert intents.said == [("show_run", 1, 0)]

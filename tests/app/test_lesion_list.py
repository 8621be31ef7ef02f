"""The list of lesions and suggestions: what it shows, what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from panel_fakes import RecordingIntents, lesion_with, make_run, show

from breastwidget.app.document import Suggestion
from breastwidget.app.lesion_list import LesionList
from breastwidget.app.model import AppModel, Progress
from breastwidget.prompts import BoxPrompt
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, SliceStack

LITTLE = Suggestion(BoxPrompt(6, 8, 4, 10, 6), Extent(5, 7), 0.25, 0.5)
LARGE = Suggestion(BoxPrompt(2, 0, 0, 4, 4), Extent(1, 3), 1.5, 0.9)


@pytest.fixture
def intents() -> RecordingIntents:
    return RecordingIntents()


@pytest.fixture
def lesions(model: AppModel, intents: RecordingIntents) -> LesionList:
    return LesionList(model, intents)


def test_an_empty_list_says_what_to_do(lesions: LesionList, model: AppModel) -> None:
    assert lesions.empty.layout.display is None
    show(model, lesion_with())
    assert lesions.empty.layout.display == "none"


def test_rendering_says_nothing(
    lesions: LesionList, model: AppModel, intents: RecordingIntents
) -> None:
    show(model, lesion_with(), lesion_with(key=2))
    show(model, lesion_with(name="left", colour="#009e73", visible=False))
    assert intents.said == []
    row = lesions.rows[1]
    assert (row.name.value, row.colour.value, row.eye.icon) == ("left", "#009e73", "eye-slash")
    assert list(lesions.rows) == [1]


def test_rows_stay_while_their_lesion_stays(lesions: LesionList, model: AppModel) -> None:
    show(model, lesion_with(), lesion_with(key=2))
    row = lesions.rows[2]
    show(model, lesion_with(key=2, name="other"))
    assert lesions.rows == {2: row}
    assert lesions.box.children == (row.widget,)


def test_a_row_says_what_is_done_to_it_once(
    lesions: LesionList, model: AppModel, intents: RecordingIntents
) -> None:
    show(model, lesion_with(), lesion_with(key=2))
    row = lesions.rows[2]
    row.select.click()
    row.colour.value = "#cc79a7"
    row.eye.click()
    row.delete.click()
    row.name.value = "axilla"
    assert intents.said == [
        ("select_lesion", 2),
        ("recolour_lesion", 2, "#cc79a7"),
        ("show_lesion", 2, False),
        ("delete_lesion", 2),
        ("rename_lesion", 2, "axilla"),
    ]
    # The name was refused (nothing changed in the model): the old one stands there again.
    assert row.name.value == "lesion 2"


def test_the_active_lesion_is_marked_and_named(lesions: LesionList, model: AppModel) -> None:
    show(model, lesion_with(), lesion_with(key=2), active=2)
    assert [row.select.icon for row in lesions.rows.values()] == ["circle-o", "dot-circle-o"]
    assert lesions.rows[1].select.tooltip == "Give your prompts to lesion 1"


def test_facts_are_volume_else_prompts(
    lesions: LesionList, model: AppModel, stack: SliceStack
) -> None:
    facts = lambda: lesions.rows[1].facts.value  # noqa: E731
    show(model, lesion_with())
    assert facts() == "slice 6"
    show(model, lesion_with(prompts=()))
    assert facts() == "no prompt"
    # 5 slices of 5 x 10 voxels of 6 mm³
    show(model, lesion_with(make_run(stack)))
    assert facts() == "1.50 mL"
    show(model, lesion_with(make_run(stack), pending=6))
    assert facts() == "1.50 mL, corrected"


def test_new_and_suggest(lesions: LesionList, model: AppModel, intents: RecordingIntents) -> None:
    lesions.new.click()
    lesions.suggest.click()
    assert intents.said == [("new_lesion",), ("suggest",)]
    model.update(progress=Progress(True, 0, None))
    assert lesions.suggest.disabled


def test_suggestions_say_where_and_how_much(lesions: LesionList, model: AppModel) -> None:
    assert lesions.suggestions.widget.layout.display == "none"
    show(model, suggestions=(LARGE, LITTLE))
    assert lesions.suggestions.widget.layout.display is None
    words = [row.children[1].value for row in lesions.suggestions.rows.children]
    assert words[0].startswith("<b>1</b><b>1.50 mL</b> slice 2, ")
    # Column 8.5, row 4.5, slice 6 at (-2, -1, 3) mm each: 17 left, 4.5 posterior, 18 superior.
    assert words[1] == "<b>2</b><b>0.25 mL</b> slice 6, L 17 P 4 S 18 mm"


def test_suggestions_are_looked_at_accepted_and_dismissed_one_by_one(
    lesions: LesionList, model: AppModel, intents: RecordingIntents
) -> None:
    show(model, suggestions=(LARGE, LITTLE))
    look, _, accept, dismiss = lesions.suggestions.rows.children[1].children
    for made in (look, accept, dismiss):
        made.click()
    assert intents.said == [
        ("move_cursor", Plane.AXIAL, 6, (9.0, 5.0)),
        ("accept", 1),
        ("dismiss", 1),
    ]
    model.update(document=replace(model.document, suggestions=()))
    assert lesions.suggestions.rows.children == ()

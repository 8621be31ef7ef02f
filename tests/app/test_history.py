"""Undo and redo: the pure history, and every edit through the controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from app_fakes import BOX, ManualExecutor, ScriptedEngine, active, check

from breastwidget.app.controller import Controller
from breastwidget.app.document import Document, Suggestion
from breastwidget.app.history import History
from breastwidget.app.model import AppModel
from breastwidget.prompts import BoxPrompt, PointPrompt
from breastwidget.strategies import Extent


def test_a_new_history_has_nothing_to_undo() -> None:
    history = History()
    assert (history.undo_label, history.redo_label) == ("", "")
    with pytest.raises(IndexError):
        history.undo(Document())
    with pytest.raises(IndexError):
        history.redo(Document())


def test_undo_and_redo_walk_through_the_documents() -> None:
    first, second, third = Document(), Document(), Document()
    history = History().done("one", first).done("two", second)
    assert history.undo_label == "two"
    history, document = history.undo(third)
    assert document is second
    assert (history.undo_label, history.redo_label) == ("one", "two")
    history, document = history.undo(document)
    assert document is first
    history, document = history.redo(document)
    assert document is second
    history, document = history.redo(document)
    assert document is third
    assert history.redo_label == ""


def test_a_new_edit_forgets_what_was_undone() -> None:
    history, document = History().done("one", Document()).undo(Document())
    assert not history.done("two", document).future


def test_only_the_last_hundred_steps_are_kept() -> None:
    history = History()
    for number in range(150):
        history = history.done(str(number), Document())
    assert len(history.past) == 100
    assert history.past[0].label == "50"


Action = Callable[[Controller], object]
EDITS: dict[str, Action] = {
    "box": lambda it: it.set_box(BoxPrompt(6, 9, 4, 21, 11)),
    "box elsewhere": lambda it: it.set_box(BoxPrompt(4, 8, 3, 22, 12)),
    "point": lambda it: it.add_point(6, (12, 6), True),
    "negative point": lambda it: it.add_point(7, (12, 6), False),
    "paint": lambda it: it.stroke(6, [(1, 1)], False),
    "erase": lambda it: it.stroke(7, [(12, 7)], True),
    "mask": lambda it: it.use_mask(np.ones((32, 24, 12), dtype=bool)),
    "remove": lambda it: it.remove_prompt(BOX),
    "new lesion": lambda it: it.new_lesion(),
    "select": lambda it: it.select_lesion(1),
    "rename": lambda it: it.rename_lesion(1, "left"),
    "recolour": lambda it: it.recolour_lesion(1, "#123456"),
    "hide": lambda it: it.show_lesion(1, False),
    "delete": lambda it: it.delete_lesion(1),
    "suggest": lambda it: it.suggest(),
    "accept": lambda it: it.accept(0),
    "dismiss": lambda it: it.dismiss(0),
    "strategy": lambda it: it.choose_strategy("top-to-bottom"),
    "extent": lambda it: it.choose_extent("range", (4, 8)),
    "propagate": lambda it: it.propagate(),
    "show run": lambda it: it.show_run(1, 0),
}


@pytest.mark.parametrize("name", EDITS)
def test_undo_and_redo_restore_the_document_exactly(
    controller: Controller, model: AppModel, name: str
) -> None:
    controller.set_box(BOX)
    controller.propagate()
    controller.propagate()
    controller.new_lesion()
    if name != "select":
        controller.select_lesion(1)
    suggestion = Suggestion(BOX, Extent(4, 8), 1.0, 1.0)
    model.update(document=replace(model.document, suggestions=(suggestion,)))
    before, past = model.document, len(model.history.past)

    EDITS[name](controller)
    after = model.document
    assert after is not before
    assert len(model.history.past) == past + 1
    label = model.history.undo_label
    assert label
    check(model)
    controller.undo()
    assert model.document is before
    assert model.status.text == f"Undone: {label}."
    assert model.history.redo_label == label
    controller.redo()
    assert model.document is after
    assert model.history.undo_label == label
    check(model)


def test_with_nothing_to_undo_or_redo_it_says_so(controller: Controller, model: AppModel) -> None:
    document = model.document
    controller.undo()
    assert "nothing to undo" in model.status.text
    controller.redo()
    assert "nothing to redo" in model.status.text
    assert model.document is document


def test_a_mask_that_an_undone_document_still_lacks_is_computed(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    executor = ManualExecutor()
    controller = make_controller(ScriptedEngine(), executor)
    controller.set_box(BOX)
    controller.set_box(BoxPrompt(4, 8, 3, 22, 12))  # before the first one's mask has come
    executor.run_all()
    assert sorted(active(model).masks.by_slice) == [4, 6]
    controller.undo()
    assert not active(model).masks.by_slice  # as it was
    executor.run_all()
    assert sorted(active(model).masks.by_slice) == [6]


def test_a_mask_that_was_shown_for_older_prompts_is_computed_after_undo(
    make_controller: Callable[..., Controller], model: AppModel
) -> None:
    engine, executor = ScriptedEngine(), ManualExecutor()
    controller = make_controller(engine, executor)
    controller.set_box(BOX)
    executor.run_all()
    controller.add_point(6, (12, 6), True)
    controller.add_point(6, (14, 6), True)
    executor.run_all()
    controller.undo()
    executor.run_all()
    lesion, _ = engine.sessions[0].predicted[-1]
    assert lesion.on(6) == (BOX, PointPrompt(6, 12, 6))

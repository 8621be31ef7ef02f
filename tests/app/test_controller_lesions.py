"""Several lesions, and suggested ones, through the controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from app_fakes import BOX, ManualExecutor, active, check

from breastwidget.app.controller import Controller
from breastwidget.app.document import LesionState
from breastwidget.app.model import AppModel, Image
from breastwidget.errors import PromptError
from breastwidget.prompts import BoxPrompt
from breastwidget.strategies import Extent
from breastwidget.suggestions import Suggestion
from breastwidget.volume import Plane, SliceStack, Source

OTHER = BoxPrompt(4, 8, 3, 22, 12)


@pytest.fixture
def two(controller: Controller, model: AppModel) -> tuple[LesionState, ...]:
    """Lesion 1 with a box on 6; lesion 2, the active one, with a box on 4."""
    controller.set_box(BOX)
    controller.new_lesion()
    controller.set_box(OTHER)
    return model.document.lesions


def test_each_lesion_has_its_own_key_name_colour_and_prompts(
    two: tuple[LesionState, ...], model: AppModel
) -> None:
    assert [(each.key, each.name, each.prompts) for each in two] == [
        (1, "lesion 1", (BOX,)),
        (2, "lesion 2", (OTHER,)),
    ]
    assert two[0].colour != two[1].colour
    assert model.document.active == 2
    check(model)


def test_selecting_a_lesion_shows_it(
    controller: Controller, model: AppModel, two: tuple[LesionState, ...]
) -> None:
    assert model.slice_index == 4
    controller.select_lesion(1)
    assert model.document.active == 1
    assert model.slice_index == 6
    with pytest.raises(PromptError, match="no lesion 9"):
        controller.select_lesion(9)


def test_selecting_a_lesion_that_is_on_the_slice_shown_stays_there(
    controller: Controller, model: AppModel, two: tuple[LesionState, ...]
) -> None:
    controller.select_lesion(1)
    controller.propagate()
    controller.select_lesion(2)
    controller.show_slice(7)
    assert model.document.lesion(1).masks.on(7) is not None
    controller.select_lesion(1)
    assert (model.document.active, model.slice_index) == (1, 7)


def test_names_and_colours(
    controller: Controller, model: AppModel, two: tuple[LesionState, ...]
) -> None:
    controller.rename_lesion(1, "  upper   outer ")
    controller.recolour_lesion(1, "#00FF00")
    controller.show_lesion(1, False)
    first = model.document.lesion(1)
    assert (first.name, first.colour, first.visible) == ("upper outer", "#00ff00", False)
    history = model.history
    controller.rename_lesion(1, "upper outer")  # as it is: nothing to undo
    controller.show_lesion(1, False)
    assert model.history is history
    for name in ("", "  ", "x" * 81):
        with pytest.raises(PromptError, match="1 to 80"):
            controller.rename_lesion(1, name)
    for colour in ("red", "#12345", "#12345g", "#1234567"):
        with pytest.raises(PromptError, match="#e69f00"):
            controller.recolour_lesion(1, colour)
    assert [step.label for step in history.past[-3:]] == [
        "rename lesion 1",
        "recolour upper outer",
        "hide upper outer",
    ]


def test_a_prompt_shows_a_hidden_lesion(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.show_lesion(1, False)
    controller.set_box(OTHER)
    assert active(model).visible


def test_deleting_makes_a_neighbour_active_and_undo_brings_it_back(
    controller: Controller, model: AppModel, two: tuple[LesionState, ...]
) -> None:
    controller.delete_lesion(2)
    assert model.document.active == 1
    controller.delete_lesion(1)
    assert model.document.active is None
    assert model.document.lesions == ()
    controller.undo()
    controller.undo()
    assert model.document.lesions == two
    assert model.document.active == 2
    controller.delete_lesion(1)
    assert model.document.active == 2


def test_keys_and_names_of_lesions_do_not_come_twice(
    controller: Controller, model: AppModel, two: tuple[LesionState, ...]
) -> None:
    controller.delete_lesion(1)
    controller.new_lesion()
    assert [each.name for each in model.document.lesions] == ["lesion 2", "lesion 3"]


# Suggestions


@pytest.fixture
def suggested(monkeypatch: pytest.MonkeyPatch) -> list[SliceStack]:
    """The library suggests BOX, then OTHER; the list says what it was asked about."""
    asked: list[SliceStack] = []

    def suggest(stack: SliceStack) -> tuple[Suggestion, ...]:
        asked.append(stack)
        return tuple(
            Suggestion(box, Extent(4, 8), 1.5, 90.0, 0.9, False, score)
            for box, score in ((BOX, 2.0), (OTHER, 1.0))
        )

    monkeypatch.setattr("breastwidget.suggestions.suggest_lesions", suggest)
    return asked


def test_suggestions_are_accepted_or_dismissed_one_by_one(
    controller: Controller, model: AppModel, suggested: list[SliceStack], reference: np.ndarray
) -> None:
    controller.suggest()
    assert [each.box for each in model.document.suggestions] == [BOX, OTHER]
    assert [(each.volume, each.plane) for each in suggested] == [(model.volume, Plane.AXIAL)]
    assert "2 suggestions" in model.status.text
    controller.dismiss(1)
    assert [each.box for each in model.document.suggestions] == [BOX]
    controller.show_slice(0)
    controller.accept(0)
    assert model.document.suggestions == ()
    assert active(model).prompts == (BOX,)
    assert np.array_equal(active(model).masks.by_slice[6], reference[6])
    assert model.slice_index == 6
    for action in (controller.accept, controller.dismiss):
        with pytest.raises(PromptError, match="no suggestion 0"):
            action(0)
    check(model)


def test_a_suggestion_is_accepted_in_the_plane_that_it_was_made_for(
    controller: Controller, model: AppModel, suggested: list[SliceStack]
) -> None:
    controller.suggest()
    controller.show_plane(Plane.CORONAL)
    controller.accept(0)
    assert active(model).plane is Plane.AXIAL
    assert model.plane is Plane.AXIAL


def test_a_subtraction_is_looked_at_where_there_is_one(
    controller: Controller, model: AppModel, suggested: list[SliceStack]
) -> None:
    first, second = model.images
    later = replace(second.volume, source=Source(subtraction=2))
    model.update(images=(first, Image("subtraction", later)))
    controller.suggest()
    controller.choose_image("subtraction")
    controller.suggest()
    assert [each.volume for each in suggested] == [later, later]


def test_nothing_to_suggest_is_a_sentence(
    controller: Controller, model: AppModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("breastwidget.suggestions.suggest_lesions", lambda _stack: ())
    controller.suggest()
    assert "Nothing stands out" in model.status.text


def test_suggestions_that_come_late_join_what_was_done_meanwhile(
    make_controller: Callable[..., Controller], model: AppModel, suggested: list[SliceStack]
) -> None:
    executor = ManualExecutor()
    controller = make_controller(executor=executor)
    controller.suggest()
    controller.set_box(BOX)
    executor.run_all()
    assert len(model.document.lesions) == 1
    assert len(model.document.suggestions) == 2
    controller.undo()
    assert model.document.suggestions == ()
    assert len(model.document.lesions) == 1

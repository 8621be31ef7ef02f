"""The document's values, and what it becomes on disk and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from app_fakes import BOX, active

from breastwidget.app.controller import Controller
from breastwidget.app.corrections import changed_slices, with_prompts
from breastwidget.app.document import Document, LesionState, Masks
from breastwidget.app.document_json import DocumentReader, DocumentWriter
from breastwidget.app.model import AppModel
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt
from breastwidget.provenance import mask_digest
from breastwidget.volume import Plane

FULL = np.ones((2, 3), dtype=bool)
EMPTY = np.zeros((2, 3), dtype=bool)


def test_masks_by_slice() -> None:
    masks = Masks().with_slice(4, FULL).with_slice(5, EMPTY)
    assert masks.on(4) is FULL
    assert masks.on(5) is None  # nothing was found
    assert masks.on(6) is None  # nobody looked
    assert list(masks.without(4, 9).by_slice) == [5]
    assert list(masks.by_slice) == [4, 5]


def test_lesions_are_told_apart() -> None:
    document = Document()
    for number in range(1, 4):
        lesion = document.new_lesion(Plane.AXIAL)
        assert (lesion.key, lesion.name) == (number, f"lesion {number}")
        document = document.with_lesion(lesion, active=True)
    assert document.active == 3
    assert len({lesion.colour for lesion in document.lesions}) == 3
    renamed = LesionState(2, "left", "#123456", Plane.AXIAL)
    assert [each.name for each in document.with_lesion(renamed).lesions] == [
        "lesion 1",
        "left",
        "lesion 3",
    ]
    with pytest.raises(KeyError):
        document.lesion(4)


def test_prompts_of_a_slice_keep_their_place() -> None:
    lesion = LesionState(1, "lesion 1", "#123456", Plane.AXIAL)
    first, second = BoxPrompt(3, 0, 0, 1, 1), BoxPrompt(5, 0, 0, 1, 1)
    lesion = with_prompts(lesion, 3, (first,), Masks())
    lesion = with_prompts(lesion, 5, (second,), Masks())
    points = PointPrompt(3, 0, 0), PointPrompt(3, 1, 1)
    lesion = with_prompts(lesion, 3, points, Masks())
    assert lesion.prompts == (*points, second)
    assert with_prompts(lesion, 3, (), Masks()).prompts == (second,)
    assert changed_slices(lesion) == ()  # nothing was propagated


def rewritten(model: AppModel) -> Document:
    record = json.loads(json.dumps(DocumentWriter().write(model.document)))
    return DocumentReader(model.images).read(record)


def test_an_empty_document_is_written_and_read(model: AppModel) -> None:
    model.update(document=Document(strategy="top-to-bottom"))
    assert rewritten(model).strategy == "top-to-bottom"
    assert rewritten(model).lesions == ()


def test_everything_comes_back(controller: Controller, model: AppModel) -> None:
    controller.set_box(BOX)
    controller.choose_extent("range", (4, 8))
    controller.propagate()
    controller.stroke(7, [(0.5, 0.5)], erase=False)
    controller.propagate()
    controller.add_point(8, (12, 7), False)
    controller.rename_lesion(1, "obere äußere")
    controller.show_plane(Plane.SAGITTAL)
    controller.new_lesion()
    controller.set_box(BoxPrompt(12, 2, 2, 9, 11))
    controller.suggest()
    before, after = model.document, rewritten(model)

    assert (after.active, after.strategy, after.extent) == (2, before.strategy, before.extent)
    assert after.suggestions == before.suggestions
    for old, new in zip(before.lesions, after.lesions, strict=True):
        for name in ("key", "name", "colour", "plane", "visible", "shown", "pending"):
            assert getattr(new, name) == getattr(old, name)
        assert_same_masks(new.masks, old.masks)
        assert len(new.prompts) == len(old.prompts)
    old, new = before.lesions[0], after.lesions[0]
    assert changed_slices(new) == changed_slices(old) == (8,)
    for was, run in zip(old.runs, new.runs, strict=True):
        assert_same_masks(run.masks, was.masks)
        for name in ("strategy", "image", "seconds", "complete", "extent", "corrected"):
            assert getattr(run, name) == getattr(was, name)
        assert (run.scores, run.measures) == (was.scores, was.measures)
        assert run.segmentation.slices == was.segmentation.slices
        assert mask_digest(run.segmentation.mask) == mask_digest(was.segmentation.mask)
        made, remade = was.segmentation.provenance.to_json(), run.segmentation.provenance.to_json()
        del made["created"], remade["created"]
        assert remade == made


def test_a_drawn_mask_is_the_same_object_in_lesion_and_run(
    controller: Controller, model: AppModel
) -> None:
    controller.stroke(6, [(12.5, 7.5)], erase=False)
    controller.propagate()
    lesion = rewritten(model).lesions[0]
    (prompt,) = lesion.prompts
    assert isinstance(prompt, MaskPrompt)
    assert lesion.runs[0].prompts == (prompt,)
    assert lesion.masks is lesion.runs[0].masks
    (drawn,) = active(model).prompts
    assert isinstance(drawn, MaskPrompt)
    assert np.array_equal(prompt.mask, drawn.mask)


def assert_same_masks(a: Masks, b: Masks) -> None:
    assert list(a.by_slice) == list(b.by_slice)
    for index, mask in a.by_slice.items():
        assert np.array_equal(mask, b.by_slice[index])

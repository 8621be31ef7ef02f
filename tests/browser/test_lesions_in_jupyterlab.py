"""`TumorSegmenter` in a real JupyterLab: corrections, several lesions, suggested ones."""

from __future__ import annotations

from app_page import AppPage
from conftest import OpenApp
from playwright.sync_api import expect

from breastwidget.prompts import BoxPrompt

BY_SLICE = "{i: hash(m.tobytes()) for i, m in app.model.document.current.masks.by_slice.items()}"


def test_a_correction_changes_only_the_slices_from_there(open_app: OpenApp) -> None:
    app = open_app()
    (box,) = app.truth.boxes
    app.prompt(box)
    app.press("Propagate")
    app.expect_status("^Done: center-outward, ")
    app.expect_slice(box.slice)  # after those that were followed
    before = app.ask(BY_SLICE)
    corrected = box.slice - 1
    app.wheel_to(corrected)
    app.drag_box(BoxPrompt(corrected, box.x0, box.y0, (box.x0 + box.x1) / 2, box.y1))
    app.press(f"Re-propagate from slice {corrected}")
    app.expect_status(f"^Done: center-outward from slice {corrected}, ")
    expect(app.button("Propagate")).to_be_visible()
    expect(app.results()).to_have_count(2)
    after = app.ask(BY_SLICE)
    beyond = [index for index in before if index > corrected]
    assert len(beyond) >= 3
    assert [after[index] for index in beyond] == [before[index] for index in beyond]
    assert corrected - 1 in before
    assert after[corrected] != before[corrected]
    assert after[corrected - 1] != before[corrected - 1]


def propagate_near(app: AppPage, box: BoxPrompt) -> None:
    """Not further: the fake engine would find each lesion on the slice of the other one, too."""
    app.ask(f"app.choose_extent('range', {(box.slice - 3, box.slice + 3)})")
    app.prompt(box)
    app.press("Propagate")
    app.expect_status("^Done")
    app.expect_slice(box.slice)


def test_two_lesions_have_their_own_boxes_masks_and_results(open_app: OpenApp) -> None:
    app = open_app(kind="several")
    app.page.set_viewport_size({"width": 1400, "height": 1100})
    _, first, second = app.truth.boxes
    propagate_near(app, first)
    app.press("New lesion")
    app.expect_status("Drag a box around lesion 2")
    propagate_near(app, second)
    lesions = app.app.locator(".bw-lesion")
    expect(lesions).to_have_count(2)
    for row in range(2):
        expect(lesions.nth(row)).to_contain_text("mL")
    expect(app.app.locator(".bw-dice .bw-group")).to_have_count(2)
    one, two = app.ask("[each.colour for each in app.model.document.lesions]")
    assert one != two
    app.expect_mask(two)
    app.expect_scene()
    app.screenshot("two-lesions-light-1400")
    app.press("Give your prompts to lesion 1")  # which is not on this slice, and shows its own
    app.expect_slice(first.slice)
    app.expect_mask(one)
    app.expect_box()
    app.press("Give your prompts to lesion 2")
    app.expect_slice(second.slice)
    app.wheel_to(first.slice + 1)
    app.expect_mask(one)
    app.press("Give your prompts to lesion 1")  # which is on this slice: it stays
    expect(app.button("lesion 1 gets your prompts")).to_be_visible()
    app.expect_slice(first.slice + 1)
    app.press("Hide lesion 1")
    app.expect_mask(one, count=0)
    app.press("Delete lesion 1")
    expect(lesions).to_have_count(1)
    app.press("Undo: …")
    expect(lesions).to_have_count(2)


def test_suggested_lesions_are_accepted_one_by_one(open_app: OpenApp) -> None:
    app = open_app()
    (box,) = app.truth.boxes
    app.press("Suggest lesions")
    app.expect_status("suggestions: accept or dismiss")
    suggestions = app.app.locator(".bw-suggestion")
    count = app.ask("len(app.model.document.suggestions)")
    assert count >= 2
    expect(suggestions).to_have_count(count)
    app.press("Dismiss: …", ".bw-suggestion >> nth=1")
    expect(suggestions).to_have_count(count - 1)
    app.press("Accept: …", ".bw-suggestion >> nth=0")
    expect(suggestions).to_have_count(count - 2)
    app.expect_mask()
    assert abs(app.slice - box.slice) <= 2
    x0, y0, x1, y1 = app.drawn_box()
    assert x0 < (box.x0 + box.x1) / 2 < x1
    assert y0 < (box.y0 + box.y1) / 2 < y1
    app.press("Propagate")
    assert app.dice() > 0.5

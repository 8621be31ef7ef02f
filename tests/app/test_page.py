"""The page: all panels around one model, and the theme."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as widgets
import pytest
from panel_fakes import RecordingIntents, lesion_with, make_run, show

from breastwidget.app.model import AppModel
from breastwidget.app.page import Page, build_page
from breastwidget.volume import Plane, SliceStack


@pytest.fixture
def intents() -> RecordingIntents:
    return RecordingIntents()


@pytest.fixture
def page(model: AppModel, intents: RecordingIntents) -> Page:
    return Page(model, intents)


def below(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """A widget and all that it holds, in the order of Tab."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from below(child)


def test_building_and_filling_the_page_says_nothing(
    model: AppModel, stack: SliceStack, intents: RecordingIntents
) -> None:
    page = build_page(model, intents)
    show(model, lesion_with(make_run(stack), make_run(stack, "top-to-bottom")))
    assert isinstance(page, widgets.Box)
    assert intents.said == []


def test_every_panel_is_on_the_page_once(page: Page) -> None:
    there = list(below(page.widget))
    for view in (
        *(page.strip, page.viewer, page.lesions, page.controls, page.surface, page.history),
        *(page.offer, page.status, page.measures, page.results, page.export, page.code),
    ):
        assert there.count(view.widget) == 1, view


def test_tab_goes_from_the_picture_to_the_panels_to_the_results(page: Page) -> None:
    order = [id(widget) for widget in below(page.widget)]
    views = page.history, page.viewer, page.lesions, page.controls, page.surface, page.results
    places = [order.index(id(view.widget)) for view in views]
    assert places == sorted(places)


def test_what_can_be_used_has_a_name(page: Page) -> None:
    """A description that is read out, or a tooltip, which browsers give as the name."""
    usable = (widgets.Button, widgets.ToggleButton, widgets.Dropdown, widgets.Text)
    nameless = [
        widget
        for widget in below(page.widget)
        if isinstance(widget, usable) and not (widget.description or widget.tooltip)
    ]
    assert nameless == []


def test_the_theme_is_a_class(page: Page, model: AppModel, intents: RecordingIntents) -> None:
    assert "bw-auto" in page.widget._dom_classes
    model.update(theme="dark")
    assert {"bw-auto", "bw-dark"} & set(page.widget._dom_classes) == {"bw-dark"}
    assert intents.said == []
    page.theme.value = "light"
    assert intents.said == [("choose_theme", "light")]


def test_the_title_says_what_is_open(page: Page, model: AppModel) -> None:
    model.update(engine_label="nano <1>")
    assert "<h2>block</h2>" in page.title.value
    assert "axial, 12 slices of 32 × 24 · engine nano &lt;1&gt;" in page.title.value
    model.update(plane=Plane.SAGITTAL)
    assert "sagittal, 32 slices" in page.title.value

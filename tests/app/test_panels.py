"""Measures, surface, undo and redo, restore, export, code: the smaller panels."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_fakes import BOX
from panel_fakes import RecordingIntents, lesion_with, make_run, show

from breastwidget.app.code_panel import CodePanel
from breastwidget.app.controls import drawers, html
from breastwidget.app.document import Document, Masks
from breastwidget.app.downloads import LARGEST_LINK_BYTES
from breastwidget.app.export_kinds import EXPORT_KINDS
from breastwidget.app.export_panel import ExportPanel, links_html
from breastwidget.app.history import History
from breastwidget.app.history_bar import HistoryButtons, RestoreOffer
from breastwidget.app.measures import measures_html
from breastwidget.app.model import AppModel, Cursor, Progress, Scene, SceneOptions
from breastwidget.app.plane_patch import patch_around
from breastwidget.app.scene_mode import Environment
from breastwidget.app.surface_panel import SurfacePanel
from breastwidget.volume import Plane, SliceStack


@pytest.fixture
def intents() -> RecordingIntents:
    return RecordingIntents()


def cells(html: str) -> list[list[str]]:
    rows = re.findall("<tr>(.*?)</tr>", html.split("<tbody>")[1])
    return [re.findall("<td>(.*?)</td>", row) for row in rows]


# Measures


def test_measures_per_lesion_and_together(stack: SliceStack) -> None:
    assert "after Propagate" in measures_html(Document((lesion_with(),)))
    one = lesion_with(make_run(stack))
    assert cells(measures_html(Document((one,)))) == [["1.50", "20.2", "10.0", "8.2", "2"]]
    both = cells(measures_html(Document((one, lesion_with(make_run(stack), key=2)))))
    assert both[2] == ["3.00", "", "", "16.5", "4"]


def test_measures_that_are_not_there_yet_are_dashes(stack: SliceStack) -> None:
    run = make_run(stack, measures=None)
    assert cells(measures_html(Document((lesion_with(run),)))) == [["1.50", "–", "–", "–", "–"]]


# Surface


@pytest.fixture
def surface(model: AppModel, intents: RecordingIntents) -> SurfacePanel:
    return SurfacePanel(model, intents)


def test_page_picture_and_note(surface: SurfacePanel, model: AppModel) -> None:
    assert "after Propagate" in surface.still.value
    model.update(scene=Scene(html='<p class="x">'))
    assert 'srcdoc="&lt;p class=&quot;x&quot;&gt;"' in surface.still.value
    model.update(scene=Scene(picture="data:image/png;base64,AA", note="No trame."))
    assert 'src="data:image/png;base64,AA"' in surface.still.value
    assert "No trame." in surface.note.value
    assert surface.note.layout.display is None
    model.update(scene=Scene(note="Nothing to draw with."))
    assert "Nothing to draw with." in surface.still.value
    assert surface.note.layout.display == "none"


@pytest.mark.parametrize(("mode", "loads"), [("auto", True), ("live", True), ("picture", False)])
def test_the_viewer_is_loaded_once_there_is_a_mask(
    surface: SurfacePanel,
    model: AppModel,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    loads: bool,
) -> None:
    jupyter = Environment("jupyter")
    monkeypatch.setattr("breastwidget.app.surface_panel.detect_environment", lambda: jupyter)
    model.update(scene_options=SceneOptions(mode=mode))
    prompted = replace(lesion_with(), prompts=(BOX,), masks=Masks())
    show(model, prompted)
    assert surface.frame.page == ""
    found = np.ones(model.stack.shape[1:], bool)
    show(model, replace(prompted, masks=Masks().with_slice(BOX.slice, found)))
    assert ("OfflineLocalView" in surface.frame.page, surface.frame.data) == (loads, b"")


def test_a_live_scene_follows_the_slice(
    surface: SurfacePanel, model: AppModel, stack: SliceStack
) -> None:
    patch = patch_around(stack, 6, (5.0, 10.0), (9.0, 19.0))
    model.update(cursor=Cursor(0, 0, 6), scene=Scene(data=b"zip", patch=patch))
    assert (surface.frame.data, surface.still.layout.display) == (b"zip", "none")
    assert "OfflineLocalView" in surface.frame.page
    assert surface.frame.plane["offset"] == [0.0, 0.0, 0.0]
    model.update(cursor=Cursor(0, 0, 8))
    assert surface.frame.plane["offset"] == [0.0, 0.0, 6.0]
    assert surface.frame.plane["cut"] == [8, 3, 13, 8]  # of the picture on the page
    assert surface.frame.plane["size"] == [13, 8]
    model.update(scene_options=SceneOptions(slice_plane=False))
    assert surface.frame.plane is None
    model.update(scene_options=SceneOptions(), plane=Plane.SAGITTAL)
    assert surface.frame.plane is None  # that plane's scene is on its way


def test_switches_say_what_was_asked(
    surface: SurfacePanel, model: AppModel, intents: RecordingIntents
) -> None:
    model.update(scene_options=SceneOptions("html", True, False, True))
    assert intents.said == []
    surface.switches["slice_plane"].value = True
    surface.mode.value = "picture"
    assert intents.said == [
        ("set_scene", {"slice_plane": True}),
        ("set_scene", {"mode": "picture"}),
    ]


def test_distance_needs_a_reference_and_has_a_legend(
    surface: SurfacePanel, model: AppModel
) -> None:
    model.update(scene=Scene(html="x", distance_mm=3.0))
    assert "3 mm inside the reference" in surface.legend.value
    assert surface.legend.layout.display is None
    model.update(reference=None, scene=Scene(html="x"))
    assert surface.switches["signed_distance"].layout.display == "none"
    assert surface.legend.layout.display == "none"


# Keeping


def test_undo_and_redo_say_what_they_would_do(model: AppModel, intents: RecordingIntents) -> None:
    buttons = HistoryButtons(model, intents)
    assert (buttons.undo.disabled, buttons.redo.disabled) == (True, True)
    history = History().done("box on slice 6", Document())
    model.update(history=history)
    assert (buttons.undo.tooltip, buttons.redo.tooltip) == (
        "Undo: box on slice 6",
        "Nothing to redo",
    )
    model.update(history=history.undo(Document())[0])
    assert (buttons.undo.disabled, buttons.redo.tooltip) == (True, "Redo: box on slice 6")
    buttons.redo.click()
    assert intents.said == [("redo",)]


def test_what_was_saved_is_offered(model: AppModel, intents: RecordingIntents) -> None:
    offer = RestoreOffer(model, intents)
    assert offer.widget.layout.display == "none"
    model.update(restorable="2 lesions, <today>")
    assert offer.widget.layout.display is None
    assert "2 lesions, &lt;today&gt;" in offer.words.value
    offer.restore.click()
    offer.discard.click()
    assert intents.said == [("restore",), ("discard_saved",)]


def test_export_sends_what_is_ticked(
    model: AppModel, stack: SliceStack, intents: RecordingIntents
) -> None:
    panel = ExportPanel(model, intents)
    assert list(panel.kinds) == list(EXPORT_KINDS)
    assert panel.export.disabled
    show(model, lesion_with(make_run(stack)))
    assert not panel.export.disabled
    for kind, box in panel.kinds.items():
        box.value = kind in ("glb", "nrrd")
    panel.folder.value = " out "
    panel.export.click()
    assert intents.said == [("export", ["nrrd", "glb"], "out")]
    model.update(progress=Progress(True))
    assert panel.export.disabled


def test_small_files_become_links(
    model: AppModel, intents: RecordingIntents, tmp_path: Path
) -> None:
    small, large, gone = (tmp_path / name for name in ("a&b.csv", "mask.nii.gz", "gone.stl"))
    small.write_bytes(b"x" * 1000)
    with large.open("wb") as file:
        file.truncate(LARGEST_LINK_BYTES + 1)
    assert links_html(()) == ""
    first, second, third = re.findall("<li>(.*?)</li>", links_html((small, large, gone)))
    assert 'download="a&amp;b.csv"' in first
    assert "base64,eHh4" in first
    assert "<a" not in second + third
    assert "(4.0 MB)" in second
    panel = ExportPanel(model, intents)
    model.update(exported=(small,))
    assert "a&amp;b.csv" in panel.links.value


def test_code_is_shown_when_asked_for(model: AppModel, intents: RecordingIntents) -> None:
    panel = CodePanel(model, intents)
    assert panel.text.layout.display == "none"
    panel.show.click()
    assert intents.said == [("show_code",)]
    model.update(code="import breastwidget as bw")
    assert panel.text.value == "import breastwidget as bw"
    assert panel.text.layout.display is None


def test_drawers_are_pulled_by_buttons() -> None:
    part = html("x")
    made = drawers(("Export", "", part))
    toggle = made.children[0].children[0]
    assert part.layout.display == "none"
    toggle.value = True
    assert (part.layout.display, toggle.icon) == (None, "caret-down")

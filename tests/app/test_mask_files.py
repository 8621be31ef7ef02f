"""Mask files as prompts: from the file to the document, and the panel for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pytest
from app_fakes import BOX, active, check
from panel_fakes import RecordingIntents

from breastwidget.app.controller import Controller
from breastwidget.app.mask_file_panel import MaskFilePanel
from breastwidget.app.mask_files import read_mask, read_uploaded_mask
from breastwidget.app.model import AppModel, Progress
from breastwidget.errors import PromptError, ReferenceMaskError
from breastwidget.prompts import MaskPrompt
from breastwidget.readers import write_mask, write_volume
from breastwidget.volume import SliceStack, Volume


@pytest.fixture
def drawn(stack: SliceStack) -> np.ndarray:
    """(slice, row, column) bool: 9 pixels on slice 7, 16 on slice 8."""
    drawn = np.zeros(stack.shape, dtype=bool)
    drawn[7, 2:5, 2:5] = True
    drawn[8, 2:6, 2:6] = True
    return drawn


@pytest.fixture(params=["mask.nii.gz", "mask.nrrd"])
def file(
    request: pytest.FixtureRequest, stack: SliceStack, drawn: np.ndarray, tmp_path: Path
) -> Path:
    path = tmp_path / str(request.param)
    write_mask(path, stack.to_voxels(drawn), stack.volume)
    return path


def prompted(model: AppModel, index: int, mask: np.ndarray) -> bool:
    (prompt,) = active(model).prompts
    assert isinstance(prompt, MaskPrompt)
    check(model)
    return (prompt.slice, model.slice_index) == (index, index) and np.array_equal(prompt.mask, mask)


@pytest.mark.parametrize(("shown", "used"), [(7, 7), (8, 8), (3, 8)])
def test_the_slice_shown_prompts_else_the_largest(
    controller: Controller, model: AppModel, file: Path, drawn: np.ndarray, shown: int, used: int
) -> None:
    controller.show_slice(shown)
    controller.use_mask(f' "{file}" ')  # as a file manager copies it
    assert prompted(model, used, drawn[used])
    controller.undo()
    assert model.document.lesions == ()


def test_an_uploaded_file_prompts_alike(
    controller: Controller, model: AppModel, file: Path, drawn: np.ndarray
) -> None:
    controller.upload_mask(f"C:/fakepath/../{file.name}", file.read_bytes())
    assert prompted(model, 8, drawn[8])


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("  ", "There is no path yet"),
        ("nowhere.nii.gz", "there is no such file"),
        (".", "got a folder"),
        ("notes.txt", "suffix '.txt'"),
        ("broken.nii.gz", "broken.nii.gz"),
        ("other.nii.gz", "expected a mask on the grid"),
        ("empty.nii.gz", "got an empty mask"),
        ("scan.nii.gz", "give the segmentation, not the scan"),
    ],
)
def test_what_is_no_mask_of_this_scan_changes_nothing(
    controller: Controller,
    model: AppModel,
    stack: SliceStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("nothing")
    Path("broken.nii.gz").write_bytes(b"\x1f\x8b nothing")
    smaller = Volume(stack.volume.data[:, :, :6], stack.volume.affine, "smaller")
    write_mask("other.nii.gz", smaller.data > 50, smaller)
    write_volume("empty.nii.gz", stack.volume.with_data(np.zeros_like(stack.volume.data)))
    noise = np.random.default_rng(0).integers(0, 900, stack.volume.shape, dtype=np.int16)
    write_volume("scan.nii.gz", stack.volume.with_data(noise))
    controller.set_box(BOX)
    before = model.document, model.history, model.cursor
    views = controller.for_views()
    views.use_mask(path)
    assert why in model.status.text
    assert model.status.level == "error"
    assert "reference" not in model.status.text
    if Path(path).is_file():
        views.upload_mask(path, Path(path).read_bytes())
        assert why in model.status.text
        assert "/" not in model.status.text.replace("https://", "")  # no folder of this machine
    assert (model.document, model.history, model.cursor) == before


def test_errors_are_the_packages_own(stack: SliceStack) -> None:
    with pytest.raises(PromptError):
        read_mask("", stack.volume)
    with pytest.raises(ReferenceMaskError):
        read_uploaded_mask("..", b"", stack.volume)


def submit(text: widgets.Text) -> None:
    """Enter, as the page says it."""
    data = {"method": "custom", "content": {"event": "submit"}}
    text._handle_msg({"content": {"data": data}, "buffers": []})


class TestPanel:
    @pytest.fixture
    def intents(self) -> RecordingIntents:
        return RecordingIntents()

    @pytest.fixture
    def panel(self, model: AppModel, intents: RecordingIntents) -> MaskFilePanel:
        return MaskFilePanel(model, intents)

    def test_it_opens_and_closes(self, panel: MaskFilePanel) -> None:
        assert panel.widget.layout.display == "none"
        panel.toggle.value = True
        assert panel.widget.layout.display is None
        panel.toggle.value = False
        assert panel.widget.layout.display == "none"

    @pytest.mark.parametrize(
        "act",
        [
            lambda panel: panel.use.click(),
            lambda panel: submit(panel.path),
        ],
    )
    def test_button_and_enter_use_the_path(
        self,
        panel: MaskFilePanel,
        intents: RecordingIntents,
        act: Callable[[MaskFilePanel], None],
    ) -> None:
        panel.path.value = "masks/left.nrrd"
        assert intents.said == []
        act(panel)
        assert intents.said == [("use_mask", "masks/left.nrrd")]
        assert panel.path.value == "masks/left.nrrd"

    def test_an_upload_is_said_once_and_makes_room_for_the_next(
        self, panel: MaskFilePanel, intents: RecordingIntents
    ) -> None:
        sent = {"name": "m.nrrd", "type": "", "size": 3, "content": memoryview(b"abc")}
        panel.upload.value = ({**sent, "last_modified": datetime(2020, 1, 1)},)
        assert intents.said == [("upload_mask", "m.nrrd", b"abc")]
        assert panel.upload.value == ()

    def test_a_running_propagation_has_the_prompts(
        self, panel: MaskFilePanel, model: AppModel, intents: RecordingIntents
    ) -> None:
        model.update(progress=Progress(running=True))
        assert panel.use.disabled
        assert panel.upload.disabled
        submit(panel.path)
        assert intents.said == []
        model.update(progress=Progress())
        assert not panel.use.disabled

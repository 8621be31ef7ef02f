"""Autosave: after each edit, whole or not at all, and taken back when the scan is opened again."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from app_fakes import BOX, InlineExecutor, ManualExecutor, active, check

from breastwidget.app import autosave as autosave_module
from breastwidget.app.autosave import Autosave, default_folder, fingerprint
from breastwidget.app.controller import Controller
from breastwidget.app.document import Document
from breastwidget.app.model import AppModel, Image, Status, Window
from breastwidget.app.session_room import SessionRoom
from breastwidget.engines.base import FakeEngine
from breastwidget.errors import OutputError
from breastwidget.volume import Plane, Source, Volume


@pytest.fixture
def reopen(images: tuple[Image, ...], saved_in: Path) -> Callable[[], tuple[AppModel, Controller]]:
    """Opens the same scan as a new kernel would."""

    def open_again() -> tuple[AppModel, Controller]:
        model = AppModel(images, Plane.AXIAL, Window(0.0, 120.0))
        room = SessionRoom(model, FakeEngine)
        saved = Autosave(saved_in, images, lambda text: warn(model, text), InlineExecutor())
        controller = Controller(model, room, InlineExecutor(), saved)
        controller.start("center-outward")
        return model, controller

    return open_again


def warn(model: AppModel, text: str) -> None:
    model.update(status=Status(text, "error"))


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_every_edit_is_on_disk_and_nothing_else_is(
    controller: Controller, model: AppModel, saved_in: Path
) -> None:
    controller.choose_strategy("top-to-bottom")
    assert files(saved_in) == []  # nothing worth keeping
    controller.set_box(BOX)
    (path,) = files(saved_in)
    assert stat.S_IMODE(saved_in.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sizes = []
    for edit in (controller.propagate, controller.undo, controller.redo, controller.new_lesion):
        edit()
        record = json.loads(gzip.decompress(path.read_bytes()))["document"]
        lesions = record["lesions"]
        assert [each["key"] for each in lesions] == [e.key for e in model.document.lesions]
        sizes.append(len(lesions[0]["runs"]))
    assert sizes == [1, 0, 1, 1]
    assert files(saved_in) == [path]


def test_work_is_offered_and_restored_when_the_scan_is_opened_again(
    controller: Controller,
    model: AppModel,
    reopen: Callable[[], tuple[AppModel, Controller]],
) -> None:
    controller.set_box(BOX)
    controller.propagate()
    controller.rename_lesion(1, "left")
    before = active(model)

    again, other = reopen()
    assert again.document.lesions == ()
    assert again.restorable.startswith("1 lesion with 1 result, of ")
    assert again.restorable in again.status.text
    other.restore()
    assert again.restorable == ""
    lesion = active(again)
    assert lesion.name == "left"
    assert lesion.run is not None
    assert before.run is not None
    assert np.array_equal(lesion.run.segmentation.mask, before.run.segmentation.mask)
    assert lesion.run.segmentation.slices == before.run.segmentation.slices
    check(again)
    other.undo()
    assert again.document.lesions == ()
    other.redo()
    other.propagate()
    assert len(active(again).runs) == 2

    third, last = reopen()  # what was restored and went on is there as well
    assert third.restorable.startswith("1 lesion with 2 results")
    last.restore()
    assert len(active(third).runs) == 2


def test_new_work_does_not_overwrite_what_was_not_restored_yet(
    controller: Controller, reopen: Callable[[], tuple[AppModel, Controller]]
) -> None:
    controller.set_box(BOX)
    controller.propagate()
    again, other = reopen()
    other.new_lesion()
    other.restore()
    assert len(active(again).runs) == 1


def test_what_was_saved_can_be_discarded(
    controller: Controller, reopen: Callable[[], tuple[AppModel, Controller]], saved_in: Path
) -> None:
    controller.set_box(BOX)
    again, other = reopen()
    other.discard_saved()
    assert again.restorable == ""
    assert files(saved_in) == []
    with pytest.raises(OutputError, match="Nothing was saved"):
        other.restore()
    assert reopen()[0].restorable == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"not gzip",
        lambda content: gzip.compress(b"[1, 2]"),
        lambda content: gzip.compress(b'{"format": "breastwidget autosave 0", "document": {}}'),
        lambda content: gzip.compress(b'{"format": "breastwidget autosave 1"}'),
    ],
)
def test_a_damaged_file_is_a_sentence_and_is_renamed(
    controller: Controller,
    reopen: Callable[[], tuple[AppModel, Controller]],
    saved_in: Path,
    damage: Callable[[bytes], bytes],
) -> None:
    controller.set_box(BOX)
    (path,) = files(saved_in)
    path.write_bytes(damage(path.read_bytes()))
    again, other = reopen()
    assert again.restorable == ""
    assert again.status.level == "error"
    assert "could not be read" in again.status.text
    (aside,) = files(saved_in)
    assert aside.suffix == ".unreadable"
    other.set_box(BOX)  # and the app goes on
    assert path in files(saved_in)


def test_a_document_that_cannot_be_understood_leaves_everything_as_it_was(
    controller: Controller, reopen: Callable[[], tuple[AppModel, Controller]], saved_in: Path
) -> None:
    controller.set_box(BOX)
    controller.propagate()
    (path,) = files(saved_in)
    record = json.loads(gzip.decompress(path.read_bytes()))
    record["document"]["lesions"][0]["runs"][0]["image"] = "phase 9"
    path.write_bytes(gzip.compress(json.dumps(record).encode()))
    again, other = reopen()
    document = again.document
    with pytest.raises(OutputError, match="could not be read"):
        other.restore()
    assert again.document is document
    assert again.restorable == ""


def test_a_folder_that_cannot_be_written_is_said_once_and_costs_nothing_else(
    model: AppModel, images: tuple[Image, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    said: list[str] = []
    saved = Autosave(tmp_path / "file" / "autosave", images, said.append, InlineExecutor())
    controller = Controller(model, SessionRoom(model, FakeEngine), InlineExecutor(), saved)
    controller.start("center-outward")
    controller.set_box(BOX)
    controller.propagate()
    assert len(active(model).runs) == 1
    assert len(said) == 1
    assert "could not be autosaved" in said[0]


def test_an_interrupted_write_leaves_the_file_before(
    controller: Controller, model: AppModel, saved_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.set_box(BOX)
    (path,) = files(saved_in)
    content = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(autosave_module.os, "replace", fail)
    controller.propagate()
    assert "No space left" in model.status.text
    assert files(saved_in) == [path]
    assert path.read_bytes() == content


def test_edits_in_quick_succession_are_written_once(
    images: tuple[Image, ...], model: AppModel, saved_in: Path
) -> None:
    executor = ManualExecutor()
    saved = Autosave(saved_in, images, print, executor)
    first = Document().with_lesion(Document().new_lesion(Plane.AXIAL))
    saved.save(first)
    saved.save(first.with_lesion(first.new_lesion(Plane.AXIAL)))
    assert len(executor.jobs) == 1
    executor.run_all()
    (path,) = files(saved_in)
    assert len(json.loads(gzip.decompress(path.read_bytes()))["document"]["lesions"]) == 2


def test_after_closing_nothing_is_written(
    images: tuple[Image, ...], model: AppModel, saved_in: Path
) -> None:
    saved = Autosave(saved_in, images, print)
    document = Document().with_lesion(Document().new_lesion(Plane.AXIAL))
    saved.save(document)
    saved.close()  # what waited is on disk
    (path,) = files(saved_in)
    path.unlink()
    saved.save(document)
    assert files(saved_in) == []


def test_without_a_folder_nothing_is_kept(images: tuple[Image, ...], model: AppModel) -> None:
    saved = Autosave(None, images, print)
    saved.save(Document().with_lesion(Document().new_lesion(Plane.AXIAL)))
    assert (saved.path, saved.describe(), saved.load(images)) == (None, "", None)
    saved.discard()
    saved.close()


def test_scans_are_told_apart(images: tuple[Image, ...]) -> None:
    volume = images[0].volume

    def of(changed: Volume, label: str = "phase 1") -> str:
        return fingerprint([Image(label, changed)])

    other = volume.data.copy()
    other[3, 3, 3] += 1
    moved = Volume(volume.data, volume.affine + np.eye(4, k=3) * 5, "block")
    from_file = Volume(volume.data, volume.affine, "block", source=Source(sha256="ab", phase=1))
    next_phase = Volume(volume.data, volume.affine, "block", source=Source(sha256="ab", phase=2))
    prints = [
        of(volume),
        of(volume, "phase 2"),
        of(volume.with_data(other)),
        of(moved),
        of(from_file),
        of(next_phase),
        fingerprint(images),
    ]
    assert len(set(prints)) == len(prints)
    assert of(volume) == of(volume.with_data(volume.data.copy()))


def test_the_default_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "breastwidget" / "autosave"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_folder() == tmp_path / "home" / ".cache" / "breastwidget" / "autosave"

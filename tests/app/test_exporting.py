"""Export: files that come back equal, and what is said where one cannot be written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from app_fakes import BOX, active

from breastwidget.app.controller import Controller
from breastwidget.app.export_kinds import EXPORT_KINDS
from breastwidget.app.exporting import shown_segmentation
from breastwidget.app.model import AppModel
from breastwidget.errors import OutputError
from breastwidget.prompts import BoxPrompt
from breastwidget.readers import load_mask


@pytest.fixture
def done(controller: Controller) -> Controller:
    """One lesion, propagated by two strategies."""
    controller.set_box(BOX)
    controller.propagate()
    controller.choose_strategy("top-to-bottom")
    controller.propagate()
    return controller


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_masks_come_back_equal(done: Controller, model: AppModel, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    done.export(["nifti", "nrrd"], folder)
    assert names(folder) == ["mask.nii.gz", "mask.nrrd"]
    assert model.exported == (folder / "mask.nii.gz", folder / "mask.nrrd")
    assert model.status.text == f"Wrote 2 files to {folder}."
    for path in model.exported:
        assert np.array_equal(load_mask(path, model.volume), model.reference)
    done.new_lesion()
    done.use_mask(folder / "mask.nii.gz")
    shown = model.slice_index
    assert done_mask(model)[shown].any()
    assert np.array_equal(active(model).masks.by_slice[shown], done_mask(model)[shown])


def done_mask(model: AppModel) -> np.ndarray:
    run = model.document.lesions[0].run
    assert run is not None
    return run.segmentation.stack_mask


def test_what_is_shown_is_exported_a_waiting_correction_too(
    done: Controller, model: AppModel, tmp_path: Path
) -> None:
    assert shown_segmentation(active(model)) is active(model).runs[1].segmentation
    done.set_brush(2)
    done.stroke(7, [(0.5, 0.5)])
    done.export(["nifti"], tmp_path / "out")
    mask = model.stack.from_voxels(load_mask(tmp_path / "out" / "mask.nii.gz", model.volume))
    assert mask[7, 0, 0]
    assert np.count_nonzero(mask != done_mask(model)) == np.count_nonzero(mask[7, :2, :2])


def test_each_of_several_lesions_has_its_files(
    done: Controller, model: AppModel, tmp_path: Path
) -> None:
    done.new_lesion()
    done.set_box(BoxPrompt(5, 8, 3, 16, 12))
    done.propagate()
    done.rename_lesion(2, "Äußere / left ")
    done.new_lesion()  # has no result
    done.export(["nifti", "session", "csv"], tmp_path / "out")
    assert names(tmp_path / "out") == [
        "mask-1-lesion-1.nii.gz",
        "mask-2-u-ere-left.nii.gz",
        "results.csv",
        "session-1-lesion-1.json",
        "session-2-u-ere-left.json",
    ]
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").open(encoding="utf-8")))
    assert [row["lesion"] for row in rows] == ["lesion 1", "lesion 1", "Äußere / left"]
    session = json.loads((tmp_path / "out" / "session-1-lesion-1.json").read_text())
    assert session["strategy"] == "top-to-bottom"


def test_a_kind_that_fails_is_said_and_costs_only_itself(
    done: Controller, model: AppModel, tmp_path: Path
) -> None:
    done.export(["dicom-seg", "csv"], tmp_path / "out")  # made in memory: no DICOM to refer to
    assert names(tmp_path / "out") == ["results.csv"]
    assert model.status.level == "error"
    assert model.status.text.startswith("Wrote 1 file to ")
    assert "DICOM" in model.status.text


def test_where_nothing_can_be_written_nothing_is_left(
    done: Controller, model: AppModel, tmp_path: Path
) -> None:
    exported = model.exported
    with pytest.raises(OutputError, match="DICOM"):
        done.export(["dicom-seg"], tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="exists"):
        done.export(["csv"], tmp_path / "file")
    with pytest.raises(OutputError, match="Could not write"):
        done.export(["csv"], tmp_path / "file" / "out")
    assert names(tmp_path) == ["autosave", "file"]
    assert model.status.level == "error"
    assert model.exported is exported


@pytest.mark.parametrize("kinds", [[], ["docx"], "nifti"])
def test_kinds_must_be_known(done: Controller, tmp_path: Path, kinds: list[str]) -> None:
    with pytest.raises(OutputError, match="nifti, nrrd"):
        done.export(kinds, tmp_path / "out")
    assert names(tmp_path) == ["autosave"]


def test_there_must_be_a_result(controller: Controller, model: AppModel, tmp_path: Path) -> None:
    controller.set_box(BOX)
    with pytest.raises(OutputError, match="no result"):
        controller.export(["nifti"], tmp_path / "out")
    with pytest.raises(OutputError, match="no result"):
        controller.show_code()
    assert model.code == ""


def test_the_code_gives_what_was_prompted(done: Controller, model: AppModel) -> None:
    done.show_code()
    assert model.code == done.code()
    assert "top-to-bottom" in model.code
    compile(model.code, "code", "exec")
    done.new_lesion()
    done.set_box(BoxPrompt(5, 8, 3, 16, 12))
    done.propagate()
    assert "lesion 2" in done.code()
    compile(done.code(), "code", "exec")


def test_every_kind_is_written(done: Controller, model: AppModel, tmp_path: Path) -> None:
    kinds = [kind for kind in EXPORT_KINDS if kind != "dicom-seg"]
    done.export(kinds, tmp_path / "out")
    assert model.status.level == "info", model.status.text
    assert names(tmp_path / "out") == [
        "mask.nii.gz",
        "mask.nrrd",
        "report.html",
        "results.csv",
        "session.json",
        "surface.ply",
        "surface.stl",
        "surfaces.glb",
    ]
    assert (tmp_path / "out" / "surfaces.glb").read_bytes()[:4] == b"glTF"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "2. top-to-bottom, box on 6" in page

import json

import nibabel as nib
import numpy as np
import pytest

BOX = ("--box", 12, 14, 18, 34, 38)
FIELDS = {
    "case", "engine", "strategy", "prompt", "plane", "start_slice", "slices", "dice", "hd95_mm",
    "surface_dice_2mm", "volume_ml", "reference_volume_ml", "longest_diameter_mm", "seconds",
    "peak_memory_mb",
}  # fmt: skip


def test_a_box_becomes_a_folder_with_mask_surface_session_and_report(breastwidget, scan, tmp_path):
    out = tmp_path / "out"
    run = breastwidget("segment", scan / "image.nii.gz", "-o", out, *BOX)
    assert run.code == 0, run.err
    assert {path.name for path in out.iterdir()} == {
        "mask.nii.gz",
        "surface.stl",
        "session.json",
        "report.html",
    }
    mask = nib.load(out / "mask.nii.gz")
    assert mask.shape == (48, 56, 24)
    assert "mL" in run.err


def test_json_is_one_object_with_every_field(breastwidget, scan, tmp_path):
    run = breastwidget(
        "segment", scan / "image.nii.gz", "-o", tmp_path / "out", "--json",
        "--reference", scan / "reference.nii.gz", "--extent", "reference",
    )  # fmt: skip
    assert run.code == 0, run.err
    record = json.loads(run.out)
    assert set(record) == FIELDS
    assert set(record["seconds"]) == {"load", "open", "prompt", "propagate", "surface"}
    assert record["prompt"] == "box-tight"
    assert record["plane"] == "axial"
    assert record["start_slice"] == 12
    assert record["slices"] == 13
    assert record["dice"] > 0.5
    assert record["reference_volume_ml"] == pytest.approx(record["volume_ml"], rel=0.6)


def test_without_a_reference_its_figures_are_null(breastwidget, scan, tmp_path):
    run = breastwidget("segment", scan / "image.nii.gz", "-o", tmp_path / "out", "--json", *BOX)
    record = json.loads(run.out)
    assert record["dice"] is None
    assert record["reference_volume_ml"] is None


@pytest.mark.parametrize(
    ("strategy", "start"), [("top-to-bottom", 18), ("bottom-to-top", 6), ("center-outward", 12)]
)
def test_a_reference_prompts_on_the_strategys_own_start_slice(
    breastwidget, scan, tmp_path, strategy, start
):
    run = breastwidget(
        "segment", scan / "image.nii.gz", "-o", tmp_path / "out", "--json", "--prompt", "mask",
        "--reference", scan / "reference.nii.gz", "--extent", "reference", "--strategy", strategy,
    )  # fmt: skip
    record = json.loads(run.out)
    assert (record["start_slice"], record["prompt"]) == (start, "mask")


def test_a_session_replays_bit_identically(breastwidget, scan, tmp_path):
    breastwidget("segment", scan / "image.nii.gz", "-o", tmp_path / "out", *BOX)
    run = breastwidget("replay", tmp_path / "out" / "session.json")
    assert run.code == 0, run.err
    assert "bit-identical to the saved mask" in run.err


def test_another_plane_still_overlays_the_source(breastwidget, scan, tmp_path):
    run = breastwidget(
        "segment", scan / "image.nii.gz", "-o", tmp_path / "out", "--json", "--plane", "coronal",
        "--reference", scan / "reference.nii.gz", "--extent", "reference",
    )  # fmt: skip
    record = json.loads(run.out)
    assert record["plane"] == "coronal"
    assert record["dice"] > 0.5
    mask = np.asarray(nib.load(tmp_path / "out" / "mask.nii.gz").dataobj)
    assert mask.shape == (48, 56, 24)

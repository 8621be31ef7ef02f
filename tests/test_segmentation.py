import json

import nibabel as nib
import numpy as np
import pytest

import breastwidget as bw
from breastwidget.engines.base import FakeEngine
from breastwidget.errors import OutputError, ReferenceMaskError, VolumeError
from breastwidget.provenance import mask_digest
from breastwidget.volume import Plane, Volume

BOX = bw.BoxPrompt(10, 8, 12, 24, 27)


@pytest.fixture
def result(ball_volume):
    return bw.segment(ball_volume, BOX, engine=FakeEngine(), plane="axial")


def test_the_mask_comes_back_in_the_volumes_own_voxels(result, ball):
    assert (result.mask == ball).all()
    assert result.plane is Plane.AXIAL
    assert result.volume_ml == pytest.approx(ball.sum() * 2.0 / 1000)
    # 13 voxels of 2 mm along k, from outer face to outer face.
    assert result.longest_diameter_mm == pytest.approx(26.0)


def test_every_visited_slice_has_its_confidence(result):
    assert [each.slice for each in result.slices][:3] == [10, 11, 12]
    assert all(each.predicted_iou == 0.9 for each in result.slices)


def test_saving_writes_a_mask_that_overlays_the_source(result, ball_volume, ball, tmp_path):
    folder = result.save(tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {
        "mask.nii.gz",
        "session.json",
        "surface.stl",
    }
    image = nib.load(folder / "mask.nii.gz")
    assert np.allclose(image.affine, ball_volume.affine)
    assert (np.asarray(image.dataobj) == ball).all()
    session = json.loads((folder / "session.json").read_text())
    assert session["mask_sha256"] == mask_digest(ball)
    with pytest.raises(OutputError, match="exists already"):
        result.save(folder)


def test_an_empty_result_is_saved_without_a_surface(ball_volume, tmp_path):
    nothing = bw.Segmentation(
        ball_volume,
        Plane.AXIAL,
        np.zeros(ball_volume.shape, bool),
        (),
        bw.segment(ball_volume, BOX, engine=FakeEngine(), plane="axial").provenance,
    )
    folder = nothing.save(tmp_path / "out")
    assert not (folder / "surface.stl").exists()
    assert nothing.longest_diameter_mm == 0


def test_a_score_is_one_row_a_result(result, ball):
    table = bw.score({"mine": result}, ball)
    assert list(table.index) == ["mine"]
    assert bw.score(result, ball).index[0] == "center-outward"


def test_a_reference_of_another_shape_or_empty_is_refused(result):
    with pytest.raises(ReferenceMaskError, match="shape"):
        bw.score(result, np.ones((2, 2, 2)))
    with pytest.raises(ReferenceMaskError, match="empty"):
        bw.score(result, np.zeros(result.mask.shape))


def test_a_segmenter_encodes_each_slice_once_for_three_strategies(ball_volume):
    segmenter = bw.Segmenter(ball_volume, FakeEngine(), "axial")
    for strategy in bw.STRATEGIES:
        segmenter.segment(BOX, strategy, (5, 15))
    assert segmenter.encoded_slices == 11


def test_progress_is_told_each_slice(ball_volume):
    seen = []
    bw.segment(
        ball_volume,
        BOX,
        engine=FakeEngine(),
        plane="axial",
        extent=(8, 12),
        progress=lambda slice_result: seen.append(slice_result.slice),
    )
    assert seen == [10, 11, 12, 9, 8]


@pytest.mark.parametrize("value", [0, 7, np.nan])
def test_a_volume_without_contrast_is_refused(value):
    flat = Volume(np.full((8, 8, 8), value, np.float32), np.eye(4), "flat")
    with pytest.raises(VolumeError, match="flat"):
        bw.segment(flat, bw.BoxPrompt(2, 1, 1, 4, 4), engine=FakeEngine())

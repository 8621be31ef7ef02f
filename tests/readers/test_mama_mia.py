"""The MAMA-MIA layout, whatever the case of its letters."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from breastwidget.errors import VolumeError
from breastwidget.prompts import box_from_reference
from breastwidget.readers import find_case, load, load_mask, write_mask
from breastwidget.volume import Volume


def make(root: Path, *names: str) -> None:
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".json"):
            (root / name).write_text("{}")
        else:
            nib.save(image, root / name)


def test_a_case_with_everything(tmp_path):
    make(
        tmp_path,
        "images/DUKE_001/duke_001_0001.nii.gz",
        "images/DUKE_001/duke_001_0000.nii.gz",
        "segmentations/expert/DUKE_001.nii.gz",
        "segmentations/automatic/duke_001.nii.gz",
        "segmentations/expert/duke_002.nii.gz",
        "patient_info_files/Duke_001.json",
    )
    case = find_case(tmp_path / "images" / "DUKE_001")
    assert case.case_id == "duke_001"
    assert [path.name for path in case.phases.values()] == [
        "duke_001_0000.nii.gz",
        "duke_001_0001.nii.gz",
    ]
    assert case.expert == tmp_path / "segmentations/expert/DUKE_001.nii.gz"
    assert case.automatic == tmp_path / "segmentations/automatic/duke_001.nii.gz"
    assert case.patient_info == tmp_path / "patient_info_files/Duke_001.json"


def test_folders_may_be_spelled_otherwise(tmp_path):
    make(
        tmp_path,
        "Images/a_1/A_1_0000.NII.GZ",
        "Images/a_1/a_1_0001.nii.gz",
        "Segmentations/Expert/a_1.nii.gz",
    )
    case = find_case(tmp_path / "Images" / "a_1")
    assert list(case.phases) == [0, 1]
    assert case.expert == tmp_path / "Segmentations/Expert/a_1.nii.gz"
    assert load(tmp_path / "Images" / "a_1").source.phase == 1


def test_a_case_alone(tmp_path):
    make(tmp_path, "images/A_1/a_1_0000.nii.gz")
    case = find_case(tmp_path / "images" / "A_1")
    assert (case.expert, case.automatic, case.patient_info) == (None, None, None)
    assert load(tmp_path / "images" / "A_1").source.phase is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("images/A/scan.nii.gz",), "found none"),
        (("images/A/a_0000.nii.gz", "images/A/b_0000.nii.gz"), "found cases a, b"),
        (("images/A/a_0000.nii.gz", "images/A/a_0000.nii"), "one file for phase 0"),
    ],
)
def test_folders_that_are_no_case(tmp_path, names, message):
    make(tmp_path, *names)
    with pytest.raises(VolumeError, match=message):
        find_case(tmp_path / "images" / "A")


def test_a_missing_folder(tmp_path):
    with pytest.raises(VolumeError, match="found none"):
        find_case(tmp_path / "images" / "A")


def test_duke_001_in_our_coordinates(tmp_path):
    """The release gives DUKE_001's expert mask in ITK indices, inclusive: x 307-338, y 181-214,
    z 50-69, 7,477 voxels of 0.8036 x 0.8036 x 1.1 mm. ITK's (x, y, z) are our (i, j, k), and for
    an axial scan stored as LPS the picture's columns, rows and slices.
    """
    shape, low, high = (448, 448, 160), (307, 181, 50), (338, 214, 69)
    affine = np.diag([-0.8036, -0.8036, 1.1, 1.0])
    volume = Volume(np.broadcast_to(np.int16(0), shape), affine, "duke_001")
    mask = np.zeros(shape, bool)
    box = np.zeros([last - first + 1 for first, last in zip(low, high, strict=True)], bool)
    box.ravel()[: 7477 - 1] = True
    box[-1, -1, -1] = True
    mask[307:339, 181:215, 50:70] = box

    write_mask(tmp_path / "duke_001.nii", mask, volume)
    loaded = load_mask(tmp_path / "duke_001.nii", volume)

    voxels = np.argwhere(loaded)
    assert len(voxels) == 7477
    assert tuple(voxels.min(axis=0)) == low
    assert tuple(voxels.max(axis=0)) == high
    assert loaded.sum() * volume.voxel_volume_ml == pytest.approx(7477 * 0.8036**2 * 1.1e-3)
    stack = volume.stack("axial")
    seen = stack.from_voxels(loaded)
    assert stack.shape == (160, 448, 448)
    assert tuple(np.flatnonzero(seen.any(axis=(1, 2)))[[0, -1]]) == (50, 69)
    projected = box_from_reference(seen, 60, "projected")
    assert (projected.x0, projected.x1) == (307, 339)
    assert (projected.y0, projected.y1) == (181, 215)
    # Slices 50 to 69 of LPS storage run upwards: the top is the last one.
    assert stack.top_slice == 159

"""Phases and subtraction, from a 4-D file, a case folder and a list."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from breastwidget.errors import VolumeError
from breastwidget.readers import load


@pytest.fixture
def dynamic(voxels) -> np.ndarray:
    """(6, 5, 4, 3) int16: phase n is n times the voxels."""
    return np.stack([voxels * n for n in (1, 2, 3)], axis=-1)


@pytest.fixture
def case(save_nifti, dynamic):
    for n in range(3):
        path = save_nifti(f"images/CASE_7/case_7_000{n}.nii.gz", dynamic[..., n])
    return path.parent


def test_a_4d_file_must_be_told_which_phase(save_nifti, dynamic):
    path = save_nifti("dynamic.nii.gz", dynamic)
    with pytest.raises(VolumeError, match=r"4-D.*\(6, 5, 4, 3\).*3 phases.*--phase.*--subtraction"):
        load(path)
    second = load(path, phase=1)
    assert np.array_equal(second.data, dynamic[..., 1])
    assert (second.source.phase, second.source.subtraction) == (1, None)
    assert second.shape == (6, 5, 4)


def test_a_case_folder_gives_phase_1(case, dynamic):
    volume = load(case)
    assert np.array_equal(volume.data, dynamic[..., 1])
    assert volume.name == "case_7"
    assert volume.source.phase == 1
    expected = hashlib.sha256((case / "case_7_0001.nii.gz").read_bytes()).hexdigest()
    assert volume.source.sha256 == expected
    assert volume.source.files == (str(case),)


def test_a_list_of_files_is_phases_in_order(case, dynamic):
    files = [case / "case_7_0002.nii.gz", case / "case_7_0000.nii.gz"]
    assert np.array_equal(load(files, phase=0).data, dynamic[..., 2])
    assert np.array_equal(load(files).data, dynamic[..., 0])
    assert load(files).source.files == tuple(str(file) for file in files)
    assert load(files).name == "case_7"


def test_the_digest_covers_both_files_of_a_subtraction(case):
    volume = load(case, subtraction=2)
    both = [(case / f"case_7_000{n}.nii.gz").read_bytes() for n in (0, 2)]
    assert volume.source.sha256 == hashlib.sha256(b"".join(both)).hexdigest()
    assert (volume.source.phase, volume.source.subtraction) == (None, 2)


@pytest.mark.parametrize(
    ("dtype", "low", "high", "expected"),
    [
        (np.int16, -32768, 32767, np.int32),
        (np.uint16, 0, 65535, np.int32),
        (np.uint8, 0, 255, np.int32),
        (np.int32, -(2**31), 2**31 - 1, np.float64),
        (np.float32, -1.5, 2.5, np.float32),
    ],
)
def test_a_subtraction_cannot_overflow(save_nifti, dtype, low, high, expected):
    before, after = np.full((3, 3, 3), low, dtype), np.full((3, 3, 3), high, dtype)
    before[0, 0, 0], after[0, 0, 0] = high, low
    volume = load(
        [save_nifti("a.nii", before), save_nifti("b.nii", after)],
        subtraction=1,
    )
    assert volume.data.dtype == expected
    assert volume.data[1, 1, 1] == float(high) - float(low)
    assert volume.data[0, 0, 0] == float(low) - float(high)


class TestRefused:
    @pytest.mark.parametrize("phase", [3, -1])
    def test_a_phase_that_is_not_there(self, case, phase):
        with pytest.raises(VolumeError, match=rf"no phase {phase}.*3 phases \(0, 1, 2\)"):
            load(case, phase=phase)

    def test_a_phase_of_a_file_without_phases(self, case):
        with pytest.raises(VolumeError, match="one phase"):
            load(case / "case_7_0001.nii.gz", phase=1)

    def test_a_subtraction_without_phases(self, case):
        with pytest.raises(VolumeError, match="at least two phases"):
            load(case / "case_7_0001.nii.gz", subtraction=1)

    def test_phase_0_minus_itself(self, case):
        with pytest.raises(VolumeError, match="minus itself"):
            load(case, subtraction=0)

    def test_a_missing_baseline(self, case):
        (case / "case_7_0000.nii.gz").unlink()
        with pytest.raises(VolumeError, match="there is no phase 0"):
            load(case, subtraction=1)

    def test_both_options(self, case):
        with pytest.raises(VolumeError, match="leave one out"):
            load(case, phase=1, subtraction=1)

    def test_phases_on_different_grids(self, save_nifti, voxels):
        moved = np.eye(4)
        moved[0, 3] = 5
        files = [save_nifti("a.nii", voxels), save_nifti("b.nii", voxels * 2, moved)]
        with pytest.raises(VolumeError, match="share one grid"):
            load(files, subtraction=1)

    def test_an_empty_list(self):
        with pytest.raises(VolumeError, match="at least one image"):
            load([])

    def test_a_4d_file_inside_a_list(self, save_nifti, dynamic, voxels):
        files = [save_nifti("a.nii", voxels), save_nifti("b.nii", dynamic)]
        with pytest.raises(VolumeError, match="expected one phase here, got 3"):
            load(files, phase=1)

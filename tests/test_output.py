import errno

import pytest

from breastwidget.errors import OutputError
from breastwidget.output import new_folder


def test_a_folder_appears_only_when_the_block_ends_well(tmp_path):
    target = tmp_path / "deep" / "out"
    with new_folder(target) as beside:
        (beside / "mask.txt").write_text("x")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["mask.txt"]
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_an_existing_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(OutputError, match="exists already"), new_folder(tmp_path):
        pytest.fail("the block must not run")
    assert (tmp_path / "kept.txt").read_text() == "kept"


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    def write_half_a_result():
        with new_folder(tmp_path / "out") as beside:
            (beside / "half.nii.gz").write_bytes(b"x")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"No space left.*nothing was left"):
        write_half_a_result()
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_ours_leaves_nothing_behind(tmp_path):
    with pytest.raises(OutputError, match="mine"), new_folder(tmp_path / "out"):
        raise OutputError("mine")
    assert list(tmp_path.iterdir()) == []

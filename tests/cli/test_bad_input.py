"""Whatever is wrong with the input: exit code 2, one sentence, no traceback, no output folder."""

import errno
import gzip

import nibabel as nib
import numpy as np
import pytest

AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])
BOX = ("--box", 12, 14, 18, 34, 38)


@pytest.fixture
def refused(breastwidget, tmp_path):
    """The sentence with which a command is refused."""

    def run(*args):
        done = breastwidget(*args, "-o", tmp_path / "out")
        assert done.code == 2, (done.code, done.err)
        assert "Traceback" not in done.err
        assert done.out == ""
        assert not (tmp_path / "out").exists()
        assert not list(tmp_path.glob(".out*"))
        return " ".join(done.err.split())

    return run


def nifti(path, data, affine=AFFINE):
    nib.save(nib.Nifti1Image(np.asarray(data), affine), path)
    return path


def test_a_missing_file(refused, tmp_path):
    assert "nowhere.nii.gz" in refused("segment", tmp_path / "nowhere.nii.gz", *BOX)


def test_a_text_file_named_nii_gz(refused, tmp_path):
    (tmp_path / "note.nii.gz").write_text("not an image")
    assert "note.nii.gz" in refused("segment", tmp_path / "note.nii.gz", *BOX)


def test_a_truncated_gzip(refused, scan, tmp_path):
    whole = (scan / "image.nii.gz").read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    assert "cut.nii.gz" in refused("segment", tmp_path / "cut.nii.gz", *BOX)


def test_a_gzip_that_is_no_image(refused, tmp_path):
    (tmp_path / "zip.nii.gz").write_bytes(gzip.compress(b"hello"))
    assert "zip.nii.gz" in refused("segment", tmp_path / "zip.nii.gz", *BOX)


def test_a_2d_image(refused, tmp_path):
    path = nifti(tmp_path / "flat.nii.gz", np.ones((20, 20), np.int16))
    assert "3-D" in refused("segment", path, *BOX)


def test_a_4d_file_offers_the_phase_option(refused, tmp_path):
    data = np.random.default_rng(0).integers(0, 99, (20, 20, 10, 3)).astype(np.int16)
    assert "phase" in refused("segment", nifti(tmp_path / "dce.nii.gz", data), *BOX)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_volume_of_zeros_or_nan(refused, tmp_path, value):
    data = np.full((48, 56, 24), value, np.float32)
    assert "empty.nii.gz" in refused("segment", nifti(tmp_path / "empty.nii.gz", data), *BOX)


@pytest.mark.parametrize("size", [0.0, -1.0])
def test_a_zero_or_negative_spacing(refused, tmp_path, size):
    image = nib.Nifti1Image(np.arange(1000, dtype=np.int16).reshape(10, 10, 10), np.eye(4))
    image.header["pixdim"][3] = size
    image.header.set_sform(None, 0)
    image.header.set_qform(None, 0)
    raw = image.header.binaryblock + b"\0" * 4 + image.get_fdata().astype(np.int16).tobytes("F")
    (tmp_path / "thin.nii").write_bytes(raw)
    assert "mm" in refused("segment", tmp_path / "thin.nii", "--box", 5, 1, 1, 5, 5)


def test_a_reference_of_another_shape(refused, scan, tmp_path):
    path = nifti(tmp_path / "ref.nii.gz", np.ones((9, 9, 9), np.uint8))
    sentence = refused("segment", scan / "image.nii.gz", "--reference", path)
    assert "(9, 9, 9)" in sentence


def test_a_reference_of_another_affine(refused, scan, tmp_path):
    data = np.asarray(nib.load(scan / "reference.nii.gz").dataobj)
    path = nifti(tmp_path / "ref.nii.gz", data, np.diag([-1.0, -1.0, 3.0, 1.0]))
    assert "mm" in refused("segment", scan / "image.nii.gz", "--reference", path)


def test_an_empty_reference(refused, scan, tmp_path):
    path = nifti(tmp_path / "ref.nii.gz", np.zeros((48, 56, 24), np.uint8))
    assert "empty" in refused("segment", scan / "image.nii.gz", "--reference", path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--box", 12, 40, 18, 60, 38), "outside the picture"),
        (("--box", 12, 34, 18, 14, 38), "inverted"),
        (("--box", 12, 14, 18, 14, 38), "empty"),
        (("--box", 99, 14, 18, 34, 38), "Slice 99 is out of range"),
        ((*BOX, "--engine", "sam9"), "nano"),
        ((*BOX, "--strategy", "sideways"), "center-outward"),
        ((*BOX, "--plane", "diagonal"), "sagittal"),
        ((*BOX, "--extent", "3:99"), "0:23"),
        ((*BOX, "--extent", "9:3"), "FIRST <= LAST"),
        ((*BOX, "--extent", "some"), "FIRST:LAST"),
        ((*BOX, "--extent", "15:20"), "widen the extent"),
        ((*BOX, "--extent", "reference"), "needs --reference"),
        ((*BOX, "--prompt", "mask"), "not both"),
        ((), "Nothing to prompt with"),
        ((*BOX, "--phase", 3), "phase"),
        ((*BOX, "--subtraction", 1), "phase"),
    ],
)
def test_options_that_do_not_fit(refused, scan, options, words):
    assert words in refused("segment", scan / "image.nii.gz", *options)


def test_an_output_folder_that_exists_is_left_alone(breastwidget, scan, tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    run = breastwidget("segment", scan / "image.nii.gz", *BOX, "-o", tmp_path)
    assert run.code == 2
    assert "exists already" in run.err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_a_full_disk(refused, scan, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("breastwidget.commands.segment.write_report", full)
    assert "No space left" in refused("segment", scan / "image.nii.gz", *BOX)


def test_a_corrupt_checkpoint(refused, scan, tmp_path):
    (tmp_path / "broken.pt").write_bytes(b"PK\x03\x04 not really")
    sentence = refused("segment", scan / "image.nii.gz", *BOX, "--engine", tmp_path / "broken.pt")
    assert "broken.pt" in sentence


def test_a_session_that_is_none(breastwidget, tmp_path):
    (tmp_path / "session.json").write_text("{}")
    run = breastwidget("replay", tmp_path / "session.json")
    assert run.code == 2
    assert "not a breastwidget session" in run.err

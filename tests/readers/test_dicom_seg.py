"""DICOM SEG: written over a series, read back voxel by voxel and image by image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_series import DicomSeries, enhanced
from pydicom import dcmread
from pydicom.uid import generate_uid

import breastwidget as bw
from breastwidget.dicom_seg import encode_dicom_seg, write_dicom_seg
from breastwidget.engines.base import EngineInfo
from breastwidget.errors import DependencyError, OutputError
from breastwidget.prompts import BoxPrompt, Lesion
from breastwidget.provenance import Provenance
from breastwidget.readers import load
from breastwidget.segmentation import Segmentation
from breastwidget.volume import Volume

highdicom = pytest.importorskip("highdicom")

POSITIONS = (0.0, 2.0, 4.0, 6.0)
STUDY = {
    "StudyInstanceUID": generate_uid(),
    "FrameOfReferenceUID": generate_uid(),
    "PatientID": "A17",
    "PatientName": "Nobody",
    "PatientBirthDate": "",
    "PatientSex": "F",
    "StudyID": "1",
    "StudyDate": "20200102",
    "StudyTime": "101112",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
    "PositionReferenceIndicator": "",
    "SliceThickness": "2",
}


def segmented(volume: Volume, mask: np.ndarray, name: str = "lesion 1") -> Segmentation:
    stack = volume.stack()
    lesion = Lesion((BoxPrompt(1, 0, 0, 2, 2),), name)
    provenance = Provenance.of(stack, lesion, "center-outward", None, EngineInfo("fake"))
    return Segmentation(volume, stack.plane, mask, (), provenance)


def random_mask(volume: Volume, seed: int = 0) -> np.ndarray:
    mask = np.random.default_rng(seed).random(volume.shape) > 0.6
    mask[:, :, 2] = False  # an empty slice, which is left out of the file
    return mask


def read_back(path: Path, volume: Volume, segment: int = 1) -> np.ndarray:
    """The mask of a segment in the volume's voxels, each frame put where its position says."""
    dataset = dcmread(path)
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    mask = np.zeros(volume.shape, bool)
    ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    shared = dataset.SharedFunctionalGroupsSequence[0]
    for picture, group in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        said = group if "SegmentIdentificationSequence" in group else shared
        number = said.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        position = group.PlanePositionSequence[0].ImagePositionPatient
        i, j, k, _ = np.linalg.inv(volume.affine) @ ras @ (*map(float, position), 1.0)
        assert (i, j) == pytest.approx((0, 0), abs=1e-3)
        if number == segment:
            mask[:, :, round(k)] = picture.T > 0
    return mask


def referenced(path: Path) -> set[str]:
    """The images that frames were derived from."""
    return {
        str(source.ReferencedSOPInstanceUID)
        for group in dcmread(path).PerFrameFunctionalGroupsSequence
        for derivation in group.DerivationImageSequence
        for source in derivation.SourceImageSequence
    }


@pytest.fixture
def three_phases(series: DicomSeries) -> dict[int, dict[float, str]]:
    """Files in an order of their own; UIDs by phase and position."""
    uids: dict[int, dict[float, str]] = {}
    for position in reversed(POSITIONS):
        for phase in (1, 0, 2):
            path = series.add(position, phase, AcquisitionNumber=phase + 1, **STUDY)
            uids.setdefault(phase, {})[position] = str(dcmread(path).SOPInstanceUID)
    return uids


class TestRoundTrip:
    @pytest.mark.parametrize(
        ("asked", "phase"), [({"phase": 0}, 0), ({}, 1), ({"phase": 2}, 2), ({"subtraction": 2}, 2)]
    )
    def test_voxels_and_images_of_the_right_phase(
        self, three_phases, series, tmp_path, asked, phase
    ):
        volume = load(series.folder, **asked)
        mask = random_mask(volume)
        path = write_dicom_seg(tmp_path / "seg.dcm", segmented(volume, mask))
        assert np.array_equal(read_back(path, volume), mask)
        filled = [POSITIONS[k] for k in (0, 1, 3)]
        assert referenced(path) == {three_phases[phase][position] for position in filled}
        assert list(tmp_path.glob("*.dcm")) == [path]

    def test_highdicom_reads_the_same(self, three_phases, series, tmp_path):
        volume = load(series.folder, phase=1)
        mask = random_mask(volume)
        path = write_dicom_seg(tmp_path / "seg.dcm", segmented(volume, mask))
        read = highdicom.seg.segread(path)
        uids = [three_phases[1][position] for position in POSITIONS]
        pixels = read.get_pixels_by_source_instance(
            uids, assert_missing_frames_are_empty=True, ignore_spatial_locations=True
        )
        assert np.array_equal(pixels[..., 0].transpose(2, 1, 0) > 0, mask)
        (reference,) = read.ReferencedSeriesSequence
        assert reference.SeriesInstanceUID == series.uid

    def test_several_lesions_may_overlap_and_have_names_and_colours(
        self, three_phases, series, tmp_path
    ):
        volume = load(series.folder, phase=1)
        masks = [random_mask(volume, seed) for seed in (1, 2)]
        lesions = {
            "left, upper": segmented(volume, masks[0]),
            "satellite": segmented(volume, masks[1]),
        }
        path = write_dicom_seg(tmp_path / "seg.dcm", lesions, ["#ff0000", "#009e73"])
        for number, mask in enumerate(masks, start=1):
            assert np.array_equal(read_back(path, volume, number), mask)
        first, second = dcmread(path).SegmentSequence
        assert [first.SegmentLabel, second.SegmentLabel] == ["left, upper", "satellite"]
        colour = highdicom.color.CIELabColor.from_dicom_value(
            list(first.RecommendedDisplayCIELabValue)
        )
        # Red in CIELab (D50, as DICOM wants it).
        assert colour.l_star == pytest.approx(54, abs=1)
        assert colour.a_star == pytest.approx(81, abs=2)

    @pytest.mark.parametrize(
        ("name", "label"),
        [("", "lesion 1"), ("left\\upper\n", "left/upper"), ("long " * 20, ("long " * 13)[:64])],
    )
    def test_names_that_dicom_cannot_keep(self, three_phases, series, tmp_path, name, label):
        volume = load(series.folder, phase=1)
        segmentation = segmented(volume, random_mask(volume), name)
        read = dcmread(write_dicom_seg(tmp_path / "seg.dcm", segmentation))
        assert read.SegmentSequence[0].SegmentLabel == label

    def test_patient_and_study_are_the_source_s(self, three_phases, series, tmp_path):
        volume = load(series.folder, phase=1)
        segmentation = segmented(volume, random_mask(volume), "right breast")
        read = dcmread(write_dicom_seg(tmp_path / "seg.dcm", segmentation))
        assert (read.Modality, read.PatientID) == ("SEG", "A17")
        assert read.StudyInstanceUID == STUDY["StudyInstanceUID"]
        assert read.FrameOfReferenceUID == STUDY["FrameOfReferenceUID"]
        assert read.SeriesInstanceUID != series.uid
        assert read.SegmentSequence[0].SegmentLabel == "right breast"

    def test_phases_in_folders_of_their_own(self, tmp_path):
        uids = []
        for phase in (0, 1):
            series = DicomSeries(tmp_path / f"phase{phase}")
            paths = [series.add(position, phase, **STUDY) for position in POSITIONS]
            uids.append({str(dcmread(path).SOPInstanceUID) for path in paths})
        volume = load([tmp_path / "phase0", tmp_path / "phase1"], subtraction=1)
        mask = np.ones(volume.shape, bool)
        path = write_dicom_seg(tmp_path / "seg.dcm", segmented(volume, mask))
        assert referenced(path) == uids[1]
        assert np.array_equal(read_back(path, volume), mask)


def test_a_multi_frame_file_is_referenced_frame_by_frame(series, tmp_path):
    path = enhanced(series, POSITIONS, phases=2)
    dataset = dcmread(path)
    for keyword, value in STUDY.items():
        if keyword != "SliceThickness":
            setattr(dataset, keyword, value)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].SliceThickness = "2"
    dataset.save_as(path)
    volume = load(series.folder, phase=1)
    mask = random_mask(volume)
    written = write_dicom_seg(tmp_path / "seg.dcm", segmented(volume, mask))
    assert np.array_equal(read_back(written, volume), mask)
    numbers = {
        int(source.ReferencedFrameNumber)
        for group in dcmread(written).PerFrameFunctionalGroupsSequence
        for source in group.DerivationImageSequence[0].SourceImageSequence
    }
    # The file has the last position first, two phases each: frames count from 1.
    assert numbers == {2, 6, 8}


class TestRefusals:
    def test_a_volume_that_was_no_dicom(self, tmp_path, ball_volume, ball):
        with pytest.raises(OutputError, match=r"ball was not read from one; .* NIfTI or NRRD"):
            write_dicom_seg(tmp_path / "seg.dcm", segmented(ball_volume, ball))
        assert not list(tmp_path.iterdir())

    def test_a_nifti_file(self, tmp_path, save_nifti, voxels):
        volume = load(save_nifti("scan.nii.gz", voxels))
        with pytest.raises(OutputError, match="must reference a DICOM series"):
            encode_dicom_seg(segmented(volume, np.ones(volume.shape, bool)))

    def test_nothing_segmented(self, three_phases, series):
        volume = load(series.folder)
        with pytest.raises(OutputError, match="Nothing was segmented"):
            encode_dicom_seg(segmented(volume, np.zeros(volume.shape, bool)))

    def test_a_series_that_is_gone_or_has_grown(self, three_phases, series):
        volume = load(series.folder, phase=1)
        segmentation = segmented(volume, np.ones(volume.shape, bool))
        for phase in range(3):
            series.add(8.0, phase, AcquisitionNumber=phase + 1, **STUDY)
        with pytest.raises(OutputError, match=r"has changed .* expected \(5, 6, 4\)"):
            encode_dicom_seg(segmentation)
        for path in series.folder.iterdir():
            path.unlink()
        series.folder.rmdir()
        with pytest.raises(OutputError, match="not read from one"):
            encode_dicom_seg(segmentation)

    def test_source_images_without_a_study(self, series):
        for position in POSITIONS:
            series.add(position)
        volume = load(series.folder)
        with pytest.raises(
            OutputError, match=r"do not serve for a DICOM SEG \(.*\); write the mask as NIfTI"
        ):
            encode_dicom_seg(segmented(volume, np.ones(volume.shape, bool)))

    def test_lesions_of_two_scans(self, three_phases, series, ball_volume, ball):
        volume = load(series.folder)
        lesions = {
            "a": segmented(volume, np.ones(volume.shape, bool)),
            "b": segmented(ball_volume, ball),
        }
        with pytest.raises(OutputError, match="lesions of one scan"):
            encode_dicom_seg(lesions)

    def test_another_suffix(self, tmp_path, ball_volume, ball):
        with pytest.raises(OutputError, match=r"ending in \.dcm, got seg\.nii"):
            write_dicom_seg(tmp_path / "seg.nii", segmented(ball_volume, ball))

    def test_without_highdicom_it_says_what_to_install(self, three_phases, series, monkeypatch):
        volume = load(series.folder)
        monkeypatch.setitem(__import__("sys").modules, "highdicom", None)
        with pytest.raises(DependencyError, match="pip install highdicom"):
            encode_dicom_seg(segmented(volume, np.ones(volume.shape, bool)))


def test_a_real_scan_of_three_phases_in_one_series(real_data, tmp_path):
    folder = real_data / "breast_nact/dicom/image_dce_3dfgre_orig"
    volume = bw.load(folder, subtraction=1)
    mask = bw.load_reference(real_data / "breast_nact/segmentations/ftv/nact_06.nii.gz", volume)
    path = write_dicom_seg(tmp_path / "seg.dcm", segmented(volume, mask))
    assert np.array_equal(read_back(path, volume), mask)
    phase_1 = {
        str(dataset.SOPInstanceUID)
        for dataset in (dcmread(each, stop_before_pixels=True) for each in folder.iterdir())
        if 61 <= int(dataset.InstanceNumber) <= 120
    }
    found = referenced(path)
    assert len(found) == int(mask.any(axis=(0, 1)).sum())
    assert found <= phase_1

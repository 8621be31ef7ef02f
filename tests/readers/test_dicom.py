"""DICOM folders made on the spot: phases, order, and everything that can be wrong with one."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from dicom_series import COLUMNS, ROWS, DicomSeries, enhanced
from pydicom.uid import JPEG2000Lossless, generate_uid

from breastwidget.errors import VolumeError
from breastwidget.readers import load

POSITIONS_MM = (-4.0, -1.5, 1.0, 3.5)


def expected(series: DicomSeries, phase: int = 0) -> np.ndarray:
    """(columns, rows, slices)"""
    return np.stack([series.pixels(z, phase).T for z in POSITIONS_MM], axis=-1)


def test_voxels_lie_where_the_headers_say(series):
    for z in POSITIONS_MM:
        series.add(z)
    volume = load(series.folder)
    assert volume.shape == (COLUMNS, ROWS, 4)
    assert volume.data.dtype == np.int16
    assert np.array_equal(volume.data, expected(series))
    assert volume.slice_axis == 2
    assert volume.name == "series"
    # Column 2, row 3, slice 1 at LPS (-20 + 2 * 0.7, -30 + 3 * 0.8, -1.5).
    assert volume.affine @ (2, 3, 1, 1) == pytest.approx([18.6, 27.6, -1.5, 1])


def test_order_comes_from_position_not_from_names(series):
    for number, z in enumerate((1.0, -4.0, 3.5, -1.5)):
        series.add(z, InstanceNumber=number)
    assert np.array_equal(load(series.folder).data, expected(series))


def test_an_oblique_series_keeps_its_affine(series):
    c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
    normal = np.array([0, -s, c])
    for n in range(3):
        position = np.array([-20.0, -30.0, 5.0]) + 2.5 * n * normal
        series.add(
            float(n),
            ImageOrientationPatient=[1, 0, 0, 0, c, s],
            ImagePositionPatient=[round(float(x), 6) for x in position],
        )
    volume = load(series.folder)
    assert volume.spacing_mm == pytest.approx((0.7, 0.8, 2.5), abs=1e-5)
    assert volume.affine[:3, 1] == pytest.approx([0, -0.8 * c, 0.8 * s])
    assert volume.affine[:3, 2] == pytest.approx([0, 2.5 * s, 2.5 * c], abs=1e-5)


@pytest.mark.parametrize(
    "when",
    [
        lambda phase, _: {"TemporalPositionIdentifier": phase + 1},
        lambda phase, _: {"AcquisitionNumber": phase + 1},
        lambda phase, _: {"TriggerTime": 1000.0 * phase},
        lambda phase, _: {"AcquisitionTime": f"1000{phase:02d}"},
        # Each slice at its own time, and phases that follow one another past midnight.
        lambda phase, n: {
            "AcquisitionDate": f"2020010{phase + 1}",
            "AcquisitionTime": f"0000{n:02d}",
        },
        lambda phase, _: {"ContentTime": f"{9 + phase:02d}0000.5"},
        # As in NACT_06: the acquisition number does not tell the later phases apart.
        lambda phase, _: {"AcquisitionNumber": min(phase, 1), "ContentTime": f"10000{phase}"},
        # Numbers that run backwards at each position, across phases, are no order in time.
        lambda phase, n: {"AcquisitionNumber": 3 * n + 3 - phase, "ContentTime": f"10000{phase}"},
        lambda phase, n: {"InstanceNumber": 1 + 4 * phase + n},
        lambda phase, n: {"InstanceNumber": 1 + 3 * n + phase},
    ],
    ids=[
        "temporal position",
        "acquisition number",
        "trigger time",
        "acquisition time",
        "acquisition date and time",
        "content time",
        "ambiguous acquisition number",
        "overlapping acquisition number",
        "instance number, phase by phase",
        "instance number, position by position",
    ],
)
def test_phases_that_share_a_series(series, when):
    for phase in (2, 0, 1):  # file names say nothing about time
        for n, z in enumerate(POSITIONS_MM):
            series.add(z, phase, **when(phase, n))
    for phase in range(3):
        assert np.array_equal(load(series.folder, phase=phase).data, expected(series, phase))
    assert load(series.folder).source.phase == 1
    assert np.array_equal(load(series.folder).data, expected(series, 1))
    difference = load(series.folder, subtraction=2)
    assert difference.data.dtype == np.int32
    assert np.array_equal(difference.data, expected(series, 2) - expected(series, 0))


def test_rescaling_is_applied_per_image(series):
    for n, z in enumerate(POSITIONS_MM):
        series.add(z, RescaleSlope=0.5, RescaleIntercept=n)
    volume = load(series.folder)
    assert volume.data.dtype == np.float32
    assert np.array_equal(volume.data, expected(series) * 0.5 + np.arange(4))


def test_the_digest_does_not_depend_on_file_names(series, tmp_path):
    for z in POSITIONS_MM:
        series.add(z)
    other = tmp_path / "other"
    other.mkdir()
    for n, path in enumerate(sorted(series.folder.iterdir(), reverse=True)):
        shutil.copy(path, other / f"{n}.dcm")
    assert load(other).source.sha256 == load(series.folder).source.sha256


def test_what_is_no_image_is_passed_over(series):
    for z in POSITIONS_MM:
        series.add(z)
    report = series.dataset(0.0)
    for keyword in ("Rows", "Columns", "PixelData", "ImagePositionPatient"):
        delattr(report, keyword)
    report.SeriesInstanceUID = generate_uid()
    report.save_as(series.folder / "report.dcm", enforce_file_format=True)
    (series.folder / "LICENSE.txt").write_text("free")
    (series.folder / "._001.dcm").write_bytes(b"\0\5\x16\7")  # macOS leaves these
    (series.folder / "previews").mkdir()
    assert np.array_equal(load(series.folder).data, expected(series))


def test_a_list_of_folders_is_phases(tmp_path):
    scans = [DicomSeries(tmp_path / f"phase{phase}") for phase in range(2)]
    for phase, scan in enumerate(scans):
        for z in POSITIONS_MM:
            scan.add(z, phase)
    difference = load([scan.folder for scan in scans], subtraction=1)
    assert np.array_equal(difference.data[0, :, 0], [1000, 2000, 3000, 4000, 5000, 6000])


def test_an_enhanced_multi_frame_file(series):
    enhanced(series, POSITIONS_MM, phases=2)
    for phase in range(2):
        assert np.array_equal(load(series.folder, phase=phase).data, expected(series, phase))
    assert load(series.folder).spacing_mm == pytest.approx((0.7, 0.8, 2.5))


class TestRefused:
    def test_two_series(self, series):
        for z in POSITIONS_MM:
            series.add(z)
        other = DicomSeries(series.folder)
        other.written = 100
        other.add(0.0, SeriesDescription="localiser")
        with pytest.raises(VolumeError) as refused:
            load(series.folder)
        message = str(refused.value)
        assert f"...{series.uid[-8:]} 'dynamic' (4 images)" in message
        assert f"...{other.uid[-8:]} 'localiser' (1 images)" in message
        assert "own folder" in message

    def test_a_gap(self, series):
        for z in (-4.0, -1.5, 3.5, 6.0, 8.5):
            series.add(z)
        with pytest.raises(
            VolumeError, match=r"a slice is missing at 1\.00 mm.*-1\.50 mm and 3\.50"
        ):
            load(series.folder)

    def test_a_gap_of_two_among_three(self, series):
        for z in (0.0, 2.5, 10.0):
            series.add(z)
        with pytest.raises(VolumeError, match=r"2 slices are missing at 5\.00 mm, 7\.50 mm"):
            load(series.folder)

    def test_a_slice_missing_from_one_phase(self, series):
        for phase in range(3):
            for z in POSITIONS_MM:
                if (phase, z) != (1, -1.5):
                    series.add(z, phase, TemporalPositionIdentifier=phase)
        with pytest.raises(
            VolumeError, match=r"a slice is missing: expected 3 .* got 2 at -1\.50 mm"
        ):
            load(series.folder)

    def test_a_slice_twice(self, series):
        for z in (*POSITIONS_MM, 1.0):
            series.add(z)
        with pytest.raises(
            VolumeError, match=r"more than once.*2 at 1\.00 mm \(003.dcm, 005.dcm\)"
        ):
            load(series.folder)

    def test_a_copied_file(self, series):
        for z in POSITIONS_MM:
            path = series.add(z)
        shutil.copy(path, series.folder / "copy.dcm")
        with pytest.raises(VolumeError, match=r"twice: 004\.dcm and copy\.dcm"):
            load(series.folder)

    def test_uneven_spacing(self, series):
        for z in (0.0, 2.0, 4.0, 7.0, 9.0):
            series.add(z)
        with pytest.raises(VolumeError, match=r"4\.00 mm to 7\.00 mm the step is 3\.00 mm.*2\.00"):
            load(series.folder)

    def test_a_slice_beside_the_line(self, series):
        for z in POSITIONS_MM:
            series.add(z, ImagePositionPatient=[-20.0, -29.0 if z == 1.0 else -30.0, z])
        with pytest.raises(VolumeError, match=r"003\.dcm at 1\.00 mm lies 1\.00 mm beside"):
            load(series.folder)

    def test_other_orientation(self, series):
        for z in POSITIONS_MM:
            series.add(z)
        series.add(6.0, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
        with pytest.raises(VolumeError, match="one size, spacing and orientation"):
            load(series.folder)

    def test_echoes_are_no_phases(self, series):
        for n, z in enumerate(POSITIONS_MM):
            series.add(z, 0, EchoTime=2.3, InstanceNumber=2 * n)
            series.add(z, 1, EchoTime=4.6, InstanceNumber=2 * n + 1)
        with pytest.raises(VolumeError, match=r"4 with echo time 2\.3.*4 with echo time 4\.6"):
            load(series.folder)

    def test_phases_without_any_order(self, series):
        for z in POSITIONS_MM:
            series.add(z, 0, InstanceNumber=1)
            series.add(z, 1, InstanceNumber=1)
        with pytest.raises(VolumeError, match="nothing in the files says in which order"):
            load(series.folder)

    def test_one_image(self, series):
        series.add(0.0)
        with pytest.raises(VolumeError, match="series of slices"):
            load(series.folder)

    def test_one_file_instead_of_its_folder(self, series):
        with pytest.raises(VolumeError, match="give the folder"):
            load(series.add(0.0))

    def test_no_spacing(self, series):
        series.add(0.0, PixelSpacing=None)
        with pytest.raises(VolumeError, match="expected a pixel spacing"):
            load(series.folder)

    def test_zero_spacing(self, series):
        series.add(0.0, PixelSpacing=[0.8, 0.0])
        with pytest.raises(VolumeError, match="above 0 mm"):
            load(series.folder)

    def test_no_position(self, series):
        series.add(0.0, ImagePositionPatient=None)
        with pytest.raises(VolumeError, match="none of its 1 DICOM files"):
            load(series.folder)

    def test_a_damaged_file(self, series):
        for z in POSITIONS_MM:
            path = series.add(z)
        path.write_text("no DICOM")
        with pytest.raises(VolumeError, match=r"004\.dcm: the DICOM file cannot be read"):
            load(series.folder)

    def test_truncated_pixels(self, series):
        for z in POSITIONS_MM:
            path = series.add(z)
        path.write_bytes(path.read_bytes()[:-10])
        with pytest.raises(VolumeError, match=r"004\.dcm: the DICOM pixels cannot be read"):
            load(series.folder)

    def test_compressed_pixels_without_a_decoder(self, series):
        from pydicom.encaps import encapsulate

        for z in POSITIONS_MM:
            d = series.dataset(z)
            d.file_meta.TransferSyntaxUID = JPEG2000Lossless
            d.PixelData = encapsulate([b"\xff\x4f no stream "])
            d["PixelData"].VR = "OB"
            d.save_as(series.folder / f"{z}.dcm", enforce_file_format=True)
        with pytest.raises(VolumeError, match=r"compressed as JPEG 2000.*export .*uncompressed"):
            load(series.folder)

    def test_a_folder_with_nothing(self, tmp_path):
        with pytest.raises(VolumeError, match=r"<id>_0000\.nii\.gz or DICOM files, found neither"):
            load(tmp_path)

    def test_a_folder_of_folders(self, series, tmp_path):
        series.add(0.0)
        with pytest.raises(VolumeError, match=r"subfolders \(series\)"):
            load(tmp_path)

    def test_a_folder_with_one_file(self, save_nifti, voxels):
        path = save_nifti("scan.nii.gz", voxels)
        with pytest.raises(VolumeError, match=r"image file itself \(scan\.nii\.gz\)"):
            load(path.parent)

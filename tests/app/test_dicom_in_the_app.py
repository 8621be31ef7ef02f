"""A DICOM series through the app, and out of its export panel as DICOM-SEG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_fakes import BOX, LESION, InlineExecutor
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

import breastwidget as bw
from breastwidget.app.app import TumorSegmenter
from breastwidget.app.export_panel import ExportPanel
from breastwidget.engines.base import FakeEngine
from breastwidget.prompts import BoxPrompt
from breastwidget.volume import Volume

pytest.importorskip("highdicom")

STUDY = {
    "StudyInstanceUID": generate_uid(),
    "SeriesInstanceUID": generate_uid(),
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
    "Modality": "MR",
    "SeriesDescription": "block",
}


def image(pixels: np.ndarray, z_mm: float) -> Dataset:
    """A (rows, columns) int16 axial image; rows run to posterior, columns to the left."""
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = MRImageStorage
    d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for keyword, value in STUDY.items():
        setattr(d, keyword, value)
    d.ImagePositionPatient = [0.0, 0.0, z_mm]
    d.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    d.PixelSpacing, d.SliceThickness = [1.0, 2.0], 3.0
    d.Rows, d.Columns = pixels.shape
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated = d.BitsStored = 16
    d.HighBit, d.PixelRepresentation = 15, 1
    d.PixelData = pixels.astype(np.int16).tobytes()
    return d


@pytest.fixture
def scan(tmp_path: Path) -> Volume:
    """12 slices of 24 rows x 32 columns with two bright blocks, read from a folder of DICOM."""
    pixels = np.full((12, 24, 32), 10, dtype=np.int16)
    pixels[LESION] = 100
    pixels[2:4, 15:20, 3:8] = 90
    folder = tmp_path / "series"
    folder.mkdir()
    for index, picture in enumerate(pixels):
        path = folder / f"{7 * index % 12:02d}.dcm"  # in an order that says nothing
        image(picture, 3.0 * index).save_as(path, enforce_file_format=True)
    volume = bw.load(folder)
    assert np.array_equal(volume.stack().pixels, pixels)
    return volume


def segments(path: Path, volume: Volume) -> dict[str, np.ndarray]:
    """Each segment's mask by its label, in the volume's voxels."""
    dataset = dcmread(path)
    labels = {each.SegmentNumber: str(each.SegmentLabel) for each in dataset.SegmentSequence}
    masks = {label: np.zeros(volume.shape, dtype=bool) for label in labels.values()}
    to_voxels = np.linalg.inv(volume.affine) @ np.diag([-1.0, -1.0, 1.0, 1.0])
    shared = dataset.SharedFunctionalGroupsSequence[0]
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    for picture, group in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        said = group if "SegmentIdentificationSequence" in group else shared
        number = said.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        position = group.PlanePositionSequence[0].ImagePositionPatient
        k = round(float((to_voxels @ (*map(float, position), 1.0))[2]))
        masks[labels[number]][:, :, k] = picture.T > 0
    return masks


def test_what_the_export_panel_writes_is_what_was_segmented(scan: Volume, tmp_path: Path) -> None:
    app = TumorSegmenter(scan, engine=FakeEngine(), autosave=False, executor=InlineExecutor())
    panel = ExportPanel(app.model, app.controller.for_views(), str(tmp_path / "out"))
    assert panel.export.disabled
    app.box = BOX
    app.propagate()
    app.new_lesion()
    app.rename_lesion(2, "left breast")
    app.box = BoxPrompt(2, 1, 13, 10, 22)
    app.propagate()
    for kind, box in panel.kinds.items():
        box.value = kind == "dicom-seg"
    panel.export.click()
    assert app.model.status.text == f"Wrote 1 file to {tmp_path / 'out'}."
    path = tmp_path / "out" / "segmentation.dcm"
    assert app.model.exported == (path,)
    assert 'download="segmentation.dcm"' in panel.links.value
    found = segments(path, scan)
    first, second = app.segmentations
    assert list(found) == ["lesion 1", "left breast"]
    assert np.array_equal(found["lesion 1"], first.mask)
    assert np.array_equal(found["left breast"], second.mask)
    assert first.mask.sum() == 5 * 5 * 10
    assert second.mask.sum() == 2 * 5 * 5
    dataset = dcmread(path)
    assert (dataset.PatientID, dataset.StudyInstanceUID) == ("A17", STUDY["StudyInstanceUID"])
    assert dataset.ReferencedSeriesSequence[0].SeriesInstanceUID == STUDY["SeriesInstanceUID"]


def test_a_scan_that_was_no_dicom_says_so_and_writes_the_rest(scan: Volume, tmp_path: Path) -> None:
    plain = Volume(np.asarray(scan.data), scan.affine, "block", slice_axis=2)
    app = TumorSegmenter(plain, engine=FakeEngine(), autosave=False, executor=InlineExecutor())
    app.box = BOX
    app.propagate()
    panel = ExportPanel(app.model, app.controller.for_views(), str(tmp_path / "out"))
    for kind, box in panel.kinds.items():
        box.value = kind in ("dicom-seg", "nifti")
    panel.export.click()
    assert [path.name for path in app.model.exported] == ["mask.nii.gz"]
    assert app.model.status.level == "error"
    assert "DICOM-SEG (.dcm): " in app.model.status.text

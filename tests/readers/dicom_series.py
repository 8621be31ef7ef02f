"""DICOM folders for tests, written image by image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

ROWS, COLUMNS = 6, 5


class DicomSeries:
    """Writes classic MR files into a folder, one call per image."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uid = generate_uid()
        self.written = 0
        folder.mkdir(parents=True, exist_ok=True)

    def pixels(self, position_mm: float, phase: int = 0) -> np.ndarray:
        """(rows, columns) int16 that say where and when they were taken."""
        row, column = np.indices((ROWS, COLUMNS))
        return (row + 10 * column + 100 * position_mm + 1000 * phase * (row + 1)).astype(np.int16)

    def dataset(self, position_mm: float, phase: int = 0) -> Dataset:
        """An axial image at z = `position_mm`: rows run to posterior, columns to the left."""
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = MRImageStorage
        d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        d.SeriesInstanceUID, d.SeriesDescription, d.Modality = self.uid, "dynamic", "MR"
        d.ImagePositionPatient = [-20.0, -30.0, position_mm]
        d.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        d.PixelSpacing = [0.8, 0.7]  # between rows, between columns
        d.Rows, d.Columns, d.SamplesPerPixel = ROWS, COLUMNS, 1
        d.PhotometricInterpretation = "MONOCHROME2"
        d.BitsAllocated = d.BitsStored = 16
        d.HighBit, d.PixelRepresentation = 15, 1
        d.PixelData = self.pixels(position_mm, phase).tobytes()
        return d

    def add(self, position_mm: float, phase: int = 0, **elements: Any) -> Path:
        """Write one image; `elements` replace or (None) remove what the data set has."""
        d = self.dataset(position_mm, phase)
        for keyword, value in elements.items():
            if value is None:
                delattr(d, keyword)
            else:
                setattr(d, keyword, value)
        self.written += 1
        path = self.folder / f"{self.written:03d}.dcm"
        d.save_as(path, enforce_file_format=True)
        return path


def enhanced(series: DicomSeries, positions_mm: Sequence[float], phases: int) -> Path:
    """All images in one enhanced multi-frame file, the last position first."""
    d = series.dataset(0.0)
    d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = d.PixelSpacing
    orientation.ImageOrientationPatient = d.ImageOrientationPatient
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    d.SharedFunctionalGroupsSequence = [shared]
    frames, pixels = [], []
    for z in reversed(positions_mm):
        for phase in range(phases):
            content, position, frame = Dataset(), Dataset(), Dataset()
            content.TemporalPositionIndex = phase + 1
            position.ImagePositionPatient = [-20.0, -30.0, z]
            frame.FrameContentSequence = [content]
            frame.PlanePositionSequence = [position]
            frames.append(frame)
            pixels.append(series.pixels(z, phase))
    d.PerFrameFunctionalGroupsSequence = frames
    d.NumberOfFrames = len(frames)
    d.PixelData = np.stack(pixels).tobytes()
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(d, keyword)
    path = series.folder / "enhanced.dcm"
    d.save_as(path, enforce_file_format=True)
    return path

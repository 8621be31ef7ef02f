"""The main job on real scans, which lie beside the project and are not part of it."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

import breastwidget as bw
from breastwidget.metrics import dice
from breastwidget.prompts import box_from_reference
from breastwidget.volume import Volume

FTV = "breast_nact/segmentations/ftv/nact_06.nii.gz"


def run(volume: Volume, reference: np.ndarray, plane: str = "native") -> np.ndarray:
    """nano, center-outward, with a tight box on the reference's middle slice and its extent."""
    seen = volume.stack(plane).from_voxels(reference)
    positive = np.flatnonzero(seen.any(axis=(1, 2)))
    box = box_from_reference(seen, int(positive[len(positive) // 2]))
    extent = (int(positive[0]), int(positive[-1]))
    return bw.segment(volume, box, extent=extent, plane=plane).mask


@pytest.fixture(scope="module")
def case(real_data):
    volume = bw.load(real_data / "breast_nact/images/NACT_06", subtraction=1)
    reference = bw.load_reference(real_data / FTV, volume)
    return volume, reference, run(volume, reference)


def test_nano_finds_a_real_tumour_it_never_saw(case):
    _, reference, mask = case
    assert dice(mask, reference) >= 0.55


def test_the_dicom_folder_gives_the_same_tumour(case, real_data):
    volume, _, mask = case
    folder = real_data / "breast_nact/dicom/image_dce_3dfgre_orig"
    scan = bw.load(folder, subtraction=1)
    reference = bw.load_reference(real_data / FTV, scan)
    again = scan.with_data(run(scan, reference).astype(np.uint8))
    assert dice(bw.load_reference(again, volume), mask) >= 0.99


def test_the_same_voxels_stored_in_another_order_give_the_same_tumour(case):
    volume, reference, mask = case
    swap = nib.orientations.axcodes2ornt(("S", "L", "A"))
    start = nib.io_orientation(volume.affine)
    turn = nib.orientations.ornt_transform(start, swap)

    def turned(data):
        image = nib.Nifti1Image(np.asarray(data, np.int16), volume.affine).as_reoriented(turn)
        return Volume(np.asarray(image.dataobj), image.affine, "turned")

    scan = turned(volume.data)
    again = run(scan, turned(reference).data > 0)
    assert dice(again, turned(mask).data > 0) >= 0.99

"""Orientation: every axis order and direction, every plane, one oblique scan."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from breastwidget.errors import VolumeError
from breastwidget.volume import Plane, SliceStack, Volume, same_grid

SHAPE = (3, 4, 5)
SPACING_MM = (0.7, 1.1, 2.0)
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
NORMAL = {Plane.SAGITTAL: 0, Plane.CORONAL: 1, Plane.AXIAL: 2}
# For each plane, the world axis that decreases along rows and the one along columns: pictures
# start at anterior (or superior) above, and at patient right (or anterior) on the left.
ROWS_AND_COLUMNS = {Plane.AXIAL: (1, 0), Plane.CORONAL: (2, 0), Plane.SAGITTAL: (2, 1)}


def oriented(order: tuple[int, ...], signs: tuple[int, ...]) -> np.ndarray:
    """The affine whose voxel axis v runs along world axis order[v], direction signs[v]."""
    affine = np.zeros((4, 4))
    for voxel, (world, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, voxel] = sign * SPACING_MM[voxel]
    affine[:, 3] = (-30.0, 12.5, 101.0, 1.0)
    return affine


def turned(degrees: float) -> np.ndarray:
    """Two rotations, so that no axis stays on the patient's."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = about_x @ about_z @ np.diag(SPACING_MM)
    affine[:3, 3] = (5, -7, 11)
    return affine


AFFINES = [
    pytest.param(oriented(order, signs), id=f"{order}{signs}".replace(" ", ""))
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]


def numbered(affine: np.ndarray) -> Volume:
    """A volume in which every voxel has its own number."""
    return Volume(np.arange(np.prod(SHAPE)).reshape(SHAPE), affine)


def world(affine: np.ndarray, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """World coordinates in mm of every voxel, shape (3, *shape)."""
    indices = np.indices(shape).reshape(3, -1)
    return (affine[:3, :3] @ indices + affine[:3, 3:]).reshape(3, *shape)


def test_there_are_48_orientations():
    assert len(AFFINES) == 48
    assert len({param.values[0].tobytes() for param in AFFINES}) == 48


@pytest.mark.parametrize("affine", AFFINES)
@pytest.mark.parametrize("plane", PLANES)
class TestEveryOrientation:
    def test_round_trips_are_exact(self, affine, plane):
        volume = numbered(affine)
        stack = volume.stack(plane)
        assert np.array_equal(stack.to_voxels(stack.pixels), volume.data)
        picture = np.arange(np.prod(SHAPE)).reshape(stack.shape)
        assert np.array_equal(stack.from_voxels(stack.to_voxels(picture)), picture)

    def test_stack_affine_agrees_with_volume_affine(self, affine, plane):
        volume = numbered(affine)
        stack = volume.stack(plane)
        by_voxel = world(affine).reshape(3, -1)  # column n: the voxel numbered n
        by_pixel = world(stack.affine, stack.shape).reshape(3, -1)
        assert np.allclose(by_pixel, by_voxel[:, stack.pixels.ravel()])

    def test_pictures_are_shown_the_radiological_way(self, affine, plane):
        stack = numbered(affine).stack(plane)
        row_axis, column_axis = ROWS_AND_COLUMNS[plane]
        rows = np.diff(stack.from_voxels(world(affine)[row_axis]), axis=1)
        columns = np.diff(stack.from_voxels(world(affine)[column_axis]), axis=2)
        assert np.allclose(rows, -stack.spacing_mm[1])
        assert np.allclose(columns, -stack.spacing_mm[2])

    def test_slices_keep_the_file_order(self, affine, plane):
        volume = numbered(affine)
        axis = int(np.flatnonzero(affine[NORMAL[plane], :3])[0])
        for index, picture in enumerate(volume.stack(plane).pixels):
            assert set(picture.ravel()) == set(volume.data.take(index, axis).ravel())

    def test_top_slice_is_superior_anterior_or_right(self, affine, plane):
        stack = numbered(affine).stack(plane)
        height = stack.from_voxels(world(affine)[NORMAL[plane]])[:, 0, 0]
        assert stack.top_slice == int(height.argmax())


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("degrees", [10.0, -25.0, 44.0])
def test_an_oblique_affine_is_kept(degrees, plane):
    volume = numbered(turned(degrees))
    stack = volume.stack(plane)
    assert np.array_equal(volume.affine, turned(degrees))
    assert volume.spacing_mm == pytest.approx(SPACING_MM)
    assert np.array_equal(stack.to_voxels(stack.pixels), volume.data)
    by_voxel = world(volume.affine).reshape(3, -1)
    by_pixel = world(stack.affine, stack.shape).reshape(3, -1)
    assert np.allclose(by_pixel, by_voxel[:, stack.pixels.ravel()])
    assert np.sort(stack.spacing_mm) == pytest.approx(np.sort(SPACING_MM))


def test_a_known_voxel_lands_on_a_known_pixel():
    # i runs to the left, j to posterior, k to superior (LPS storage): shown as stored.
    volume = numbered(np.diag([-1.0, -1.0, 1.0, 1.0]))
    assert volume.stack("axial").pixels[4, 2, 1] == volume.data[1, 2, 4]
    # Coronal: superior is above, so rows run against k; sagittal likewise.
    assert volume.stack("coronal").pixels[2, 0, 1] == volume.data[1, 2, 4]
    assert volume.stack("sagittal").pixels[1, 0, 2] == volume.data[1, 2, 4]


def test_first_and_last_slice_of_ras_storage():
    volume = numbered(np.eye(4))
    stack = volume.stack("axial")
    # RAS storage: patient right is the last i, anterior the last j, and both come first.
    assert stack.pixels[0, 0, 0] == volume.data[2, 3, 0]
    assert stack.pixels[4, 3, 2] == volume.data[0, 0, 4]
    assert stack.edge_labels == ("R", "L", "A", "P")
    assert stack.top_slice == 4


@pytest.mark.parametrize(
    ("spacing", "slice_axis", "plane"),
    [
        ((2.0, 0.7, 0.7), None, Plane.SAGITTAL),  # the odd size out
        ((0.7, 2.0, 0.7), None, Plane.CORONAL),
        ((0.7, 0.7, 2.0), None, Plane.AXIAL),
        ((2.0, 2.0, 0.5), None, Plane.AXIAL),  # thin slices count as well
        ((1.0, 1.0, 1.0), None, Plane.AXIAL),  # isotropic: the last axis
        ((0.7, 0.7, 2.0), 0, Plane.SAGITTAL),  # what the file says goes first
    ],
)
def test_native_plane(spacing, slice_axis, plane):
    volume = Volume(np.zeros(SHAPE), np.diag([*spacing, 1.0]), slice_axis=slice_axis)
    assert volume.native_plane is plane
    assert volume.stack().plane is plane


def test_voxel_volume_counts_shear_and_units():
    assert Volume(np.zeros(SHAPE), np.diag([0.5, 0.5, 2.0, 1.0])).voxel_volume_ml == 0.0005
    flipped = np.diag([-10.0, 10.0, 10.0, 1.0])
    assert Volume(np.zeros(SHAPE), flipped).voxel_volume_ml == pytest.approx(1.0)


def test_same_grid_tells_shape_shift_and_rounding_apart():
    volume = numbered(turned(10))
    shifted = turned(10)
    shifted[0, 3] += 0.02
    rounded = turned(10).astype(np.float32).astype(np.float64)
    assert same_grid(volume, numbered(rounded))
    assert not same_grid(volume, numbered(shifted))
    assert same_grid(volume, numbered(shifted), tolerance_mm=0.05)
    assert not same_grid(volume, Volume(np.zeros((3, 4, 6)), volume.affine))


@pytest.mark.parametrize(
    ("data", "affine", "message"),
    [
        (np.zeros((4, 5)), np.eye(4), "expected a 3-D image, got 2-D"),
        (np.zeros((4, 5, 6, 2)), np.eye(4), "expected a 3-D image, got 4-D"),
        (np.zeros((4, 0, 6)), np.eye(4), "empty"),
        (np.zeros(SHAPE), np.eye(3), "finite 4x4 affine"),
        (np.zeros(SHAPE), np.full((4, 4), np.nan), "finite 4x4 affine"),
        (np.zeros(SHAPE), np.diag([1.0, 0.0, 1.0, 1.0]), "voxel sizes above 0 mm"),
    ],
)
def test_unusable_volumes_are_refused(data, affine, message):
    with pytest.raises(VolumeError, match=message):
        Volume(data, affine)


def test_arrays_of_another_shape_are_refused():
    volume = numbered(np.eye(4))
    with pytest.raises(VolumeError, match="shape"):
        volume.with_data(np.zeros((3, 4, 6)))
    with pytest.raises(VolumeError, match="shape"):
        volume.stack("axial").from_voxels(np.zeros((5, 4, 3)))
    with pytest.raises(VolumeError, match="shape"):
        SliceStack(volume, Plane.AXIAL).to_voxels(np.zeros((3, 4, 5)))


def test_an_unknown_plane_lists_the_known_ones():
    with pytest.raises(VolumeError, match="native, axial, coronal, sagittal"):
        numbered(np.eye(4)).stack("oblique")

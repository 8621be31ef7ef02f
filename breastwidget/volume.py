"""Volumes, planes and slice stacks: the one place where voxels and slices are mapped.

A `Volume` keeps its file's voxel order. A `SliceStack` is that volume seen along one plane,
displayed the radiological way: patient right on the left of axial and coronal pictures, anterior
on the left of sagittal ones, superior (or, for axial pictures, anterior) at the top. Slices keep
the order in which the file stores them, so a slice number is a voxel index; which end is *top*
follows from the affine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from nibabel.orientations import io_orientation
from numpy.typing import NDArray

from breastwidget.errors import VolumeError

__all__ = ["Plane", "SliceStack", "Source", "Volume", "same_grid"]

Affine = NDArray[np.float64]


class Plane(str, Enum):
    """A plane to slice along; `NATIVE` is the plane in which the scan was acquired."""

    NATIVE = "native"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"

    @classmethod
    def parse(cls, value: str | Plane) -> Plane:
        """Return the plane called `value`; raise `VolumeError` naming the valid ones."""
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(plane.value for plane in cls)
            raise VolumeError(f"Unknown plane {value!r}; choose one of {names}.") from None


# World axes are RAS+: 0 = left to right, 1 = posterior to anterior, 2 = inferior to superior.
_NORMAL = {Plane.SAGITTAL: 0, Plane.CORONAL: 1, Plane.AXIAL: 2}
_BY_NORMAL = {axis: plane for plane, axis in _NORMAL.items()}
# (row axis, row direction, column axis, column direction) of the radiological display.
_DISPLAY = {
    Plane.AXIAL: (1, -1, 0, -1),
    Plane.CORONAL: (2, -1, 0, -1),
    Plane.SAGITTAL: (2, -1, 1, -1),
}
# The world direction in which slices run from bottom to top.
_TOP_DIRECTION = {Plane.AXIAL: 1, Plane.CORONAL: 1, Plane.SAGITTAL: 1}


@dataclass(frozen=True)
class Source:
    """Where a volume came from: enough to load it again and to check that it is the same.

    `files` are the paths as given, `sha256` the digest of their bytes in that order; `phase` and
    `subtraction` are the phase indices asked for, None where the file has no phases.
    """

    files: tuple[str, ...] = ()
    sha256: str = ""
    phase: int | None = None
    subtraction: int | None = None


@dataclass(frozen=True, eq=False)
class Volume:
    """A 3-D image with its affine.

    `data` has shape (i, j, k) in the file's own voxel order and dtype; nothing is resampled.
    `affine` is 4x4, from voxel indices to mm in RAS+ (as in nibabel). `header` is whatever the
    reader needs to write a mask that overlays the source (a nibabel header, or None).
    """

    data: NDArray[Any]
    affine: Affine
    name: str = "volume"
    header: Any = None
    source: Source = field(default_factory=Source)
    slice_axis: int | None = None

    def __post_init__(self) -> None:
        if self.data.ndim != 3:
            raise VolumeError(
                f"{self.name}: expected a 3-D image, got {self.data.ndim}-D of shape "
                f"{self.data.shape}."
            )
        if min(self.data.shape) < 1:
            raise VolumeError(f"{self.name}: the image is empty (shape {self.data.shape}).")
        affine = np.asarray(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise VolumeError(f"{self.name}: expected a finite 4x4 affine, got {self.affine!r}.")
        object.__setattr__(self, "affine", affine)
        if min(self.spacing_mm) <= 1e-6 or abs(np.linalg.det(affine[:3, :3])) <= 1e-12:
            raise VolumeError(
                f"{self.name}: expected voxel sizes above 0 mm along three independent axes, got "
                f"{tuple(round(s, 6) for s in self.spacing_mm)}; repair the file's header."
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along the file's three axes."""
        i, j, k = self.data.shape
        return i, j, k

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size in mm along the file's three axes."""
        i, j, k = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(i), float(j), float(k)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @cached_property
    def orientation(self) -> NDArray[np.float64]:
        """nibabel's (3, 2) array: for each voxel axis, its nearest world axis and direction."""
        return np.asarray(io_orientation(self.affine))

    @property
    def native_plane(self) -> Plane:
        """The plane in which the scan was acquired.

        The slice axis is the reader's `slice_axis` where the file says it, else the axis whose
        voxel size differs most from the other two, else (isotropic voxels) the last one.
        """
        axis = self.slice_axis
        if axis is None:
            sizes = np.log(self.spacing_mm)
            gaps = [abs(sizes[(a + 1) % 3] - sizes[(a + 2) % 3]) for a in range(3)]
            axis = 2 if gaps[2] <= min(gaps) + 1e-3 else int(np.argmin(gaps))
        return _BY_NORMAL[int(self.orientation[axis, 0])]

    def stack(self, plane: str | Plane = Plane.NATIVE) -> SliceStack:
        """See this volume as slices of `plane`."""
        plane = Plane.parse(plane)
        return SliceStack(self, self.native_plane if plane is Plane.NATIVE else plane)

    def with_data(self, data: NDArray[Any], name: str | None = None) -> Volume:
        """A volume on the same grid with other voxel values, shape (i, j, k)."""
        if data.shape != self.data.shape:
            raise VolumeError(f"expected voxels of shape {self.shape}, got {data.shape}.")
        return Volume(
            data, self.affine, name or self.name, self.header, self.source, self.slice_axis
        )


@dataclass(frozen=True, eq=False)
class SliceStack:
    """A volume as slices x rows x columns of one plane, with the exact map back to voxels."""

    volume: Volume
    plane: Plane

    @cached_property
    def _axes(self) -> tuple[int, int, int]:
        """The voxel axes that slices, rows and columns run along."""
        row, _, column, _ = _DISPLAY[self.plane]
        voxel_axis_of = {int(w): v for v, w in enumerate(self.volume.orientation[:, 0])}
        return voxel_axis_of[_NORMAL[self.plane]], voxel_axis_of[row], voxel_axis_of[column]

    @cached_property
    def _steps(self) -> tuple[int, int, int]:
        """+1 or -1 for slices, rows, columns: -1 where the display runs against storage."""
        _, row_direction, _, column_direction = _DISPLAY[self.plane]
        _, row, column = self._axes
        signs = self.volume.orientation[:, 1]
        return 1, int(signs[row]) * row_direction, int(signs[column]) * column_direction

    def from_voxels(self, array: NDArray[Any]) -> NDArray[Any]:
        """View an (i, j, k) array of the volume's grid as (slice, row, column); no copy."""
        if array.shape != self.volume.shape:
            raise VolumeError(
                f"expected an array of the volume's shape {self.volume.shape}, got {array.shape}."
            )
        slices, rows, columns = (slice(None, None, step) for step in self._steps)
        return array.transpose(self._axes)[slices, rows, columns]

    def to_voxels(self, array: NDArray[Any]) -> NDArray[Any]:
        """View a (slice, row, column) array as (i, j, k) in the volume's own order; no copy."""
        if array.shape != self.shape:
            raise VolumeError(
                f"expected an array of the stack's shape {self.shape}, got {array.shape}."
            )
        slices, rows, columns = (slice(None, None, step) for step in self._steps)
        return array[slices, rows, columns].transpose(np.argsort(self._axes))

    def to_voxel_index(self, index: tuple[int, int, int]) -> tuple[int, int, int]:
        """The voxel (i, j, k) at (slice, row, column)."""
        voxel = [0, 0, 0]
        for place, axis, step, size in zip(index, self._axes, self._steps, self.shape, strict=True):
            voxel[axis] = place if step > 0 else size - 1 - place
        return voxel[0], voxel[1], voxel[2]

    def from_voxel_index(self, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
        """The (slice, row, column) at which the voxel (i, j, k) is shown."""
        s, r, c = (
            voxel[axis] if step > 0 else size - 1 - voxel[axis]
            for axis, step, size in zip(self._axes, self._steps, self.shape, strict=True)
        )
        return s, r, c

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """The volume's voxels as (slice, row, column), in the file's dtype."""
        return self.from_voxels(self.volume.data)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns."""
        s, r, c = (self.volume.shape[axis] for axis in self._axes)
        return s, r, c

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance in mm between slices, rows and columns."""
        s, r, c = (self.volume.spacing_mm[axis] for axis in self._axes)
        return s, r, c

    @property
    def top_slice(self) -> int:
        """The superior (axial), anterior (coronal) or right (sagittal) end: first or last slice."""
        stored = int(self.volume.orientation[self._axes[0], 1])
        return self.shape[0] - 1 if stored * _TOP_DIRECTION[self.plane] > 0 else 0

    @property
    def edge_labels(self) -> tuple[str, str, str, str]:
        """Patient directions at the picture's left, right, top and bottom edge."""
        return {
            Plane.AXIAL: ("R", "L", "A", "P"),
            Plane.CORONAL: ("R", "L", "S", "I"),
            Plane.SAGITTAL: ("A", "P", "S", "I"),
        }[self.plane]

    @cached_property
    def affine(self) -> Affine:
        """4x4 map from (slice, row, column) indices to mm in RAS+."""
        to_ijk = np.zeros((4, 4))
        to_ijk[3, 3] = 1.0
        for stack_axis, (voxel_axis, step) in enumerate(zip(self._axes, self._steps, strict=True)):
            to_ijk[voxel_axis, stack_axis] = step
            if step < 0:
                to_ijk[voxel_axis, 3] = self.volume.shape[voxel_axis] - 1
        return np.asarray(self.volume.affine @ to_ijk)


def same_grid(a: Volume, b: Volume, tolerance_mm: float = 1e-2) -> bool:
    """Whether two volumes agree in shape and, within `tolerance_mm` at each corner, in place."""
    if a.shape != b.shape:
        return False
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in a.shape], [1], indexing="ij"))
    points = corners.reshape(4, -1)
    return bool(np.abs((a.affine - b.affine) @ points).max() <= tolerance_mm)

"""From a mask to a smooth closed surface in mm: area, volume, export.

VTK does the contouring and the smoothing; it is imported only inside functions, so that importing
this module costs nothing. Pictures and interactive scenes are in `breastwidget.scene`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import OutputError
from breastwidget.glb import encode_glb
from breastwidget.opengl import can_render
from breastwidget.output import write_file
from breastwidget.scene import SceneItem, scene_html, scene_image
from breastwidget.scene_items import SceneMesh
from breastwidget.surface_files import ENCODERS

if TYPE_CHECKING:
    import pyvista as pv

__all__ = [
    "SURFACE_FORMATS",
    "SceneItem",
    "Surface",
    "can_render",
    "extract_surface",
    "scene_html",
    "scene_image",
]

SURFACE_FORMATS = (*ENCODERS, ".glb")

# Windowed-sinc smoothing (Taubin, Zhang, Golub 1996): enough to melt the steps between slices
# three times as thick as the pixels are wide, and a pass band that keeps lobes of a few voxels.
_ITERATIONS = 30
_PASS_BAND = 0.06
# How far smoothing may move a vertex along each axis, in voxels.
_REACH = 0.35


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed triangle surface; `mesh` is a PyVista PolyData in mm, RAS+, normals outward."""

    mesh: pv.PolyData

    @property
    def points(self) -> NDArray[np.float64]:
        """Vertices, (n, 3) float64, mm in RAS+."""
        return np.asarray(self.mesh.points, dtype=np.float64)

    @property
    def triangles(self) -> NDArray[np.int64]:
        """Vertex numbers of each triangle, (m, 3) int64, counter-clockwise seen from outside."""
        return np.asarray(self.mesh.regular_faces, dtype=np.int64)

    @property
    def area_mm2(self) -> float:
        """Area in mm²."""
        a, b, c = np.moveaxis(self.points[self.triangles], 1, 0)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

    @property
    def enclosed_volume_ml(self) -> float:
        """Volume in mL inside the surface, by the divergence theorem."""
        return _signed_volume(self.points, self.triangles) / 1000.0

    def save(self, path: str | Path) -> Path:
        """Write the surface as .stl (binary), .ply (binary), .obj or .glb; the suffix decides.

        Coordinates are mm in RAS+; the file says so in its header, as 3D Slicer reads it. A .glb
        turns them to metres (`breastwidget.glb`). The file is complete or not there at all. Raises
        `OutputError` for another suffix or a failed write.
        """
        path = Path(path)
        kind = path.suffix.lower()
        if kind not in SURFACE_FORMATS:
            raise OutputError(
                f"Expected a surface file ending in {', '.join(SURFACE_FORMATS)}, got {path.name}."
            )
        if kind == ".glb":
            content = encode_glb([SceneMesh(self)])
        else:
            content = ENCODERS[kind](self.points, self.triangles)
        write_file(path, content)
        return path

    def screenshot(self, size: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
        """A picture of the surface, (height, width, 3) uint8; `size` is (width, height) pixels.

        Raises `DependencyError` where nothing can render off screen.
        """
        return scene_image([self], size)

    def to_html(self) -> str:
        """A self-contained interactive scene as an HTML page; works without a network."""
        return scene_html([self])

    def plot(self, size: tuple[int, int] = (640, 480)) -> Any:
        """A still picture (PIL image), which a notebook displays; see also `to_html`.

        Raises `DependencyError` where nothing can render off screen.
        """
        from PIL import Image

        return Image.fromarray(self.screenshot(size))


def extract_surface(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> Surface:
    """The smooth closed surface of a mask.

    `mask` is (i, j, k) bool, `affine` 4x4 from voxel indices to mm in RAS+. The surface encloses
    the mask's own volume (voxels times voxel volume): smoothing would take a few percent from it,
    so the surface is moved outward by that much. A mask that touches the border is closed there.
    Raises `OutputError` for an empty mask.
    """
    inside = np.asarray(mask, dtype=bool)
    if not inside.any():
        raise OutputError("Nothing was segmented, so there is no surface; prompt the tumour again.")
    low = np.array([np.flatnonzero(inside.any(axis=axes))[0] for axes in ((1, 2), (0, 2), (0, 1))])
    high = np.array(
        [np.flatnonzero(inside.any(axis=axes))[-1] for axes in ((1, 2), (0, 2), (0, 1))]
    )
    i, j, k = (slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
    padded = np.pad(inside[i, j, k], 1)
    spacing = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    points, triangles = _contour(padded, spacing)
    # Contouring worked in mm along the voxel axes; the affine brings it to where the patient lies.
    indices = points / spacing + (low - 1)
    world = indices @ affine[:3, :3].T + affine[:3, 3]
    if _signed_volume(world, triangles) < 0:
        triangles = triangles[:, ::-1]
    target = float(inside.sum()) * abs(float(np.linalg.det(affine[:3, :3])))
    world = _restore_volume(world, triangles, target, 0.5 * float(spacing.min()))

    import pyvista as pv

    mesh = pv.PolyData.from_regular_faces(world, np.ascontiguousarray(triangles))
    mesh.point_data["Normals"] = _normals(world, triangles).astype(np.float32)
    mesh.point_data.active_normals_name = "Normals"
    return Surface(mesh)


def _contour(
    padded: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (mm along the voxel axes) and triangles of the smoothed 0.5 isosurface."""
    import pyvista as pv

    grid = pv.ImageData(dimensions=padded.shape, spacing=tuple(spacing))
    grid.point_data["mask"] = padded.ravel(order="F").astype(np.uint8)
    surface = grid.contour([0.5], scalars="mask", method="flying_edges", compute_normals=False)
    smooth = surface.smooth_taubin(
        n_iter=_ITERATIONS,
        pass_band=_PASS_BAND,
        feature_smoothing=False,
        boundary_smoothing=True,
        non_manifold_smoothing=True,
        normalize_coordinates=True,
    )
    start = np.asarray(surface.points, dtype=np.float64)
    shift = np.asarray(smooth.points, dtype=np.float64) - start
    reach = _REACH * spacing  # Unbounded, smoothing would shrink a speck of one voxel to nothing.
    return start + np.clip(shift, -reach, reach), np.asarray(smooth.regular_faces, dtype=np.int64)


def _signed_volume(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> float:
    """Enclosed volume in mm³, positive where triangles turn counter-clockwise seen from outside."""
    centred = points - points.mean(axis=0)
    a, b, c = np.moveaxis(centred[triangles], 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def _normals(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Outward unit normals of the vertices, (n, 3), weighted by the area of their triangles."""
    a, b, c = np.moveaxis(points[triangles], 1, 0)
    face = np.cross(b - a, c - a)
    total = np.stack(
        [
            np.bincount(
                triangles.ravel(), weights=np.repeat(face[:, axis], 3), minlength=len(points)
            )
            for axis in range(3)
        ],
        axis=1,
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-12))


def _restore_volume(
    points: NDArray[np.float64], triangles: NDArray[np.int64], target_mm3: float, limit_mm: float
) -> NDArray[np.float64]:
    """Move the surface along its normals, by `limit_mm` at most, until it encloses the target."""
    moved = 0.0
    for _ in range(4):
        a, b, c = np.moveaxis(points[triangles], 1, 0)
        area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
        step = (target_mm3 - _signed_volume(points, triangles)) / max(area, 1e-9)
        step = float(np.clip(step, -limit_mm - moved, limit_mm - moved))
        if abs(step) < 1e-4 * limit_mm:
            break
        points = points + step * _normals(points, triangles)
        moved += step
    return points

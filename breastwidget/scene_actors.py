"""Scene items → VTK actors, for a page (`scene.scene_html`) and a picture (`scene.scene_image`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.scene_items import SceneLine, SceneMesh, ScenePlane

if TYPE_CHECKING:
    import pyvista as pv

    from breastwidget.surface import Surface

__all__ = ["make_actor", "rgb"]


def make_actor(item: SceneMesh | SceneLine | ScenePlane, triangles: int | None = None) -> Any:
    """The vtkActor that shows `item`, a mesh thinned to about so many `triangles`."""
    if isinstance(item, SceneMesh):
        return _mesh_actor(item, triangles)
    return _line_actor(item) if isinstance(item, SceneLine) else _plane_actor(item)


def rgb(colour: str) -> tuple[float, float, float]:
    """#rrggbb as three numbers from 0 to 1."""
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _mesh_actor(item: SceneMesh, triangles: int | None) -> Any:
    mesh = item.surface.mesh if triangles is None else _thinned(item.surface, triangles)
    if item.vertex_colours is not None:
        mesh = mesh.copy(deep=False)
        mesh.point_data["colours"] = _carried_over(item, np.asarray(mesh.points))
        mesh.point_data.active_scalars_name = "colours"
    actor = _actor(mesh, item.colour, item.opacity, coloured=item.vertex_colours is not None)
    look = actor.GetProperty()
    look.SetInterpolationToPhong()
    look.SetAmbient(0.12)
    look.SetSpecular(0.15)
    look.SetSpecularPower(12)
    return actor


def _carried_over(item: SceneMesh, points: NDArray[Any]) -> NDArray[np.uint8]:
    """The vertex colours of `item` on the vertices of its thinned mesh: each takes the nearest."""
    colours = np.asarray(item.vertex_colours, dtype=np.uint8)
    if colours.shape != (len(item.surface.points), 3):
        raise ValueError(
            f"expected one colour of three for each of {len(item.surface.points)} vertices, got "
            f"{colours.shape}."
        )
    if len(points) == len(colours):
        return colours
    from scipy.spatial import cKDTree

    return np.asarray(colours[cKDTree(item.surface.points).query(points)[1]])


def _line_actor(item: SceneLine) -> Any:
    import pyvista as pv

    points = np.asarray(item.points_mm, dtype=np.float32)
    line = pv.PolyData(points, lines=[len(points), *range(len(points))])
    actor = _actor(line, item.colour, 1.0)
    look = actor.GetProperty()
    look.SetLineWidth(item.width)
    look.LightingOff()
    return actor


def _plane_actor(item: ScenePlane) -> Any:
    import pyvista as pv

    plane = pv.PolyData(item.points_mm.astype(np.float32), faces=[4, 0, 1, 2, 3])
    if item.picture is not None:
        # The picture's first row lies at the top edge, where the texture's v is 0.
        plane.active_texture_coordinates = np.array(
            [[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32
        )
    actor = _actor(plane, "#ffffff" if item.picture is not None else item.colour, item.opacity)
    actor.GetProperty().LightingOff()
    if item.picture is not None:
        actor.SetTexture(_texture(item.picture))
    return actor


def _texture(picture: NDArray[np.uint8]) -> Any:
    import pyvista as pv
    from vtkmodules.vtkRenderingCore import vtkTexture

    rows, columns = picture.shape
    image = pv.ImageData(dimensions=(columns, rows, 1))
    image.point_data["gray"] = np.repeat(picture.reshape(-1, 1), 3, axis=1)
    image.point_data.active_scalars_name = "gray"
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.InterpolateOn()
    texture.RepeatOff()
    return texture


def _actor(mesh: pv.PolyData, colour: str, opacity: float, coloured: bool = False) -> Any:
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(mesh)
    if coloured:
        mapper.SetScalarModeToUsePointData()
        mapper.SetColorModeToDirectScalars()
        mapper.ScalarVisibilityOn()
    else:
        mapper.ScalarVisibilityOff()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*rgb(colour))
    actor.GetProperty().SetOpacity(opacity)
    return actor


def _thinned(surface: Surface, triangles: int) -> pv.PolyData:
    """The mesh with at most about `triangles` triangles, single precision, normals on points."""
    import pyvista as pv

    mesh = surface.mesh
    if mesh.n_cells > triangles:
        mesh = mesh.decimate(1 - triangles / mesh.n_cells)
    thin = pv.PolyData.from_regular_faces(
        np.asarray(mesh.points, dtype=np.float32), np.asarray(mesh.regular_faces)
    )
    return thin.compute_normals(
        cell_normals=False, point_normals=True, split_vertices=False, consistent_normals=False
    )

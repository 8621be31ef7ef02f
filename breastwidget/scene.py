"""Surfaces as pictures and as interactive pages.

`scene_html` writes a vtk.js page out of trame-vtk's parts, without a server, a display or a
network: PyVista's own `export_html` starts a web server, and fetches WebAssembly where it can.
`scene_image` renders off screen, which needs OpenGL without a display; see `breastwidget.opengl`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from breastwidget.display import REFERENCE_COLOUR, result_colour
from breastwidget.errors import DependencyError
from breastwidget.opengl import prepare_rendering

if TYPE_CHECKING:
    import pyvista as pv

    from breastwidget.surface import Surface

__all__ = ["BACKGROUND", "SceneItem", "scene_html", "scene_image"]

# A surface, its colour (#rrggbb) and its opacity (0 to 1); a bare surface gets the usual look.
SceneItem: TypeAlias = "Surface | tuple[Surface, str, float]"

BACKGROUND = "#f4f6f8"

# Software WebGL turns 5,000 triangles well and 20,000 badly.
_HTML_TRIANGLES = 8000
# VTK fits the sphere around a scene into the window, which leaves it small.
_ZOOM = 1.35
# vtk.js adds icons from its project's site to the page: they are taken out, and the browser is
# told to fetch nothing at all.
_ICONS = r"https://[\w./-]+/favicon-[^`\"']*"
_OFFLINE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'unsafe-inline'; "
    'img-src data: blob:; worker-src blob:; connect-src data: blob:">'
)


def scene_image(surfaces: Sequence[SceneItem], size: tuple[int, int] = (640, 480)) -> NDArray[Any]:
    """A picture of `surfaces`, (height, width, 3) uint8, seen from the patient's front.

    Bare surfaces look as in `scene_html`. `size` is (width, height) in pixels. Raises
    `DependencyError` where nothing can render.
    """
    prepare_rendering()
    import pyvista as pv

    items = _looks(surfaces)

    plotter = pv.Plotter(off_screen=True, window_size=list(size))
    try:
        plotter.set_background(BACKGROUND)
        for surface, colour, opacity in items:
            plotter.add_mesh(
                surface.mesh, color=colour, opacity=opacity, smooth_shading=True, specular=0.2
            )
        position, focus, up = _camera([surface.mesh.bounds for surface, _, _ in items])
        plotter.camera_position = [position, focus, up]
        plotter.reset_camera()
        plotter.camera.zoom(_ZOOM)
        picture = plotter.screenshot(return_img=True)
    finally:
        plotter.close()
    return np.ascontiguousarray(np.asarray(picture)[..., :3], dtype=np.uint8)


def scene_html(surfaces: Sequence[SceneItem], background: str = BACKGROUND) -> str:
    """An interactive page of `surfaces` (drag to turn, wheel to zoom), everything inside it.

    Each is a surface, or a (surface, colour, opacity). Of bare surfaces the first is the result,
    solid; those after it are references, translucent shells around it.

    About 1.1 MB of vtk.js plus the surfaces, thinned to some thousand triangles. Needs a browser
    with WebGL to look at, and nothing to make. Raises `DependencyError` without trame-vtk.
    """
    try:
        from trame_vtk.modules.vtk import serializers
        from trame_vtk.tools.vtksz2html import write_html
    except ImportError as error:
        raise DependencyError(
            f"The interactive scene needs the package trame-vtk ({error}); "
            "install it with: pip install trame-vtk"
        ) from error
    window = _window(surfaces, background)
    serializers.initialize_serializers()
    context = serializers.SynchronizationContext()
    context.set_ignore_last_dependencies(True)
    scene = serializers.serialize(None, window, serializers.reference_id(window), context, 1)
    camera = window.GetRenderers().GetFirstRenderer().GetActiveCamera()
    scene["type"] = "vtkRenderWindow"
    scene["extra"] = {
        "vtkRefId": serializers.reference_id(window),
        "centerOfRotation": camera.GetFocalPoint(),
        "camera": serializers.reference_id(camera),
    }
    arrays = {
        entry["hash"]: {**entry, "content": context.get_cached_data_array(entry["hash"], False)}
        for entry in serializers.extract_array_hash(scene)
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.json", json.dumps({"hashes": arrays, "scene": scene}))
    page = io.StringIO()
    write_html(packed.getvalue(), page)
    text = re.sub(_ICONS, "data:,", page.getvalue())
    return text.replace("<head>", f"<head>{_OFFLINE}", 1)


def _looks(surfaces: Sequence[SceneItem]) -> list[tuple[Surface, str, float]]:
    """Every surface with its colour and opacity."""
    items = []
    for index, item in enumerate(surfaces):
        if isinstance(item, tuple):
            items.append(item)
        elif index == 0:
            items.append((item, result_colour(0), 1.0))
        else:
            items.append((item, REFERENCE_COLOUR, 0.35))
    return items


def _window(surfaces: Sequence[SceneItem], background: str) -> Any:
    """A VTK render window that holds the scene and is never rendered, so it needs no OpenGL."""
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer
    from vtkmodules.vtkRenderingOpenGL2 import vtkGenericOpenGLRenderWindow

    items = _looks(surfaces)
    window, renderer = vtkGenericOpenGLRenderWindow(), vtkRenderer()
    window.AddRenderer(renderer)
    renderer.SetBackground(*_rgb(background))
    budget = max(1500, _HTML_TRIANGLES // max(1, len(items)))
    for surface, colour, opacity in items:
        mapper, actor = vtkPolyDataMapper(), vtkActor()
        mapper.SetInputData(_thinned(surface, budget))
        mapper.ScalarVisibilityOff()
        actor.SetMapper(mapper)
        look = actor.GetProperty()
        look.SetColor(*_rgb(colour))
        look.SetOpacity(opacity)
        look.SetInterpolationToPhong()
        look.SetAmbient(0.12)
        look.SetSpecular(0.15)
        look.SetSpecularPower(12)
        renderer.AddActor(actor)
    position, focus, up = _camera([surface.mesh.bounds for surface, _, _ in items])
    camera = renderer.GetActiveCamera()
    camera.SetPosition(*position)
    camera.SetFocalPoint(*focus)
    camera.SetViewUp(*up)
    renderer.ResetCamera()
    camera.Dolly(_ZOOM)
    renderer.ResetCameraClippingRange()
    return window


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


def _camera(
    bounds: Sequence[Any],
) -> tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]:
    """Position, focus and up of a view from the patient's front, a little from above and left."""
    table = np.asarray(bounds, dtype=float).reshape(-1, 3, 2)
    low, high = table[:, :, 0].min(axis=0), table[:, :, 1].max(axis=0)
    middle, reach = (low + high) / 2, float(np.linalg.norm(high - low))
    # RAS+: anterior is +y. Seen from there, the patient's right is on the left.
    toward = np.array([-0.35, 0.87, 0.35])
    position = middle + 2.2 * reach * toward
    x, y, z = (float(value) for value in middle)
    return (float(position[0]), float(position[1]), float(position[2])), (x, y, z), (0.0, 0.0, 1.0)


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue

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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import DependencyError
from breastwidget.opengl import prepare_rendering
from breastwidget.scene_actors import make_actor, rgb
from breastwidget.scene_items import SceneItem, SceneLine, SceneMesh, ScenePlane, as_items

__all__ = ["BACKGROUND", "SceneItem", "scene_html", "scene_image"]

BACKGROUND = "#f4f6f8"

# Software WebGL turns 5,000 triangles well and 20,000 badly.
_HTML_TRIANGLES = 8000
# How much of the window's height or width the scene fills, and what shape a page is taken to have.
_FILLED = 0.85
_PAGE_ASPECT = 1.2
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

    items = as_items(surfaces)
    plotter = pv.Plotter(off_screen=True, window_size=list(size))
    try:
        plotter.set_background(BACKGROUND)
        for item in items:
            plotter.add_actor(make_actor(item))
        _aim(plotter.renderer, items, size[0] / size[1])
        plotter.renderer.camera_set = True  # else the first picture is taken from elsewhere
        picture = plotter.screenshot(return_img=True)
    finally:
        plotter.close()
    return np.ascontiguousarray(np.asarray(picture)[..., :3], dtype=np.uint8)


def scene_html(surfaces: Sequence[SceneItem], background: str = BACKGROUND) -> str:
    """An interactive page of `surfaces` (drag to turn, wheel to zoom), everything inside it.

    Each is a surface, a (surface, colour, opacity), or an item of `breastwidget.scene_items`. Of
    bare surfaces the first is the result, solid; those after it are references, translucent shells
    around it.

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


def _window(surfaces: Sequence[SceneItem], background: str) -> Any:
    """A VTK render window that holds the scene and is never rendered, so it needs no OpenGL."""
    from vtkmodules.vtkRenderingCore import vtkRenderer
    from vtkmodules.vtkRenderingOpenGL2 import vtkGenericOpenGLRenderWindow

    items = as_items(surfaces)
    window, renderer = vtkGenericOpenGLRenderWindow(), vtkRenderer()
    window.AddRenderer(renderer)
    renderer.SetBackground(*rgb(background))
    meshes = sum(isinstance(item, SceneMesh) for item in items)
    budget = max(1500, _HTML_TRIANGLES // max(1, meshes))
    for item in items:
        renderer.AddActor(make_actor(item, budget))
    _aim(renderer, items, _PAGE_ASPECT)
    return window


def _aim(renderer: Any, items: Sequence[SceneMesh | SceneLine | ScenePlane], aspect: float) -> None:
    """Look from the patient's front, a little from above and left, as near as all of it fits."""
    points = np.concatenate([item.points_mm for item in items])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    # RAS+: anterior is +y. Seen from there, the patient's right is on the left.
    toward = np.array([-0.35, 0.87, 0.35]) / np.linalg.norm([-0.35, 0.87, 0.35])
    right = np.cross([0.0, 0.0, 1.0], toward)
    right /= np.linalg.norm(right)
    x, y, z = np.stack([right, np.cross(toward, right), toward]) @ (points - middle).T
    camera = renderer.GetActiveCamera()
    half = _FILLED * np.tan(np.radians(camera.GetViewAngle() / 2))
    distance = float((z + np.maximum(np.abs(y), np.abs(x) / aspect) / half).max())
    camera.SetPosition(*(middle + distance * toward))
    camera.SetFocalPoint(*middle)
    camera.SetViewUp(0.0, 0.0, 1.0)
    renderer.ResetCameraClippingRange()

"""The scene: all visible lesions, the reference around them, the slice, the diameters.

Pure functions of values, for the controller's worker: VTK takes a second to load and milliseconds
afterwards.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.document import Document
from breastwidget.app.model import Scene, SceneOptions
from breastwidget.app.plane_patch import PlanePatch, patch_around
from breastwidget.app.scene_mode import Environment, SceneChoice, choose_mode, detect_environment
from breastwidget.diameters import Bidirectional
from breastwidget.display import REFERENCE_COLOUR, window_range
from breastwidget.distance_colours import (
    distance_colours,
    distance_range_mm,
    signed_distances_mm,
)
from breastwidget.errors import BreastWidgetError
from breastwidget.segmentation import Segmentation
from breastwidget.volume import SliceStack

if TYPE_CHECKING:
    from breastwidget.scene_items import SceneItem, SceneMesh

__all__ = ["SceneLesion", "make_scene", "visible_lesions"]

_log = logging.getLogger(__name__)
_SHELL_OPACITY = 0.3
_SEEN_THROUGH = 0.45  # what a lesion's opacity falls to where lines run inside it
_PLANE_OPACITY = 0.75
_ROD_COLOUR = "#0072b2"
_ROD_RADIUS_MM = 0.5


@dataclass(frozen=True, eq=False)
class SceneLesion:
    """A lesion in the scene; its `diameters` where they are known."""

    segmentation: Segmentation
    colour: str
    diameters: Bidirectional | None = None


def visible_lesions(document: Document) -> tuple[SceneLesion, ...]:
    """The lesions to draw: those that are not hidden and whose run found something."""
    return tuple(
        SceneLesion(
            lesion.run.segmentation,
            lesion.colour,
            None if lesion.run.measures is None else lesion.run.measures.diameters,
        )
        for lesion in document.lesions
        if lesion.visible and lesion.run is not None and lesion.run.segmentation.mask.any()
    )


def make_scene(
    lesions: Sequence[SceneLesion],
    stack: SliceStack,
    reference: NDArray[np.bool_] | None,
    options: SceneOptions,
    slice_index: int,
    window: tuple[float, float] | None = None,
    environment: Environment | None = None,
) -> Scene:
    """The scene of `lesions`, as well as `environment` (this process's, unless given) can show it.

    `reference` is (i, j, k) bool on the stack's volume. `slice_index` is the slice shown in
    `stack`, `window` its gray range (lo, hi), by default one that shows it well. A scene that
    cannot be made costs the picture, not the result: the note says why.
    """
    if not lesions:
        return Scene()
    try:
        choice = choose_mode(options.mode, environment or detect_environment())
        meshes, range_mm = _items(lesions, stack, reference, options)
        patch = _patch_around(meshes, stack, None if choice.mode == "live" else slice_index)
        items: list[SceneItem] = [*meshes]
        # The live viewer shows, hides and moves the plane by itself: its last actor.
        if options.slice_plane or choice.mode == "live":
            lo, hi = window or window_range(stack.pixels[patch.index])
            items.append(patch.scene_plane(stack, lo, hi, _PLANE_OPACITY))
        return replace(_drawn(choice, items), patch=patch, distance_mm=range_mm)
    except BreastWidgetError as error:
        return Scene(note=str(error))
    except Exception as error:
        _log.exception("the surface could not be drawn")
        return Scene(note=f"The surface could not be drawn ({error}).")


def _drawn(choice: SceneChoice, items: list[SceneItem]) -> Scene:
    from breastwidget.scene import scene_data, scene_html

    if choice.mode == "live":
        return Scene(note=choice.note, data=scene_data(items))
    if choice.mode == "html":
        return Scene(html=scene_html(items), note=choice.note)
    if choice.mode == "picture":
        return Scene(picture=_picture(items), note=choice.note)
    return Scene(note=choice.note)


def _picture(items: list[SceneItem]) -> str:
    from PIL import Image

    from breastwidget.scene import scene_image

    buffer = io.BytesIO()
    Image.fromarray(scene_image(items)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _items(
    lesions: Sequence[SceneLesion],
    stack: SliceStack,
    reference: NDArray[np.bool_] | None,
    options: SceneOptions,
) -> tuple[list[SceneMesh], float]:
    """The surfaces, and the diameters where they are wanted; the range of the colours in mm."""
    from breastwidget.scene_items import SceneMesh
    from breastwidget.surface import extract_surface

    surfaces = [each.segmentation.surface() for each in lesions]
    shell = None
    if reference is not None and reference.any():
        shell = extract_surface(reference, stack.volume.affine)
    colours: list[NDArray[np.uint8] | None] = [None] * len(surfaces)
    range_mm = 0.0
    if options.signed_distance and shell is not None:
        distances = [signed_distances_mm(surface, shell) for surface in surfaces]
        range_mm = distance_range_mm(np.concatenate(distances))
        colours = [distance_colours(each, range_mm) for each in distances]
    opacity = _SEEN_THROUGH if options.diameters else 1.0
    items = [
        SceneMesh(surface, lesion.colour, opacity, own)
        for lesion, surface, own in zip(lesions, surfaces, colours, strict=True)
    ]
    if options.diameters:
        items += [rod for each in lesions for rod in _rods(each)]
    if shell is not None:
        # Around colours that say where the shell is, it would only veil them.
        veil = _SHELL_OPACITY / 3 if range_mm else _SHELL_OPACITY
        items.append(SceneMesh(shell, REFERENCE_COLOUR, veil, name="reference"))
    return items, range_mm


def _rods(lesion: SceneLesion) -> list[SceneMesh]:
    """The two diameters as thin rods: browsers draw every line one pixel wide."""
    import pyvista as pv

    from breastwidget.scene_items import SceneMesh
    from breastwidget.surface import Surface

    if lesion.diameters is None:
        return []
    segmentation = lesion.segmentation
    affine = segmentation.volume.stack(segmentation.plane).affine
    rods = []
    for line in (lesion.diameters.longest, lesion.diameters.perpendicular):
        if line.length_mm > 0:
            start, end = line.ends_mm(affine)
            rod = pv.Line(start, end).tube(radius=_ROD_RADIUS_MM, n_sides=12).triangulate()
            rods.append(SceneMesh(Surface(rod), _ROD_COLOUR, name="diameter"))
    return rods


def _patch_around(
    meshes: Sequence[SceneMesh], stack: SliceStack, slice_index: int | None
) -> PlanePatch:
    """A patch of that slice, or of their middle one, that reaches a little beyond the surfaces."""
    to_stack = np.linalg.inv(stack.affine)
    points = np.concatenate([mesh.points_mm for mesh in meshes])
    indices = points @ to_stack[:3, :3].T + to_stack[:3, 3]
    low, high = indices.min(axis=0), indices.max(axis=0)
    if slice_index is None:
        slice_index = min(max(round((low[0] + high[0]) / 2), 0), stack.shape[0] - 1)
    return patch_around(stack, slice_index, (low[1], low[2]), (high[1], high[2]))

"""The scene: what is in it, in each mode."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from panel_fakes import MEASURES, lesion_with, make_run

from breastwidget.app.document import Document
from breastwidget.app.model import SceneOptions
from breastwidget.app.plane_patch import patch_around
from breastwidget.app.scene_mode import Environment
from breastwidget.app.scenes import make_scene, visible_lesions
from breastwidget.opengl import can_render
from breastwidget.volume import SliceStack, Volume

JUPYTER = Environment()


def actors(data: bytes) -> list[dict[str, object]]:
    """The scene's actors in their order, as vtk.js will read them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        scene = json.loads(archive.read("index.json"))["scene"]
    renderer = next(each for each in scene["dependencies"] if each["type"].endswith("Renderer"))
    return [each for each in renderer["dependencies"] if each["type"].endswith("Actor")]


def opacities(data: bytes) -> list[float]:
    looks = []
    for actor in actors(data):
        parts = actor["dependencies"]
        assert isinstance(parts, list)
        look = next(part for part in parts if part["type"].endswith("Property"))
        looks.append(round(float(look["properties"]["opacity"]), 2))
    return looks


def test_only_what_is_visible_and_found_is_drawn(stack: SliceStack) -> None:
    nothing = np.zeros(stack.shape[1:], dtype=bool)
    empty = make_run(stack, masks=dict.fromkeys(range(4, 9), nothing))
    lesions = (
        lesion_with(make_run(stack)),
        lesion_with(make_run(stack), key=2, visible=False),
        lesion_with(empty, key=2),
        lesion_with(key=2),
    )
    (one,) = visible_lesions(Document(lesions))
    assert (one.colour, one.diameters) == ("#e69f00", MEASURES.diameters)


def test_without_lesions_there_is_no_scene(stack: SliceStack) -> None:
    scene = make_scene((), stack, None, SceneOptions(), 6, environment=JUPYTER)
    assert (scene.data, scene.html, scene.picture, scene.note) == (b"", "", "", "")


def test_a_live_scene_has_lesion_reference_and_plane(stack: SliceStack) -> None:
    lesions = visible_lesions(Document((lesion_with(make_run(stack)),)))
    truth = stack.to_voxels(stack.pixels > 50)
    options = SceneOptions(slice_plane=False)
    scene = make_scene(lesions, stack, truth, options, 11, environment=JUPYTER)
    # The lesion, the reference's shell; the plane is there to be shown and hidden on the page.
    assert opacities(scene.data) == [1.0, 0.3, 0.75]
    assert scene.patch is not None
    assert scene.patch.index == 6  # the lesions' middle, wherever the slice shown is
    assert (scene.note, scene.distance_mm) == ("", 0.0)


def test_diameters_run_inside_a_translucent_lesion(stack: SliceStack) -> None:
    lesions = visible_lesions(Document((lesion_with(make_run(stack)),)))
    options = SceneOptions(diameters=True)
    scene = make_scene(lesions, stack, None, options, 6, environment=JUPYTER)
    assert opacities(scene.data) == [0.45, 1.0, 1.0, 0.75]


def test_distance_colours_say_their_range(stack: SliceStack) -> None:
    lesions = visible_lesions(Document((lesion_with(make_run(stack)),)))
    truth = stack.to_voxels(stack.pixels > 50)
    options = SceneOptions(signed_distance=True)
    assert make_scene(lesions, stack, truth, options, 6, environment=JUPYTER).distance_mm >= 1.0
    assert make_scene(lesions, stack, None, options, 6, environment=JUPYTER).distance_mm == 0.0


def test_a_page_holds_everything(stack: SliceStack) -> None:
    lesions = visible_lesions(Document((lesion_with(make_run(stack)),)))
    scene = make_scene(lesions, stack, None, SceneOptions("html"), 6, environment=JUPYTER)
    assert scene.html.count("OfflineLocalView.load(document.body") == 1
    assert scene.data == b""


@pytest.mark.skipif(not can_render(), reason="nothing can render off screen here")
def test_a_picture_is_a_data_url(stack: SliceStack) -> None:
    lesions = visible_lesions(Document((lesion_with(make_run(stack)),)))
    scene = make_scene(lesions, stack, None, SceneOptions("picture"), 6, environment=JUPYTER)
    assert scene.picture.startswith("data:image/png;base64,iVBOR")


def test_what_cannot_be_made_is_a_note(stack: SliceStack) -> None:
    lesions = visible_lesions(Document((lesion_with(make_run(stack)),)))
    nowhere = Environment(viewer=False, rendering=False)
    scene = make_scene(lesions, stack, None, SceneOptions(), 6, environment=nowhere)
    assert "trame-vtk" in scene.note


def test_a_patch_is_thinned_clipped_and_placed(stack: SliceStack) -> None:
    # From row 5 to 9 and column 10 to 19, a tenth of the longer side and one more around.
    patch = patch_around(stack, 6, (5.0, 10.0), (9.0, 19.0))
    assert (patch.r0, patch.r1, patch.c0, patch.c1, patch.thinning) == (3, 11, 8, 21, 1)
    picture = patch.picture(stack, 6, 0.0, 100.0)
    assert picture.shape == patch.shape == (8, 13)
    assert (picture[0, 0], picture[3, 3]) == (26, 255)  # 10 and 100 of 0 to 100
    assert patch.offset_mm(stack, 8) == (0.0, 0.0, 6.0)
    whole = patch_around(stack, 6, (0.0, 0.0), (23.0, 31.0))
    assert (whole.r0, whole.r1, whole.c0, whole.c1) == (0, 24, 0, 32)


def test_a_large_patch_is_thinned() -> None:
    pixels = np.zeros((4, 300, 201), dtype=np.int16)
    volume = Volume(pixels.transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0]), slice_axis=2)
    patch = patch_around(volume.stack(), 2, (0.0, 0.0), (299.0, 200.0))
    assert patch.thinning == 3
    assert patch.picture(volume.stack(), 2, 0.0, 1.0).shape == patch.shape == (100, 67)

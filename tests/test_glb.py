"""Binary glTF: read back by its own parts, and by another reader."""

import json
import struct

import numpy as np
import pytest

from breastwidget.errors import OutputError
from breastwidget.glb import encode_glb, write_glb
from breastwidget.scene_items import SceneMesh
from breastwidget.surface import Surface, extract_surface

LPS = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0, 60], [0, 0, 2.0, -30], [0, 0, 0, 1.0]])


def block(low, high):
    mask = np.zeros((30, 30, 12), dtype=bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return extract_surface(mask, LPS)


@pytest.fixture(scope="module")
def surfaces() -> tuple[Surface, Surface]:
    return block((3, 4, 2), (9, 12, 5)), block((20, 15, 7), (28, 20, 10))


def parts(content):
    """The JSON document and the binary chunk, their headers checked."""
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert (kind, size % 4) == (b"JSON", 0)
    document = json.loads(content[20 : 20 + size])
    rest = 20 + size
    body_size, body_kind = struct.unpack_from("<I4s", content, rest)
    assert (body_kind, body_size % 4) == (b"BIN\0", 0)
    assert rest + 8 + body_size == len(content)
    return document, content[rest + 8 :]


def array(document, body, accessor):
    entry = document["accessors"][accessor]
    view = document["bufferViews"][entry["bufferView"]]
    assert view["byteOffset"] % 4 == 0
    dtype = {5126: "<f4", 5125: "<u4", 5121: "u1"}[entry["componentType"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[entry["type"]]
    data = body[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    values = np.frombuffer(data, dtype).reshape(-1, width)
    assert len(values) == entry["count"]
    return values


class TestParts:
    def test_vertices_and_triangles_are_the_surface_s(self, surfaces):
        document, body = parts(encode_glb([SceneMesh(each) for each in surfaces]))
        for mesh, surface in zip(document["meshes"], surfaces, strict=True):
            (primitive,) = mesh["primitives"]
            points = array(document, body, primitive["attributes"]["POSITION"])
            assert np.allclose(points, surface.points, atol=1e-4)
            entry = document["accessors"][primitive["attributes"]["POSITION"]]
            assert entry["min"] == points.min(axis=0).tolist()
            triangles = array(document, body, primitive["indices"]).reshape(-1, 3)
            assert np.array_equal(triangles, surface.triangles)
            normals = array(document, body, primitive["attributes"]["NORMAL"])
            assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)

    def test_names_colours_and_opacity(self, surfaces):
        items = [
            SceneMesh(surfaces[0], "#ff0000", name="links oben"),
            SceneMesh(surfaces[1], "#bcbcbc", 0.35, name="référence"),
        ]
        document, _ = parts(encode_glb(items))
        assert [node["name"] for node in document["nodes"][:2]] == ["links oben", "référence"]
        solid, shell = document["materials"]
        assert solid["pbrMetallicRoughness"]["baseColorFactor"] == [1, 0, 0, 1]
        assert "alphaMode" not in solid
        # sRGB 188 is half of the light.
        assert shell["pbrMetallicRoughness"]["baseColorFactor"][0] == pytest.approx(0.5, abs=0.005)
        assert shell["pbrMetallicRoughness"]["baseColorFactor"][3] == 0.35
        assert shell["alphaMode"] == "BLEND"

    def test_vertex_colours_are_linear_light(self, surfaces):
        colours = np.full((len(surfaces[0].points), 3), (255, 188, 0), np.uint8)
        document, body = parts(encode_glb([SceneMesh(surfaces[0], vertex_colours=colours)]))
        attributes = document["meshes"][0]["primitives"][0]["attributes"]
        assert array(document, body, attributes["COLOR_0"])[5].tolist() == [255, 128, 0, 255]
        assert document["accessors"][attributes["COLOR_0"]]["normalized"] is True
        base = document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"]
        assert base == [1, 1, 1, 1]

    def test_the_head_is_up_and_the_front_is_in_front_in_metres(self, surfaces):
        document, _ = parts(encode_glb([SceneMesh(surfaces[0])]))
        root = document["nodes"][document["scenes"][0]["nodes"][0]]
        matrix = np.reshape(root["matrix"], (4, 4)).T  # stored by columns
        right, anterior, superior = np.eye(3)
        assert (matrix[:3, :3] @ superior).tolist() == [0, 0.001, 0]
        assert (matrix[:3, :3] @ anterior).tolist() == [0, 0, 0.001]
        assert (matrix[:3, :3] @ right).tolist() == [-0.001, 0, 0]
        assert np.linalg.det(matrix[:3, :3]) > 0  # no mirror image


def test_another_reader_reads_it(surfaces, tmp_path):
    import pyvista as pv

    path = write_glb(tmp_path / "lesions.glb", [SceneMesh(each) for each in surfaces])
    read = pv.read(path).combine().extract_surface(algorithm="dataset_surface").triangulate()
    assert read.n_cells == sum(len(each.triangles) for each in surfaces)
    expected = sum(each.enclosed_volume_ml for each in surfaces)
    assert read.volume * 1e6 == pytest.approx(expected, rel=1e-3)  # m³ to mL
    assert list(tmp_path.iterdir()) == [path]


def test_one_surface_saves_itself(surfaces, tmp_path):
    assert surfaces[0].save(tmp_path / "one.glb").read_bytes()[:4] == b"glTF"


def test_nothing_to_write_and_another_suffix_are_refused(surfaces, tmp_path):
    with pytest.raises(OutputError, match="no surface to write"):
        write_glb(tmp_path / "none.glb", [])
    with pytest.raises(OutputError, match=r"ending in \.glb, got one\.gltf"):
        write_glb(tmp_path / "one.gltf", [SceneMesh(surfaces[0])])
    assert not list(tmp_path.iterdir())

"""Surfaces as one binary glTF 2.0 file (.glb), which browsers, Blender and slide programs show.

By hand, as the other surface files: VTK's exporter writes text glTF only, and wants a window.
https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget._version import __version__
from breastwidget.errors import OutputError
from breastwidget.output import write_file
from breastwidget.scene_items import SceneMesh

__all__ = ["encode_glb", "write_glb"]

_FLOAT, _UINT32, _UINT8 = 5126, 5125, 5121
_VERTICES, _INDICES = 34962, 34963
# RAS+ mm to glTF's metres: +y up (superior), +z the front (anterior), so +x to the patient's left.
_RAS_TO_GLTF = [-0.001, 0, 0, 0, 0, 0, 0.001, 0, 0, 0.001, 0, 0, 0, 0, 0, 1]


def encode_glb(items: Sequence[SceneMesh]) -> bytes:
    """One file with a mesh for each item, named and coloured; its node turns mm (RAS+) to metres.

    Vertices stay in mm in RAS+, so that they can be read back as they are. Raises `OutputError`
    without any item.
    """
    if not items:
        raise OutputError("There is no surface to write; segment a lesion first.")
    body = _Body()
    primitives = [_primitive(body, item, number) for number, item in enumerate(items)]
    count = range(len(items))
    document = {
        "asset": {
            "version": "2.0",
            "generator": f"breastwidget {__version__}",
            "extras": {"space": "RAS", "unit": "mm before the root node's matrix"},
        },
        "scene": 0,
        "scenes": [{"nodes": [len(items)]}],
        "nodes": [
            *({"name": items[n].name, "mesh": n} for n in count),
            {"name": "RAS mm to glTF", "children": list(count), "matrix": _RAS_TO_GLTF},
        ],
        "meshes": [{"name": items[n].name, "primitives": [primitives[n]]} for n in count],
        "materials": [_material(item) for item in items],
        "accessors": body.accessors,
        "bufferViews": body.views,
        "buffers": [{"byteLength": len(body.content)}],
    }
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return _container(text, bytes(body.content))


def write_glb(path: str | Path, items: Sequence[SceneMesh]) -> Path:
    """Write several surfaces into one .glb; whole or not at all. Raises `OutputError`."""
    path = Path(path)
    if path.suffix.lower() != ".glb":
        raise OutputError(f"Expected a file name ending in .glb, got {path.name}; rename it.")
    return write_file(path, encode_glb(items))


class _Body:
    """The binary chunk as it grows, and what the document says of its parts."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: NDArray[Any], component: int, kind: str, target: int, **more: Any) -> int:
        """Append `array` on a four-byte boundary; its accessor's number."""
        self.content += b"\0" * (-len(self.content) % 4)
        data = np.ascontiguousarray(array).tobytes()
        self.views.append(
            {
                "buffer": 0,
                "byteOffset": len(self.content),
                "byteLength": len(data),
                "target": target,
            }
        )
        self.content += data
        accessor = {"bufferView": len(self.views) - 1, "componentType": component, "type": kind}
        self.accessors.append({**accessor, "count": len(array), **more})
        return len(self.accessors) - 1


def _primitive(body: _Body, item: SceneMesh, number: int) -> dict[str, Any]:
    points = item.surface.points.astype("<f4")
    ends = {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
    normals = np.asarray(item.surface.mesh.point_data["Normals"], dtype=np.float64)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    attributes = {
        "POSITION": body.add(points, _FLOAT, "VEC3", _VERTICES, **ends),
        "NORMAL": body.add(normals.astype("<f4"), _FLOAT, "VEC3", _VERTICES),
    }
    if item.vertex_colours is not None:
        linear = np.rint(255 * _linear(item.vertex_colours / 255)).astype(np.uint8)
        opaque = np.pad(linear, ((0, 0), (0, 1)), constant_values=255)  # four bytes a vertex
        attributes["COLOR_0"] = body.add(opaque, _UINT8, "VEC4", _VERTICES, normalized=True)
    indices = item.surface.triangles.astype("<u4").reshape(-1)
    return {
        "attributes": attributes,
        "indices": body.add(indices, _UINT32, "SCALAR", _INDICES),
        "material": number,
    }


def _material(item: SceneMesh) -> dict[str, Any]:
    # Vertex colours are multiplied by the base colour: it must be white for them.
    shown = "#ffffff" if item.vertex_colours is not None else item.colour
    red, green, blue = _linear(np.array([int(shown[i : i + 2], 16) for i in (1, 3, 5)]) / 255)
    material: dict[str, Any] = {
        "name": item.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [float(red), float(green), float(blue), float(item.opacity)],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.7,
        },
    }
    if item.opacity < 1:
        material |= {"alphaMode": "BLEND", "doubleSided": True}
    return material


def _linear(srgb: NDArray[Any]) -> NDArray[np.float64]:
    """sRGB in [0, 1] to the linear light that glTF wants (IEC 61966-2-1)."""
    values = np.asarray(srgb, dtype=np.float64)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _container(text: bytes, body: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

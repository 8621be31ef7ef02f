"""A triangle surface as bytes: STL (binary), PLY (binary), OBJ. Coordinates are mm in RAS+."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["ENCODERS", "Encoder"]

Encoder: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.int64]], bytes]


def _stl(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> bytes:
    corners = points[triangles]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-12)
    record = np.zeros(len(triangles), dtype=[("vectors", "<f4", (4, 3)), ("attribute", "<u2")])
    record["vectors"][:, 0] = face
    record["vectors"][:, 1:] = corners
    header = b"breastwidget surface; mm; SPACE=RAS".ljust(80)
    return header + struct.pack("<I", len(triangles)) + record.tobytes()


def _ply(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> bytes:
    header = (
        "ply\nformat binary_little_endian 1.0\ncomment breastwidget surface; mm; SPACE=RAS\n"
        f"element vertex {len(points)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(triangles)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    faces = np.zeros(len(triangles), dtype=[("count", "u1"), ("corners", "<i4", (3,))])
    faces["count"] = 3
    faces["corners"] = triangles
    return header.encode() + points.astype("<f4").tobytes() + faces.tobytes()


def _obj(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> bytes:
    lines = ["# breastwidget surface; mm; SPACE=RAS"]
    lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points]
    lines += [f"f {a} {b} {c}" for a, b, c in triangles + 1]
    return ("\n".join(lines) + "\n").encode()


ENCODERS: dict[str, Encoder] = {".stl": _stl, ".ply": _ply, ".obj": _obj}
"""Bytes from points (n, 3) and triangles (m, 3), by suffix."""

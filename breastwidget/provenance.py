"""Provenance: everything that is needed to make a segmentation again, as plain JSON values."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import platform
import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget._version import __version__
from breastwidget.engines.base import EngineInfo
from breastwidget.errors import PromptError
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt, Prompt
from breastwidget.strategies import Extent
from breastwidget.volume import SliceStack, Source

__all__ = ["FORMAT", "Correction", "Provenance", "lesion_from_json", "mask_digest", "pack_mask"]

FORMAT = "breastwidget session 1"
_RECORDED = (
    *("numpy", "torch", "sam2", "nibabel", "pydicom"),
    *("pynrrd", "scipy", "scikit-image", "monai"),
)


@dataclass(frozen=True, eq=False)
class Correction:
    """A propagation that began again on slice `corrected`, with the lesion's prompts as then."""

    corrected: int
    lesion: Lesion


@dataclass(frozen=True, eq=False)
class Provenance:
    """What a segmentation was made from and with.

    `lesion` has the prompts of the first propagation; `corrections` came after it, in this order.
    `extent` is what was asked for, None where it was automatic.
    """

    source: Source
    plane: str
    lesion: Lesion
    strategy: str
    extent: Extent | None
    engine: EngineInfo
    corrections: tuple[Correction, ...] = ()

    @property
    def last_lesion(self) -> Lesion:
        """The lesion with all its prompts, corrections among them."""
        return self.corrections[-1].lesion if self.corrections else self.lesion

    def corrected(self, corrected: int, lesion: Lesion) -> Provenance:
        """This provenance with one more correction."""
        return replace(self, corrections=(*self.corrections, Correction(corrected, lesion)))

    @classmethod
    def of(
        cls,
        stack: SliceStack,
        lesion: Lesion,
        strategy: str,
        extent: Extent | None,
        engine: EngineInfo,
    ) -> Provenance:
        """The provenance of a propagation over `stack`."""
        return cls(stack.volume.source, stack.plane.value, lesion, strategy, extent, engine)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, with the versions of what computed it and the time in UTC."""
        return {
            "format": FORMAT,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "breastwidget": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "dependencies": _versions(),
            "source": {
                "files": list(self.source.files),
                "sha256": self.source.sha256,
                "phase": self.source.phase,
                "subtraction": self.source.subtraction,
            },
            "plane": self.plane,
            "lesion": _lesion_to_json(self.lesion),
            "corrections": [
                {"corrected": each.corrected, "lesion": _lesion_to_json(each.lesion)}
                for each in self.corrections
            ],
            "strategy": self.strategy,
            "extent": None if self.extent is None else [self.extent.first, self.extent.last],
            "engine": {
                "name": self.engine.name,
                "sha256": self.engine.sha256,
                "settings": dict(self.engine.settings),
            },
        }


def mask_digest(mask: NDArray[np.bool_]) -> str:
    """SHA-256 of a mask's shape and bits in C order: equal digests mean bit-identical masks."""
    digest = hashlib.sha256(repr(mask.shape).encode())
    digest.update(np.packbits(np.ascontiguousarray(mask, dtype=bool)).tobytes())
    return digest.hexdigest()


def pack_mask(mask: NDArray[np.bool_]) -> str:
    """A (rows, columns) mask as text: its bits by rows, zlib, base64."""
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes())).decode()


def lesion_from_json(record: dict[str, Any]) -> Lesion:
    """The lesion that `Provenance.to_json` wrote."""
    prompts = tuple(_prompt_from_json(prompt) for prompt in record["prompts"])
    return Lesion(prompts, record["name"])


def _lesion_to_json(lesion: Lesion) -> dict[str, Any]:
    prompts = [_prompt_to_json(prompt) for prompt in lesion.prompts]
    return {"name": lesion.name, "prompts": prompts}


def _versions() -> dict[str, str]:
    versions = {}
    for name in _RECORDED:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _prompt_to_json(prompt: Prompt) -> dict[str, Any]:
    if isinstance(prompt, BoxPrompt):
        corners = [prompt.x0, prompt.y0, prompt.x1, prompt.y1]
        return {"kind": "box", "slice": prompt.slice, "x0y0x1y1": corners}
    if isinstance(prompt, PointPrompt):
        point = [prompt.x, prompt.y]
        return {"kind": "point", "slice": prompt.slice, "xy": point, "positive": prompt.positive}
    return {
        "kind": "mask",
        "slice": prompt.slice,
        "rows_columns": list(prompt.mask.shape),
        "bits_zlib_base64": pack_mask(prompt.mask),
    }


def _prompt_from_json(record: dict[str, Any]) -> Prompt:
    kind, index = record["kind"], int(record["slice"])
    if kind == "box":
        return BoxPrompt(index, *map(float, record["x0y0x1y1"]))
    if kind == "point":
        x, y = map(float, record["xy"])
        return PointPrompt(index, x, y, bool(record["positive"]))
    if kind == "mask":
        rows, columns = record["rows_columns"]
        packed = zlib.decompress(base64.b64decode(record["bits_zlib_base64"]))
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows * columns)
        return MaskPrompt(index, bits.reshape(rows, columns).astype(bool))
    raise PromptError(f"Unknown kind of prompt {kind!r}; expected box, point or mask.")

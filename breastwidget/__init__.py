"""breastwidget: one box on one slice of a breast MRI, carried through the volume by SAM 2.

    import breastwidget as bw
    volume = bw.load("NACT_06/", subtraction=1)
    result = bw.segment(volume, bw.BoxPrompt(slice=31, x0=60, y0=70, x1=110, y1=120))
    result.volume_ml, result.longest_diameter_mm

Names are loaded when first used: `import breastwidget` loads neither torch nor VTK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from breastwidget._version import __version__

if TYPE_CHECKING:
    from breastwidget.api import Segmenter, load, load_reference, replay, score, segment
    from breastwidget.app import TumorSegmenter
    from breastwidget.errors import BreastWidgetError
    from breastwidget.phantom import make_phantom
    from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt
    from breastwidget.segmentation import Segmentation
    from breastwidget.strategies import STRATEGIES, Extent
    from breastwidget.volume import Plane, SliceStack, Volume

_HOMES = {
    "BoxPrompt": "prompts",
    "BreastWidgetError": "errors",
    "Extent": "strategies",
    "Lesion": "prompts",
    "MaskPrompt": "prompts",
    "Plane": "volume",
    "PointPrompt": "prompts",
    "STRATEGIES": "strategies",
    "Segmentation": "segmentation",
    "Segmenter": "api",
    "SliceStack": "volume",
    "TumorSegmenter": "app",
    "Volume": "volume",
    "load": "api",
    "load_reference": "api",
    "make_phantom": "phantom",
    "replay": "api",
    "score": "api",
    "segment": "api",
}

__all__ = [
    "STRATEGIES",
    "BoxPrompt",
    "BreastWidgetError",
    "Extent",
    "Lesion",
    "MaskPrompt",
    "Plane",
    "PointPrompt",
    "Segmentation",
    "Segmenter",
    "SliceStack",
    "TumorSegmenter",
    "Volume",
    "__version__",
    "load",
    "load_reference",
    "make_phantom",
    "replay",
    "score",
    "segment",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"breastwidget.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'breastwidget' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

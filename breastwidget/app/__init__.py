"""The interactive app. The only room that imports ipywidgets, ipyevents, anywidget or IPython."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from breastwidget.app.app import TumorSegmenter

__all__ = ["TumorSegmenter"]


def __getattr__(name: str) -> Any:
    # Loaded when it is used: the app's pure modules do without the widget libraries.
    if name != "TumorSegmenter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from breastwidget.app.app import TumorSegmenter

    return TumorSegmenter

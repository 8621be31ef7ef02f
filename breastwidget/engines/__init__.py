"""Engines turn prompts and slices into masks; importing this loads neither torch nor sam2."""

from breastwidget.engines.base import Engine, EngineInfo, EngineSession, SliceResult
from breastwidget.engines.checkpoints import EngineRow, find_checkpoint
from breastwidget.engines.factory import create_engine, list_engines

__all__ = [
    "Engine",
    "EngineInfo",
    "EngineRow",
    "EngineSession",
    "SliceResult",
    "create_engine",
    "find_checkpoint",
    "list_engines",
]

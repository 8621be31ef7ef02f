"""The one call that turns a name or a path into an engine."""

from __future__ import annotations

from pathlib import Path

from breastwidget.engines.base import Engine
from breastwidget.engines.checkpoints import Checkpoint, find_checkpoint

__all__ = ["create_engine"]


def create_engine(
    name_or_path: str | Path | Checkpoint = "nano",
    *,
    precision: str = "float32",
    attention: str = "exact",
    cache_bytes: int = 2 * 2**30,
    device: str | None = None,
) -> Engine:
    """Load an engine by name, or from a file of weights (`find_checkpoint`, `Sam2Engine`).

    torch and sam2 are imported here, not before. Raises `CheckpointError` for a checkpoint that
    is unknown, missing, unsafe or of another architecture, `DependencyError` without sam2.
    """
    checkpoint = (
        name_or_path if isinstance(name_or_path, Checkpoint) else find_checkpoint(name_or_path)
    )
    from breastwidget.engines.sam2 import Sam2Engine

    return Sam2Engine(
        checkpoint,
        precision=precision,
        attention=attention,
        cache_bytes=cache_bytes,
        device=device,
    )

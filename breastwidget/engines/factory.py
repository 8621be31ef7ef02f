"""The one call that turns a name or a path into an engine, and the list of names."""

from __future__ import annotations

from pathlib import Path

from breastwidget.engines import checkpoints
from breastwidget.engines.base import Engine
from breastwidget.engines.catalogue import BASELINES
from breastwidget.engines.checkpoints import Checkpoint, EngineRow, find_checkpoint

__all__ = ["create_engine", "list_engines"]


def create_engine(
    name_or_path: str | Path | Checkpoint = "nano",
    *,
    precision: str = "float32",
    attention: str = "exact",
    cache_bytes: int = 2 * 2**30,
    device: str | None = None,
) -> Engine:
    """Load an engine by name, or from a file of weights (`find_checkpoint`, `Sam2Engine`).

    A baseline (otsu, random-walker) has no use for the settings and imports neither torch nor
    sam2; for a checkpoint they are imported here, not before. Raises `CheckpointError` for an
    engine that is unknown or a checkpoint that is missing, unsafe or of another architecture,
    `DependencyError` without sam2.
    """
    if any(entry.name == str(name_or_path) for entry in BASELINES):
        from breastwidget.engines.baselines import create_baseline

        return create_baseline(str(name_or_path))
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


def list_engines(cache_dir: Path | None = None) -> tuple[EngineRow, ...]:
    """Every engine known by name: the checkpoints, then the baselines; asks no network."""
    baselines = (
        EngineRow(entry.name, True, 0, 0, entry.licence, entry.summary) for entry in BASELINES
    )
    return (*checkpoints.list_engines(cache_dir), *baselines)

"""Loads the slow libraries while a person is still looking for the tumour."""

from __future__ import annotations

import contextlib
import importlib
import threading

__all__ = ["start_warm_up"]

# Seconds each on a small machine. MONAI is needed for scores only, so it comes last.
_ENGINE = ("torch", "pyvista")
_SCORES = ("monai.metrics",)


def start_warm_up(with_scores: bool) -> threading.Thread:
    """Import what the first box, surface and table will need, in a thread of its own.

    A library that is missing is reported by whatever needs it, not here.
    """
    names = _ENGINE + (_SCORES if with_scores else ())
    thread = threading.Thread(target=_load, args=(names,), name="breastwidget-warm-up", daemon=True)
    thread.start()
    return thread


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        with contextlib.suppress(ImportError, OSError):
            importlib.import_module(name)

"""A Markdown table, and where it was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

__all__ = ["machine", "markdown"]


def markdown(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A titled table with one line for each of `rows`."""
    lines = [f"### {title}", "", " | ".join(header), " | ".join("---" for _ in header)]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]
    table = [f"| {line} |" if index > 1 else line for index, line in enumerate(lines)]
    return "\n".join(table) + "\n"


def machine() -> str:
    """The processor, its matrix extensions and what torch makes of it, in one line."""
    import torch

    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = {line.split(":")[1].strip() for line in info.splitlines() if "model name" in line}
    amx = "with AMX" if "amx_tile" in info else "without AMX"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{', '.join(models) or platform.processor()} ({amx}), {os.cpu_count()} cores{load}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads"
    )

"""Writing without half-written leftovers: beside the target first, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from breastwidget.errors import OutputError

__all__ = ["check_new_folder", "new_folder", "write_file"]


def check_new_folder(folder: str | Path) -> Path:
    """Return `folder` as a path; raise `OutputError` if something of that name is there already."""
    path = Path(folder)
    if path.exists():
        raise OutputError(f"{path} exists already; choose a new folder, or move the old one away.")
    return path


@contextmanager
def new_folder(folder: str | Path) -> Iterator[Path]:
    """A folder to write into that appears as `folder` only if the block ends well.

    Raises `OutputError` if `folder` exists or cannot be written (disk full, no permission); then
    nothing of it is left behind.
    """
    path = check_new_folder(folder)
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        beside.chmod(0o755)  # mkdtemp makes it private; a result folder is not
        yield beside
        beside.rename(path)
    except OSError as error:
        raise OutputError(
            f"Could not write {path}: {error.strerror or error}. Free some space or choose another "
            "folder; nothing was left behind."
        ) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def write_file(path: str | Path, content: bytes) -> Path:
    """Write `content`; a reader sees the old file or the whole new one.

    Raises `OutputError` where it cannot be written; then nothing is left behind.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(
            f"Could not write {path}: {error.strerror or error}. Free some space or choose another "
            "place; nothing was left behind."
        ) from error
    return path

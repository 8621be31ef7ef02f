"""Keeps the document on disk after each edit, for when the kernel or the browser is gone.

One file for each scan. What an earlier session left is moved aside when the scan is opened, so
that a new session's edits don't overwrite it before a person has said whether to take it back.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import logging
import os
import tempfile
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from breastwidget.app.document import Document
from breastwidget.app.document_json import DocumentReader, DocumentWriter
from breastwidget.app.model import Image
from breastwidget.errors import BreastWidgetError, OutputError

__all__ = ["FORMAT", "Autosave", "default_folder", "fingerprint"]

FORMAT = "breastwidget autosave 1"
_log = logging.getLogger(__name__)
_SAMPLES = 1_000_000
_Read = TypeVar("_Read")
# What comes of a file that is damaged, of another version, or of another scan.
_UNREADABLE = (
    *(OSError, EOFError, zlib.error, BreastWidgetError),
    *(KeyError, IndexError, TypeError, ValueError, AttributeError),
)


def default_folder() -> Path:
    """Where autosaved documents are kept: below `XDG_CACHE_HOME`, by default `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return cache / "breastwidget" / "autosave"


def fingerprint(images: Sequence[Image]) -> str:
    """SHA-256 that tells one scan from another: of its files, or of a million of its voxels."""
    digest = hashlib.sha256()
    for image in images:
        volume, source = image.volume, image.volume.source
        about = [image.label, volume.shape, volume.data.dtype.str, volume.affine.round(6).tolist()]
        about += [source.sha256, source.phase, source.subtraction]
        digest.update(repr(about).encode())
        if not source.sha256:
            voxels = volume.data.reshape(-1)[:: max(1, volume.data.size // _SAMPLES)]
            digest.update(np.ascontiguousarray(voxels).tobytes())
    return digest.hexdigest()


class Autosave:
    """Saves the documents of one scan in `folder`; with None, nothing is kept.

    `report` gets a sentence when saving fails, once. `executor` writes the files, one at a time; a
    thread of its own unless given.
    """

    def __init__(
        self,
        folder: Path | None,
        images: Sequence[Image],
        report: Callable[[str], object],
        executor: Executor | None = None,
    ) -> None:
        self._report = report
        self._executor = executor
        self._writer = DocumentWriter()
        self._lock = threading.Lock()
        self._latest: Document | None = None
        self._failed = False
        self._closed = False
        name = fingerprint(images) if folder is not None else ""
        self._path = None if folder is None else folder / f"{name}.json.gz"
        self._earlier = None if folder is None else folder / f"{name}.earlier.json.gz"
        self._set_earlier_aside()

    @property
    def path(self) -> Path | None:
        """The file that this session writes."""
        return self._path

    def save(self, document: Document) -> None:
        """Write `document` soon; one without lesions is not worth a file."""
        if self._path is None or not document.lesions:
            return
        with self._lock:
            if self._closed:
                return
            waiting = self._latest is not None
            self._latest = document
            if self._executor is None:
                self._executor = ThreadPoolExecutor(1, thread_name_prefix="breastwidget-autosave")
            executor = self._executor
        if not waiting:
            executor.submit(self._write)

    def describe(self) -> str:
        """What an earlier session left, in words; empty where there is nothing.

        A file that cannot be read is renamed, and reported.
        """
        try:
            return self._read(_described) or ""
        except OutputError as error:
            self._report(str(error))
            return ""

    def load(self, images: Sequence[Image]) -> Document | None:
        """What an earlier session left; None where there is nothing.

        Raises `OutputError` for a file that cannot be read, which is then renamed.
        """
        reader = DocumentReader(images)
        return self._read(lambda record: reader.read(record["document"]))

    def discard(self) -> None:
        """Delete what an earlier session left."""
        if self._earlier is not None:
            with contextlib.suppress(OSError):
                self._earlier.unlink(missing_ok=True)

    def close(self) -> None:
        """Write what is waiting, and no more after it."""
        with self._lock:
            self._closed = True
        if self._executor is not None:
            self._executor.shutdown(wait=True)

    def _set_earlier_aside(self) -> None:
        if self._path is not None and self._earlier is not None:
            with contextlib.suppress(FileNotFoundError, OSError):
                os.replace(self._path, self._earlier)

    def _read(self, understand: Callable[[dict[str, Any]], _Read]) -> _Read | None:
        if self._earlier is None or not self._earlier.is_file():
            return None
        try:
            record = json.loads(gzip.decompress(self._earlier.read_bytes()))
            if record["format"] != FORMAT:
                raise ValueError(f"its format is {record['format']!r}, expected {FORMAT!r}")
            return understand(record)
        except _UNREADABLE as error:
            aside = self._earlier.with_suffix(".unreadable")
            with contextlib.suppress(OSError):
                os.replace(self._earlier, aside)
            _log.warning("an autosaved file could not be read", exc_info=error)
            raise OutputError(
                f"What was saved for this scan could not be read ({error}); it is kept as {aside}."
            ) from error

    def _write(self) -> None:
        with self._lock:
            document, self._latest = self._latest, None
        if document is None or self._path is None:
            return
        try:
            self._write_file(self._path, document)
        except Exception as error:
            _log.exception("autosave failed")
            if not self._failed:
                self._failed = True
                reason = error.strerror if isinstance(error, OSError) else error
                self._report(
                    f"Your work could not be autosaved in {self._path.parent} ({reason}); export "
                    "it before you close the notebook."
                )

    def _write_file(self, path: Path, document: Document) -> None:
        record = {
            "format": FORMAT,
            "saved": datetime.now().astimezone().isoformat(timespec="seconds"),
            "document": self._writer.write(document),
        }
        # Drawn on patients: nobody else's business on a shared machine.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        try:
            with os.fdopen(handle, "wb") as file:
                # Masks are compressed already; the rest is small.
                file.write(gzip.compress(json.dumps(record).encode(), 1))
            os.replace(beside, path)
        finally:
            Path(beside).unlink(missing_ok=True)


def _described(record: dict[str, Any]) -> str:
    lesions = record["document"]["lesions"]
    runs = sum(len(each["runs"]) for each in lesions)
    when = datetime.fromisoformat(record["saved"])
    return (
        f"{len(lesions)} lesion{'' if len(lesions) == 1 else 's'} with {runs} "
        f"result{'' if runs == 1 else 's'}, of {when:%d %B %Y, %H:%M}"
    )

"""Image features, kept as long as they fit."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import torch

__all__ = ["FeatureCache", "Features"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Features:
    """What the image encoder made of one slice: maps of shape (rows x columns, 1, channels).

    Finest level first, as SAM 2's tracking step takes them.
    """

    maps: tuple[torch.Tensor, ...]

    @property
    def nbytes(self) -> int:
        """Bytes that the maps occupy."""
        return sum(level.numel() * level.element_size() for level in self.maps)


class FeatureCache:
    """Features by key; the least recently used go when they exceed `limit_bytes`.

    The newest entry always stays, whatever its size. The first eviction is logged as a warning:
    from then on slices may be encoded again.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[Hashable, Features] = OrderedDict()
        self._bytes = 0
        self._warned = False

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def get(self, key: Hashable) -> Features | None:
        """The features under `key`, or None."""
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: Hashable, features: Features) -> None:
        """Keep `features` under `key`, and drop the oldest ones that no longer fit."""
        if key in self._entries:
            self._bytes -= self._entries.pop(key).nbytes
        self._entries[key] = features
        self._bytes += features.nbytes
        while self._bytes > self._limit_bytes and len(self._entries) > 1:
            _, dropped = self._entries.popitem(last=False)
            self._bytes -= dropped.nbytes
            self._warn(len(self._entries))

    def _warn(self, kept: int) -> None:
        if not self._warned:
            self._warned = True
            _log.warning(
                "The feature cache is full: %d slices fit in its %.0f MiB, and slices dropped from "
                "it will be encoded again. Give the engine a larger cache_bytes to avoid that.",
                kept,
                self._limit_bytes / 2**20,
            )

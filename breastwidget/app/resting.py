"""For what is too slow to follow a hand: done once the hand rests."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Resting"]


class Resting:
    """Calls `act`, on a thread of its own, once `disturb` was not called for `seconds`."""

    def __init__(self, seconds: float, act: Callable[[], object]) -> None:
        self._seconds = seconds
        self._act = act
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def disturb(self) -> None:
        """Begin to wait anew."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(self._seconds, self._act)
            self._timer.daemon = True
            self._timer.start()

    def stop(self) -> None:
        """Wait no longer."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

"""Observers that cannot harm what they observe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Guarded"]


@dataclass(frozen=True)
class Guarded:
    """An observer of traits whose failure is its own: `complain` hears of it, with the trait's name
    and the error, and nobody else. Equal to another one of the same `handler`."""

    handler: Callable[[Any], object]
    complain: Callable[[str, Exception], None] = field(compare=False)

    def __call__(self, change: Any) -> None:
        try:
            self.handler(change)
        except Exception as error:
            self.complain(change["name"], error)

"""One engine, and a session for each image and plane, opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable

from breastwidget.app.model import AppModel, Status
from breastwidget.engines.base import Engine, EngineInfo, EngineSession
from breastwidget.volume import SliceStack

__all__ = ["SessionRoom"]


class SessionRoom:
    """Holds the engine and its sessions; for the worker's thread only.

    `make_engine` may take seconds (it loads a checkpoint), so the status line says so meanwhile.
    After a failure the next call tries again.
    """

    def __init__(self, model: AppModel, make_engine: Callable[[], Engine]) -> None:
        self._model = model
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._sessions: dict[SliceStack, EngineSession] = {}

    def session(self, stack: SliceStack) -> EngineSession:
        """The session on `stack`, one of the model's; opened by the first call."""
        if stack not in self._sessions:
            self._sessions[stack] = self._opened().open(stack)
        return self._sessions[stack]

    def info(self) -> EngineInfo:
        """What identifies the engine."""
        return self._opened().info

    def _opened(self) -> Engine:
        if self._engine is None:
            self._model.update(status=Status("Loading the engine…", "busy"))
            self._engine = self._make_engine()
            self._model.update(engine_label=_label(self._engine.info))
        return self._engine


def _label(info: EngineInfo) -> str:
    return f"{info.name} ({info.sha256[:8]})" if info.sha256 else info.name

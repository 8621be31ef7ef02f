"""Opens the engine on the stack when it is first needed, once."""

from __future__ import annotations

from collections.abc import Callable

from breastwidget.app.model import AppModel, Status
from breastwidget.engines.base import Engine, EngineInfo, EngineSession

__all__ = ["SessionRoom"]


class SessionRoom:
    """Holds the engine's session on the model's stack; for the worker's thread only.

    `make_engine` may take seconds (it loads a checkpoint), so the status line says so meanwhile.
    After a failure the next call tries again.
    """

    def __init__(self, model: AppModel, make_engine: Callable[[], Engine]) -> None:
        self._model = model
        self._make_engine = make_engine
        self._opened: tuple[EngineInfo, EngineSession] | None = None

    def session(self) -> EngineSession:
        """The session, opened by the first call."""
        return self._open()[1]

    def info(self) -> EngineInfo:
        """What identifies the engine."""
        return self._open()[0]

    def _open(self) -> tuple[EngineInfo, EngineSession]:
        if self._opened is None:
            self._model.update(status=Status("Loading the engine…", "busy"))
            engine = self._make_engine()
            self._opened = engine.info, engine.open(self._model.stack)
            self._model.update(engine_label=_label(engine.info))
        return self._opened


def _label(info: EngineInfo) -> str:
    return f"{info.name} ({info.sha256[:8]})" if info.sha256 else info.name

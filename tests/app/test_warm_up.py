"""Loading slow libraries ahead of time."""

from __future__ import annotations

import pytest

from breastwidget.app import warm_up


def test_a_missing_library_is_left_to_whoever_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load(name: str) -> None:
        if name == "torch":
            raise ImportError(name)
        loaded.append(name)

    monkeypatch.setattr(warm_up.importlib, "import_module", load)
    warm_up.start_warm_up(with_scores=False).join(10)
    assert loaded == ["pyvista"]
    warm_up.start_warm_up(with_scores=True).join(10)
    assert loaded == ["pyvista", "pyvista", "monai.metrics"]

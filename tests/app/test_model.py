"""The model: changes that hold together, whatever its observers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from app_fakes import BOX, active
from traitlets import TraitError

from breastwidget.app.controller import Controller
from breastwidget.app.model import AppModel, Cursor, Look, Status, Window


def fail(_change: object) -> None:
    raise RuntimeError("no such element")


def test_a_view_that_fails_keeps_nobody_from_the_change(
    model: AppModel, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    model.observe(fail, ["cursor"])
    model.observe(lambda change: seen.append(change.name), ["cursor", "look", "status"])
    model.update(cursor=Cursor(1, 2, 3), look=Look("fill"), status=Status("Moved."))
    assert (model.cursor, model.look) == (Cursor(1, 2, 3), Look("fill"))
    assert set(seen) == {"cursor", "look", "status"}
    assert model.status.level == "error"
    assert "no such element" in model.status.text
    assert "a view failed to show the new cursor" in caplog.text
    caplog.clear()


def test_a_status_line_that_fails_is_only_logged(
    model: AppModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.observe(fail, ["status"])
    model.update(status=Status("Moved."))
    assert model.status == Status("Moved.")
    assert "a view failed to show the new status" in caplog.text
    caplog.clear()


def test_the_worker_outlives_a_view_that_fails(
    make_controller: Callable[..., Controller], model: AppModel, caplog: pytest.LogCaptureFixture
) -> None:
    controller = make_controller()
    controller.set_box(BOX)
    model.observe(fail, ["live", "progress", "document"])
    future = controller.propagate()
    assert future.exception() is None
    assert not model.progress.running
    assert model.live is None
    assert len(active(model).runs) == 1
    model.unobserve(fail, ["live", "progress", "document"])
    caplog.clear()
    controller.propagate()
    assert len(active(model).runs) == 2
    assert model.status.level == "info"


def test_a_value_of_a_wrong_type_changes_nothing(model: AppModel) -> None:
    before = model.cursor, model.window
    seen: list[object] = []
    model.observe(seen.append, ["cursor", "window"])
    with pytest.raises(TraitError):
        model.update(cursor=Cursor(1, 1, 1), window=(0.0, 1.0))
    assert (model.cursor, model.window) == before
    assert seen == []
    model.update(window=Window(0.0, 1.0))
    assert len(seen) == 1


def test_who_no_longer_observes_hears_nothing(model: AppModel) -> None:
    seen: list[object] = []
    model.observe(seen.append, ["cursor"])
    model.unobserve(seen.append, ["cursor"])
    model.update(cursor=Cursor(1, 1, 1))
    assert seen == []

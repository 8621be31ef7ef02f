"""Widgets whose front end hears by another model, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import Mock, create_autospec

import pytest

from breastwidget.app.ear import Hearing
from breastwidget.app.hand import Gestures, Hand
from breastwidget.app.surface_frame import SurfaceFrame


def a_hand() -> Hand:
    return Hand(create_autospec(Gestures, instance=True), {"plane": "axial"})  # type: ignore[typeddict-item]


def test_the_ear_hears_what_the_hand_is_told() -> None:
    hand = a_hand()
    assert hand.ear.state == hand.state == {"plane": "axial"}
    hand.state = {"plane": "coronal"}
    assert hand.ear.state == {"plane": "coronal"}


def test_the_ear_hears_of_the_scene() -> None:
    frame = SurfaceFrame()
    assert (frame.ear.page, frame.ear.data, frame.ear.plane) == ("", b"", None)
    frame.show(b"zip")
    assert (frame.ear.page, frame.ear.data) == (frame.page, b"zip")
    frame.plane = {"offset": [0, 0, 1]}
    assert frame.ear.plane == {"offset": [0, 0, 1]}
    frame.hide_plane()
    assert frame.ear.plane is None


def test_messages_go_to_the_ear(monkeypatch: pytest.MonkeyPatch) -> None:
    hand, heard = a_hand(), Mock()
    monkeypatch.setattr(hand.ear, "send", heard)
    hand.send({"kind": "answer"})
    heard.assert_called_once_with({"kind": "answer"}, None)


@pytest.mark.parametrize("make", [a_hand, SurfaceFrame])
def test_nothing_that_changes_is_synced_by_the_widget_itself(make: Callable[[], Hearing]) -> None:
    """A deaf one would not hear it."""
    widget = make()
    heard = {name for name in widget.ear.traits(sync=True) if not name.startswith("_")}
    assert heard
    assert heard.isdisjoint(widget.traits(sync=True))


def test_closing_a_widget_closes_its_ear() -> None:
    frame = SurfaceFrame()
    frame.close()
    assert frame.comm is None
    assert frame.ear.comm is None

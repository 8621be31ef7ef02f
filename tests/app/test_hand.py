"""The hand's messages, without a browser."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, create_autospec

import pytest

from breastwidget.app.hand import KEYS, Gestures, Hand, HandState


def state(**changes: Any) -> HandState:
    values: dict[str, Any] = {"plane": "axial", "slice": 6, "columns": 32, "rows": 24}
    return HandState(**{**values, **changes})  # type: ignore[typeddict-item]


@pytest.fixture
def gestures() -> Mock:
    made: Mock = create_autospec(Gestures, instance=True)
    made.stepped.return_value = None
    return made


@pytest.fixture
def hand(gestures: Mock, monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand(gestures, state())
    monkeypatch.setattr(made, "send", Mock())
    return made


def receive(hand: Hand, **message: Any) -> None:
    hand.receive(hand, {"plane": "axial", "number": "a-1", **message}, None)


@pytest.mark.parametrize(
    ("message", "method", "arguments"),
    [
        ({"kind": "box", "slice": 6, "box": [1, 2, 3, 4.5]}, "boxed", (6, (1.0, 2.0, 3.0, 4.5))),
        (
            {"kind": "point", "slice": 5, "at": [1, 2.5], "positive": False},
            "pointed",
            (5, (1.0, 2.5), False),
        ),
        (
            {"kind": "stroke", "slice": 6, "path": [[1, 2], [3, 4]], "erase": True},
            "stroked",
            (6, [(1.0, 2.0), (3.0, 4.0)], True),
        ),
        ({"kind": "remove", "slice": 6, "at": [1, 2], "reach": 3}, "removed", (6, (1.0, 2.0), 3.0)),
        ({"kind": "accept", "slice": 6, "at": [1, 2]}, "accepted", (6, (1.0, 2.0))),
        ({"kind": "cursor", "slice": 6, "at": [1, 2]}, "aimed", (6, (1.0, 2.0))),
        ({"kind": "step", "by": -5}, "stepped", (-5, None)),
        ({"kind": "window", "wider": 0.1, "brighter": -1}, "windowed", (0.1, -1.0)),
        ({"kind": "zoomed", "zoomed": True}, "zoomed", (True,)),
        ({"kind": "tool", "tool": "paint"}, "took", ("paint",)),
        ({"kind": "command", "name": "undo"}, "commanded", ("undo",)),
    ],
)
def test_each_message_is_one_gesture_and_is_answered(
    hand: Hand, gestures: Mock, message: dict[str, Any], method: str, arguments: tuple[Any, ...]
) -> None:
    receive(hand, **message)
    assert [(call[0], call.args) for call in gestures.method_calls] == [(method, arguments)]
    hand.send.assert_called_once_with({"kind": "answer", "number": "a-1", "reply": None})


def test_a_probe_is_answered_with_the_place_in_words(hand: Hand, gestures: Mock) -> None:
    gestures.probed.return_value = ("voxel", "mm")
    receive(hand, kind="probe", slice=6, at=[1, 2])
    hand.send.assert_called_once_with({"kind": "answer", "number": "a-1", "reply": ["voxel", "mm"]})


def test_a_step_is_answered_with_what_lies_under_the_pointer_then(
    hand: Hand, gestures: Mock
) -> None:
    gestures.stepped.return_value = ("voxel", "mm")
    receive(hand, kind="step", by=2, at=[1, 2.5])
    gestures.stepped.assert_called_once_with(2, (1.0, 2.5))
    hand.send.assert_called_once_with({"kind": "answer", "number": "a-1", "reply": ["voxel", "mm"]})


def test_a_nudge_is_no_gesture_and_needs_no_answer(hand: Hand, gestures: Mock) -> None:
    receive(hand, kind="nudge")
    assert gestures.method_calls == []
    hand.send.assert_not_called()


def test_a_failing_gesture_is_answered_too(hand: Hand, gestures: Mock) -> None:
    """Else the front end would wait, and the next drag with it."""
    gestures.stepped.side_effect = RuntimeError
    with pytest.raises(RuntimeError):
        receive(hand, kind="step", by=1)
    hand.send.assert_called_once()


def test_a_message_about_another_plane_comes_too_late(hand: Hand, gestures: Mock) -> None:
    receive(hand, kind="step", by=1, plane="coronal")
    receive(hand, kind="cursor", slice=6, at=[1, 2], plane="coronal")
    assert gestures.method_calls == []
    assert hand.send.call_count == 2
    receive(hand, kind="tool", tool="paint", plane="coronal")  # this is about no plane
    gestures.took.assert_called_once_with("paint")


def test_a_point_that_is_none_is_refused(hand: Hand, gestures: Mock) -> None:
    with pytest.raises(ValueError, match="point of the picture"):
        receive(hand, kind="cursor", slice=6, at=[float("nan"), 2])
    assert gestures.method_calls == []


def test_an_equal_state_is_not_sent_again(hand: Hand) -> None:
    changes: list[object] = []
    hand.observe(changes.append, "state")
    hand.state = dict(state())
    hand.state = dict(state(slice=7))
    assert len(changes) == 1


def test_every_key_is_documented_once() -> None:
    assert len({keys for keys, _ in KEYS}) == len(KEYS)

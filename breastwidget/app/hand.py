"""The hand: the one front-end file, and what it tells the kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypedDict

from traitlets import Dict, List

from breastwidget.app.ear import Hearing, StateEar
from breastwidget.app.intents import Point

__all__ = ["KEYS", "Gestures", "Hand", "HandState"]

_HERE = Path(__file__).parent

KEYS = (
    ("↑ ↓ Page Home End, wheel", "change the slice"),
    ("Shift + arrows, Ctrl: by ten", "move the crosshair, as Shift + drag or a click does"),
    ("b  p  n", "tools: box, point, negative point (Alt + click is the other one)"),
    ("m  e", "tools: paint a mask, erase (Alt + drag is the other one)"),
    ("[  ]", "brush smaller, larger"),
    ("w  h", "tools: window (drag right: wider, up: brighter), pan by hand"),
    ("Space", "use the tool at the crosshair; with a drag: pan"),
    ("k", "box by keys: arrows move a corner (Shift: by ten), k the other, Enter takes it"),
    ("Delete", "remove the prompt or the suggestion under the pointer, or at the crosshair"),
    ("Enter", "propagate"),
    ("s  a", "next suggested lesion; accept it, as a click into its box does"),
    ("d", "next doubtful slice"),
    ("Ctrl + Z, Ctrl + Shift + Z", "undo, redo"),
    ("+  −  0, Ctrl + wheel, pinch", "zoom in, out, reset; a double click resets, too"),
    ("Alt + arrows", "window wider, narrower, brighter, darker"),
    ("1  2  3", "axial, coronal, sagittal as the large view; 4: this one"),
    ("l  x", "contour, fill, agreement; crosshair on or off"),
    ("o, held", "hide what lies over the picture"),
    ("Esc", "drop what is being drawn; close this list"),
)
"""What each key does while a picture has the focus, as the list under "?" says it."""


class HandState(TypedDict):
    """What the hand has to know of one view, in columns and rows of its picture.

    `mm` is a pixel's width and height, `brush` the brush's diameter in mm, `box` the corners of the
    box that can be taken hold of, `offers` those of the suggestions, `cursor` the crosshair's
    point, `edges` the letters left, right, top and bottom, `readout` the crosshair in words, `note`
    how the picture was made.
    """

    plane: str
    slice: int
    slices: int
    columns: int
    rows: int
    mm: list[float]
    large: bool
    tool: str
    brush: float
    box: list[float] | None
    offers: list[list[float]]
    colour: str
    cursor: list[float]
    crosshair: bool
    edges: list[str]
    readout: list[str]
    title: str
    label: str
    note: str


class Gestures(Protocol):
    """What a person did with the hand on slice `index`; the view turns it into intents."""

    def boxed(self, index: int, corners: tuple[float, float, float, float]) -> None: ...
    def pointed(self, index: int, at: Point, positive: bool) -> None: ...
    def stroked(self, index: int, path: Sequence[Point], erase: bool) -> None: ...
    def removed(self, index: int, at: Point, reach: float) -> None: ...
    def accepted(self, index: int, at: Point) -> None: ...
    def aimed(self, index: int, at: Point) -> None: ...
    def probed(self, index: int, at: Point) -> Sequence[str]:
        """The place in words."""

    def stepped(self, by: int, at: Point | None) -> Sequence[str] | None:
        """The place that the pointer is at then, in words."""

    def windowed(self, wider: float, brighter: float) -> None: ...
    def zoomed(self, zoomed: bool) -> None: ...
    def took(self, tool: str) -> None: ...
    def commanded(self, name: str) -> None: ...


class Hand(Hearing):
    """Lies over the picture, draws what moves with the pointer, and says what was done.

    Each message is answered when it has been dealt with: the front end keeps one unanswered at a
    time and merges what comes meanwhile, so that a slow kernel lags by one step and never more.
    What was done on another plane than the one shown now comes too late and is dropped.
    """

    _esm = (_HERE / "hand.js").read_text(encoding="utf-8")
    _css = (_HERE / "hand.css").read_text(encoding="utf-8")

    state = Dict()
    key_list: Any = List().tag(sync=True)

    def __init__(self, gestures: Gestures, state: HandState) -> None:
        keys = [list(key) for key in KEYS]
        super().__init__(StateEar(), state=dict(state), key_list=keys)
        self._gestures = gestures
        self.on_msg(self.receive)

    def receive(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Handle one message of the front end, and answer it; a nudge only wakes the connection."""
        if message.get("kind") == "nudge":
            return
        reply: Sequence[str] | None = None
        try:
            about_plane = "slice" in message or message.get("kind") == "step"
            if not about_plane or message.get("plane") == self.state["plane"]:
                reply = self._dispatch(message)
        finally:
            answer = {"kind": "answer", "number": message.get("number")}
            self.send({**answer, "reply": None if reply is None else list(reply)})

    def _dispatch(self, message: dict[str, Any]) -> Sequence[str] | None:
        kind, gestures = message.get("kind"), self._gestures
        if kind == "step":
            at = message.get("at")
            return gestures.stepped(int(message["by"]), None if at is None else _point(at))
        if kind == "window":
            gestures.windowed(float(message["wider"]), float(message["brighter"]))
        elif kind == "zoomed":
            gestures.zoomed(bool(message["zoomed"]))
        elif kind == "tool":
            gestures.took(str(message["tool"]))
        elif kind == "command":
            gestures.commanded(str(message["name"]))
        else:
            return self._dispatch_place(kind, int(message["slice"]), message)
        return None

    def _dispatch_place(
        self, kind: object, index: int, message: dict[str, Any]
    ) -> Sequence[str] | None:
        gestures = self._gestures
        if kind == "box":
            x0, y0, x1, y1 = (float(value) for value in message["box"])
            gestures.boxed(index, (x0, y0, x1, y1))
        elif kind == "stroke":
            gestures.stroked(index, [_point(at) for at in message["path"]], bool(message["erase"]))
        elif kind == "point":
            gestures.pointed(index, _point(message["at"]), bool(message["positive"]))
        elif kind == "remove":
            gestures.removed(index, _point(message["at"]), float(message["reach"]))
        elif kind == "accept":
            gestures.accepted(index, _point(message["at"]))
        elif kind == "cursor":
            gestures.aimed(index, _point(message["at"]))
        elif kind == "probe":
            return gestures.probed(index, _point(message["at"]))
        return None


def _point(value: Sequence[float]) -> Point:
    x, y = (float(each) for each in value)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"expected a point of the picture, got {value}.")
    return x, y

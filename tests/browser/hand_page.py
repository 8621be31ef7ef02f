"""A page with one stage and its hand but no Jupyter: the model is a stand-in that records."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from breastwidget.app.hand import Hand
from breastwidget.app.slice_picture import SlicePicture
from breastwidget.app.slice_view import SliceView
from breastwidget.app.viewer import VIEWER_CSS

Point = tuple[float, float]

_PAGE = """<!doctype html><meta charset="utf-8">
<style>body {{ margin: 0; padding: 37px 0 0 53px; }} {css}</style>
<div class="bw-app"><div class="bw-stage" style="width: {width}px">
  <div class="bw-slice bw-zooms"></div>
  <div class="widget-html bw-zooms"><div class="widget-html-content">{overlay}</div></div>
  <div class="hand"></div>
</div></div>"""

# Answers at once, but for the kinds of messages whose answers the test holds back.
_MODEL = """async ({state, key_list, kind, pixels, sources}) => {
  const listeners = {};
  const values = {state, ear: "IPY_MODEL_ear", key_list};
  const loaded = (source) =>
    import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  window.sent = [];
  window.held = [];
  const open = new Set();
  window.settled = () => open.size === 0;
  window.answer = (number, reply) => {
    open.delete(number);
    (listeners["msg:custom"] ?? []).forEach((f) => f({kind: "answer", number, reply}));
  };
  window.set = (changes) => {
    values.state = {...values.state, ...changes};
    (listeners["change:state"] ?? []).forEach((f) => f());
  };
  const ear = {
    get: (name) => values[name],
    on: (name, f) => (listeners[name] ??= []).push(f),
    off: (name, f) => { listeners[name] = (listeners[name] ?? []).filter((each) => each !== f); },
  };
  const slots = new Set();
  const [connect, disconnect] = [(slot) => slots.add(slot), (slot) => slots.delete(slot)];
  const kernel = {iopubMessage: {connect, disconnect}};
  window.hear = (msg_type, parent) =>
    slots.forEach((slot) => slot(kernel, {header: {msg_type}, parent_header: {date: parent}}));
  const model = {
    get: (name) => values[name],
    widget_manager: { get_model: async () => ear, kernel },
    send: (message) => {
      window.sent.push(message);
      if (message.kind === "nudge") return;
      if (window.held.includes(message.kind)) return;
      open.add(message.number);
      setTimeout(() => window.answer(message.number), 0);
    },
  };
  const bytes = Uint8Array.from(atob(pixels), (each) => each.charCodeAt(0));
  const parts = {image: "IPY_MODEL_i", format: kind, value: new DataView(bytes.buffer)};
  const image = {get: (name) => parts[name], on() {}, off() {}, send() {}};
  image.widget_manager = {get_model: async () => image};
  const [picture, hand] = await Promise.all(sources.map(loaded));
  await picture.default.render({model: image, el: document.querySelector(".bw-slice")});
  window.remove = await hand.default.render({model, el: document.querySelector(".hand")});
}"""


# What the page was told before has been dealt with once two more frames have been drawn.
_TWO_FRAMES = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
})"""
_COUNT = "([kind, count]) => window.sent.filter((each) => each.kind === kind).length >= count"


@dataclass(frozen=True)
class HandPage:
    """The stage on a page, in columns and rows of its picture."""

    page: Page
    columns: int
    rows: int

    def frame(self) -> dict[str, float]:
        """The picture's rectangle on the page, in CSS pixels."""
        found: dict[str, float] = self.page.evaluate(
            "() => document.querySelector('img').getBoundingClientRect().toJSON()"
        )
        return found

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The whole CSS pixel nearest to a place of the picture."""
        frame = self.frame()
        return (
            round(frame["x"] + x / self.columns * frame["width"]),
            round(frame["y"] + y / self.rows * frame["height"]),
        )

    def place(self, at: tuple[int, int]) -> Point:
        """The place of the picture under a CSS pixel."""
        frame = self.frame()
        return (
            (at[0] - frame["x"]) / frame["width"] * self.columns,
            (at[1] - frame["y"]) / frame["height"] * self.rows,
        )

    def drag(self, *places: Point, button: str = "left") -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*places[0]))
        mouse.down(button=button)  # type: ignore[arg-type]
        for place in places[1:]:
            mouse.move(*self.at(*place), steps=3)
        mouse.up(button=button)  # type: ignore[arg-type]

    def settle(self) -> None:
        """Wait until what was done is drawn, sent and, unless answers are held, answered."""
        self.page.evaluate(_TWO_FRAMES)
        self.page.wait_for_function("window.settled()")

    def sent(self, kind: str, at_least: int = 0) -> list[dict[str, Any]]:
        """The messages of a kind so far; waits until there are `at_least` so many."""
        self.settle()
        self.page.wait_for_function(_COUNT, arg=[kind, at_least])
        return [each for each in self.page.evaluate("window.sent") if each["kind"] == kind]

    def set(self, **state: Any) -> None:
        """The kernel changes its state."""
        self.page.evaluate("(changes) => window.set(changes)", state)

    def hold_answers(self, kind: str) -> None:
        """Leave messages of a kind unanswered from now on."""
        self.page.evaluate("(kind) => window.held.push(kind)", kind)

    def answer(self, message: dict[str, Any], reply: Any = None) -> None:
        self.page.evaluate("([n, reply]) => window.answer(n, reply)", [message["number"], reply])

    def path(self, name: str) -> str:
        """The outline drawn with a class of the hand's own SVG."""
        return self.page.locator(f".bw-live .{name}").get_attribute("d") or ""

    def key(self, *keys: str) -> None:
        """Press keys, each after the one before was answered: what waits would be merged."""
        self.page.locator(".bw-hand").focus()
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()


def open_hand(page: Page, view: SliceView, width: float) -> HandPage:
    """Put what `view` shows on `page`, `width` CSS pixels wide."""
    css = VIEWER_CSS + str(Hand._css)
    page.set_content(_PAGE.format(css=css, width=width, overlay=view.overlay.value))
    state = json.loads(json.dumps(view.hand.state))
    page.evaluate(
        _MODEL,
        {
            "state": state,
            "key_list": view.hand.key_list,
            "kind": view.picture.format,
            "pixels": base64.b64encode(view.picture.value).decode(),
            "sources": [str(SlicePicture._esm), str(Hand._esm)],
        },
    )
    page.wait_for_function("document.querySelector('img').naturalWidth > 0")
    return HandPage(page, state["columns"], state["rows"])

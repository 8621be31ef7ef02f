"""What the keys and the mouse do."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from breastwidget.app.controls import html
from breastwidget.app.hand import KEYS

__all__ = ["MOUSE", "help_widget"]

MOUSE = (
    ("Drag", "what the chosen tool does: a box, a stroke, window and level, panning"),
    ("Wheel", "slice by slice"),
    ("Click on the strip", "go to that slice"),
    ("Drag in the 3-D scene", "turn it; wheel to zoom (keys: arrows, + and −)"),
)


def help_widget() -> widgets.HTML:
    """Two lists."""
    return html(
        _table("Keys, with the focus on the picture", KEYS) + _table("Mouse", MOUSE), "bw-help"
    )


def _table(title: str, entries: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(keys)}</th><td>{escape(what)}</td></tr>'
        for keys, what in entries
    )
    return f'<table class="bw-key-table"><caption>{title}</caption><tbody>{rows}</tbody></table>'

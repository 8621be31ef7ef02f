"""Small widgets that every panel uses, made alike: labelled, with a tooltip, reachable by Tab."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

__all__ = ["button", "drawers", "heading", "html", "row", "show_only", "titled"]


def button(
    text: str,
    tooltip: str,
    on_click: Callable[[], object],
    *,
    icon: str = "",
    style: str = "",
    name: str = "",
) -> widgets.Button:
    """A button; without `text` its tooltip is its name. `name` becomes a CSS class."""
    made = widgets.Button(description=text, tooltip=tooltip, icon=icon, button_style=style)
    made.add_class("bw-button" if text else "bw-icon")
    if not text:  # unseen, but said: screen readers take the icon's letter for the name otherwise
        widgets.dlink((made, "tooltip"), (made, "description"), lambda name: name or "")
    if name:
        made.add_class(name)
    made.on_click(lambda _button: on_click())
    return made


def html(value: str = "", name: str = "") -> widgets.HTML:
    """An HTML widget without margins; `name` becomes a CSS class."""
    made = widgets.HTML(value, layout=widgets.Layout(margin="0", min_width="0"))
    if name:
        made.add_class(name)
    return made


def row(*children: widgets.Widget, name: str = "") -> widgets.HBox:
    """Children side by side, wrapping where there is no room."""
    made = widgets.HBox(list(children))
    made.add_class("bw-row")
    if name:
        made.add_class(name)
    return made


def heading(text: str) -> widgets.HTML:
    """The heading of a section."""
    return html(f'<h3 class="bw-heading">{escape(text)}</h3>')


def titled(title: str, *children: widgets.Widget, name: str = "") -> widgets.VBox:
    """A section with a heading."""
    made = widgets.VBox([heading(title), *children])
    made.add_class("bw-section")
    if name:
        made.add_class(name)
    return made


def show_only(widget: widgets.Widget, shown: bool) -> None:
    """Show or hide a widget; a hidden one takes no room and no Tab stop."""
    display = None if shown else "none"
    if widget.layout.display != display:
        widget.layout.display = display


def drawers(*parts: tuple[str, str, widgets.Widget]) -> widgets.VBox:
    """Parts that a button each shows and hides: (its text, its tooltip, the part).

    ipywidgets' Accordion and Tab are out of the keyboard's reach.
    """
    buttons = []
    for text, tooltip, part in parts:
        show_only(part, False)
        toggle = widgets.ToggleButton(description=text, tooltip=tooltip, icon="caret-right")
        toggle.observe(lambda change, part=part: _pull(change.owner, part, change.new), "value")
        buttons.append(toggle)
    made = widgets.VBox([row(*buttons), *(part for _, _, part in parts)])
    made.add_class("bw-drawers")
    return made


def _pull(toggle: widgets.ToggleButton, part: widgets.Widget, out: bool) -> None:
    toggle.icon = "caret-down" if out else "caret-right"
    show_only(part, out)

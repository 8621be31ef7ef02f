"""What the viewer's controls are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import ipywidgets as widgets

__all__ = ["Choices", "check", "toggles", "tool_row"]

Choices: TypeAlias = Sequence[tuple[str, object, str]]


def toggles(choices: Choices, value: object, label: str) -> widgets.ToggleButtons:
    """One of several, each a (name, value, tooltip)."""
    return widgets.ToggleButtons(
        options=[(name, chosen) for name, chosen, _tip in choices],
        tooltips=[tip for _name, _chosen, tip in choices],
        value=value,
        tooltip=label,
        style={"button_width": "auto"},
    )


def check(name: str, tip: str) -> widgets.Checkbox:
    """On or off."""
    return widgets.Checkbox(description=name, tooltip=tip, indent=False)


def tool_row(*controls: widgets.Widget) -> widgets.Widget:
    """Side by side, wrapped where the page is narrow."""
    row = widgets.HBox(list(controls))
    row.add_class("bw-tools")
    return row

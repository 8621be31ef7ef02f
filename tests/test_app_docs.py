"""docs/app.md says what the app does: its keys and the names that it mentions are the app's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from breastwidget.app import TumorSegmenter
from breastwidget.app.export_kinds import EXPORT_KINDS
from breastwidget.app.hand import KEYS
from breastwidget.app.model import TOOLS

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "app.md").read_text(encoding="utf-8")
HAND = (PROJECT / "breastwidget" / "app" / "hand.js").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def test_the_documented_keys_are_the_hands() -> None:
    assert rows(section("Keyboard")) == [tuple(each) for each in KEYS]


@pytest.mark.parametrize("table", ["TOOLS", "COMMANDS"])
def test_every_key_of_the_hand_is_in_its_list(table: str) -> None:
    literal = re.search(rf"const {table} = {{(.*?)}};", HAND, re.DOTALL)
    assert literal is not None
    keys = re.findall(r'(?:^|[,{\s])("?)([^\s",:]+)\1:', literal[1])
    assert len(keys) == literal[1].count(":")
    listed = " ".join(f"{name} {what}" for name, what in KEYS)
    for _, key in keys:
        assert re.search(rf"(?<!\S){re.escape(key)}(?![^\s:;,])", listed), key


def test_the_python_that_is_mentioned_is_there() -> None:
    names = set(re.findall(r"\bapp\.([a-z_]+)", PAGE.replace("docs/app.md", "")))
    assert len(names) > 3
    assert [name for name in sorted(names) if not hasattr(TumorSegmenter, name)] == []


def test_every_tool_has_its_row() -> None:
    documented = " ".join(cells[0] for cells in rows(section("Prompting"))).lower()
    shown = {"point": "point +", "negative point": "point −"}
    assert [tool for tool in TOOLS if shown.get(tool, tool) not in documented] == []


def test_every_kind_of_export_is_mentioned() -> None:
    kept = section("Keeping")
    names = {kind: kind.upper() for kind in EXPORT_KINDS}
    names |= {"nifti": "NIfTI", "session": "session file"}
    assert [kind for kind, name in names.items() if name not in kept] == []

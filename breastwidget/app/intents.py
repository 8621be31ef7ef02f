"""What a person can want: the actions that views call and the controller carries out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from breastwidget.prompts import BoxPrompt, Prompt
from breastwidget.strategies import Extent
from breastwidget.volume import Plane

__all__ = ["Intents"]

Point = tuple[float, float]
"""(x, y) in columns and rows of the picture, continuous: pixel c covers [c, c + 1)."""


class Intents(Protocol):
    """Views call these and nothing else; `Controller` has them, `Controller.for_views()` gives them
    with errors turned into sentences of the status line.

    Positions on a picture are `Point`s. Slices are of the large plane unless a plane is named.
    """

    # Seeing
    def show_slice(self, index: int) -> None: ...
    def step(self, by: int) -> None: ...
    def move_cursor(self, plane: Plane, index: int, at: Point) -> None:
        """Put the crosshair on slice `index` of `plane`, at a point of its picture."""

    def show_plane(self, plane: Plane) -> None:
        """Make `plane` the large view."""

    def choose_image(self, label: str) -> None: ...
    def set_window(self, lo: float, hi: float) -> None: ...
    def drag_window(self, wider: float, brighter: float) -> None:
        """Change width and level by fractions of the present width, as a drag by so many pixels."""

    def choose_window(self, preset: str) -> None:
        """One of "auto" (the slice shown), "volume", "lesion", "full"."""

    def set_look(self, **changes: object) -> None:
        """Replace fields of `Look`."""

    def choose_tool(self, tool: str) -> None: ...
    def set_brush(self, mm: float) -> None: ...
    def choose_theme(self, theme: str) -> None: ...
    def set_follow(self, follow: bool) -> None: ...
    def set_scene(self, **changes: object) -> None:
        """Replace fields of `SceneOptions`; the worker makes the scene anew where that needs it."""

    # Prompting
    def set_box(self, box: BoxPrompt) -> None:
        """The box on its slice, in place of one that the active lesion had there; where there is no
        lesion, a first one. On a lesion that was propagated it is a correction."""

    def add_point(self, index: int, at: Point, positive: bool) -> None: ...
    def stroke(self, index: int, path: Sequence[Point], erase: bool) -> None:
        """Paint or erase along `path` with the brush; the slice's mask becomes a mask prompt."""

    def use_mask(self, path: str | Path) -> None:
        """A mask file on the scan's grid: what it has on the slice shown, else its largest slice,
        becomes the active lesion's prompt."""

    def upload_mask(self, name: str, content: bytes) -> None:
        """The same with a file's content, from a browser on another machine."""

    def remove_prompt(self, prompt: Prompt) -> None: ...
    def new_lesion(self) -> None: ...
    def select_lesion(self, key: int) -> None: ...
    def rename_lesion(self, key: int, name: str) -> None: ...
    def recolour_lesion(self, key: int, colour: str) -> None: ...
    def show_lesion(self, key: int, visible: bool) -> None: ...
    def delete_lesion(self, key: int) -> None: ...
    def suggest(self) -> None: ...
    def accept(self, number: int) -> None:
        """Make suggestion `number` (0 is the best) a lesion."""

    def dismiss(self, number: int) -> None: ...

    # Propagating
    def choose_strategy(self, name: str) -> None: ...
    def choose_extent(self, source: str, extent: Extent | None = None) -> None: ...
    def propagate(self) -> object: ...
    def cancel(self) -> None: ...
    def show_run(self, key: int, number: int) -> None: ...

    # Trusting
    def next_doubtful(self) -> None: ...

    # Keeping
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    def restore(self) -> None:
        """Take back what was autosaved for this scan."""

    def discard_saved(self) -> None: ...
    def export(self, kinds: Sequence[str], folder: str | Path) -> None:
        """Write `kinds` (keys of `export_kinds.EXPORT_KINDS`) into `folder`."""

    def show_code(self) -> None:
        """Put the Python that makes the present result again into the model's `code`."""

"""What is shown and how: cursor, plane, image, window, look, tool. None of it can be undone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.document import LesionState
from breastwidget.app.model import LOOKS, THEMES, TOOLS, AppModel, Cursor, Look, Window
from breastwidget.display import window_range
from breastwidget.errors import BreastWidgetError, PromptError, VolumeError
from breastwidget.prompts import BoxPrompt, MaskPrompt
from breastwidget.volume import Plane

__all__ = ["WINDOWS", "Seeing", "cursor_on"]

WINDOWS = ("auto", "volume", "lesion", "full")
"""What `choose_window` takes: from the slice shown, the whole image, the lesion, all values."""

_BRUSH_MM = 0.5, 100.0


def cursor_on(model: AppModel, plane: Plane, index: int) -> Cursor:
    """The model's cursor, moved along the normal of `plane` to slice `index` or the nearest one."""
    stack = model.stack_of(plane)
    _, row, column = stack.from_voxel_index(model.cursor.voxel)
    return Cursor(*stack.to_voxel_index((_clamped(index, stack.shape[0]), row, column)))


class Seeing:
    """The intents that change the view only. Errors are `BreastWidgetError`s."""

    def __init__(self, model: AppModel) -> None:
        self._model = model
        self._windows: dict[str, Window] = {}

    def show_slice(self, index: int) -> None:
        """Show slice `index` of the large plane, or the nearest one that exists."""
        with self._model.lock:
            self._move(cursor_on(self._model, self._model.plane, index))

    def step(self, by: int) -> None:
        """Show the slice `by` further."""
        with self._model.lock:
            self.show_slice(self._model.slice_index + by)

    def move_cursor(self, plane: Plane, index: int, at: tuple[float, float]) -> None:
        """Put the crosshair on slice `index` of `plane`, at the point (x, y) of its picture.

        What lies outside is moved to the nearest voxel.
        """
        with self._model.lock:
            stack = self._model.stack_of(self._resolved(plane))
            slices, rows, columns = stack.shape
            if not all(map(math.isfinite, at)):
                raise PromptError(f"Expected a point (x, y) of the picture, got {at}.")
            x, y = (math.floor(value) for value in at)
            place = _clamped(index, slices), _clamped(y, rows), _clamped(x, columns)
            self._move(Cursor(*stack.to_voxel_index(place)))

    def show_plane(self, plane: str | Plane) -> None:
        """Make `plane` the large view: "axial", "coronal", "sagittal" or "native"."""
        self._model.update(plane=self._resolved(plane))

    def choose_image(self, label: str) -> None:
        """Show and segment the image called `label`, with the window that it had before."""
        model = self._model
        labels = [image.label for image in model.images]
        if label not in labels:
            raise VolumeError(f"There is no image {label!r}; choose one of {', '.join(labels)}.")
        with model.lock:
            if label == model.image:
                return
            self._windows[model.image] = model.window
            volume = model.images[labels.index(label)].volume
            window = self._windows.get(label) or Window(*window_range(volume.data))
            model.update(image=label, window=window)

    def set_window(self, lo: float, hi: float) -> None:
        """Show gray values from `lo` (black) to `hi` (white)."""
        if lo < hi and math.isfinite(hi - lo):  # a slider's two handles may meet on the way
            self._model.update(window=Window(float(lo), float(hi)))

    def drag_window(self, wider: float, brighter: float) -> None:
        """Widen the window, and brighten the picture, by fractions of the window's width."""
        with self._model.lock:
            window = self._model.window
            width = window.hi - window.lo
            level = (window.lo + window.hi) / 2 - brighter * width
            half = max(width * max(1 + wider, 0.05), 1e-6 * max(abs(level), 1e-3)) / 2
            self.set_window(level - half, level + half)

    def choose_window(self, preset: str) -> None:
        """Choose the gray range from the slice shown ("auto"), the "volume", the active "lesion"
        with its surroundings, or the "full" range of values."""
        _check_choice("window", preset, WINDOWS)
        with self._model.lock:
            stack = self._model.stack
            percentiles = (0.0, 100.0) if preset == "full" else (1.0, 99.5)
            pixels: NDArray[Any] = stack.pixels
            if preset == "auto":
                pixels = pixels[self._model.slice_index]
            elif preset == "lesion":
                pixels = self._around_lesion()
            self._model.update(window=Window(*window_range(pixels, percentiles)))

    def set_look(self, /, **changes: Any) -> None:
        """Replace fields of `Look`: style, opacity (0 to 1), reference, crosshair."""
        known = {each.name for each in fields(Look)}
        for name in changes:
            _check_choice("look", name, sorted(known))
        if "style" in changes:
            _check_choice("style", changes["style"], LOOKS)
        if "opacity" in changes:
            changes["opacity"] = min(max(float(changes["opacity"]), 0.0), 1.0)
        with self._model.lock:
            self._model.update(look=replace(self._model.look, **changes))

    def choose_tool(self, tool: str) -> None:
        """Choose what a drag or a click does: one of `TOOLS`."""
        _check_choice("tool", tool, TOOLS)
        self._model.update(tool=tool)

    def set_brush(self, mm: float) -> None:
        """Paint and erase with a brush `mm` across, held between 0.5 and 100 mm."""
        if math.isfinite(mm):
            self._model.update(brush_mm=min(max(float(mm), _BRUSH_MM[0]), _BRUSH_MM[1]))

    def choose_theme(self, theme: str) -> None:
        """Choose the colours of the page: "auto", "light" or "dark"."""
        _check_choice("theme", theme, THEMES)
        self._model.update(theme=theme)

    def set_follow(self, follow: bool) -> None:
        """Whether the picture shows the slice that a propagation has just done."""
        self._model.update(follow=bool(follow))

    def _move(self, cursor: Cursor) -> None:
        """A person moves: a running propagation no longer moves the picture."""
        following = self._model.follow and not self._model.progress.running
        self._model.update(cursor=cursor, follow=following)

    def _resolved(self, plane: str | Plane) -> Plane:
        chosen = Plane.parse(plane)
        return self._model.volume.native_plane if chosen is Plane.NATIVE else chosen

    def _around_lesion(self) -> NDArray[Any]:
        lesion = self._model.document.current
        if lesion is None or not (lesion.prompts or lesion.masks.by_slice):
            raise PromptError("There is no lesion to take the window from; drag a box first.")
        pixels = self._model.stack_of(lesion.plane).pixels
        pieces = [
            pixels[index][rows, columns].ravel() for index, rows, columns in _rectangles(lesion)
        ]
        return np.concatenate(pieces)


def _rectangles(lesion: LesionState) -> list[tuple[int, slice, slice]]:
    """Slice, rows and columns around each of the lesion's masks and boxes, with a margin."""
    masks = {index: mask for index, mask in lesion.masks.by_slice.items() if mask.any()}
    found = []
    for index, mask in masks.items():
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        found.append((index, columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    for prompt in lesion.prompts:
        if isinstance(prompt, BoxPrompt):
            found.append((prompt.slice, prompt.x0, prompt.y0, prompt.x1, prompt.y1))
        elif not isinstance(prompt, MaskPrompt):
            found.append((prompt.slice, prompt.x, prompt.y, prompt.x, prompt.y))
    margin = 4
    return [
        (
            index,
            slice(max(int(y0) - margin, 0), int(y1) + margin),
            slice(max(int(x0) - margin, 0), int(x1) + margin),
        )
        for index, x0, y0, x1, y1 in found
    ]


def _clamped(value: int, size: int) -> int:
    return min(max(int(value), 0), size - 1)


def _check_choice(what: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise BreastWidgetError(f"Unknown {what} {value!r}; choose one of {', '.join(choices)}.")

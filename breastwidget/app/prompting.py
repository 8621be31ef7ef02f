"""Boxes, points, strokes and masks: what a person says about the active lesion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.corrections import with_prompts
from breastwidget.app.document import LesionState, Masks
from breastwidget.app.editing import Editor
from breastwidget.app.mask_files import read_mask, read_uploaded_mask
from breastwidget.app.model import AppModel, Status
from breastwidget.app.painting import painted
from breastwidget.app.previews import Previews
from breastwidget.app.seeing import cursor_on
from breastwidget.errors import PromptError
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt, Prompt, check_prompt
from breastwidget.volume import Plane, Volume

__all__ = ["Prompting"]

Mask = NDArray[np.bool_]

_NO_AREA = "The box has no area: press where one corner shall be and drag to the opposite corner."


class Prompting:
    """The intents that change a lesion's prompts. Errors are `PromptError`s.

    Slices, rows and columns are those of the large plane. Where there is no lesion yet, a first
    one is made. On a lesion that was propagated a prompt is a correction.
    """

    def __init__(self, model: AppModel, editor: Editor, previews: Previews) -> None:
        self._model = model
        self._editor = editor
        self._previews = previews

    def set_box(self, box: BoxPrompt) -> None:
        """Prompt with `box`, in place of a box or mask of the active lesion on that slice.

        The slice is shown; its mask follows from the worker. Points on it stay.
        """
        with self._model.lock:
            self._editor.refuse_while_running("draw another box")
            if box.x0 == box.x1 or box.y0 == box.y1:  # a hand's slip, so no word of coordinates
                raise PromptError(_NO_AREA)
            check_prompt(box, self._model.stack.shape)
            lesion = self._editor.target()
            points = tuple(p for p in lesion.lesion.on(box.slice) if isinstance(p, PointPrompt))
            self._prompt("draw a box", lesion, box.slice, (box, *points), lesion.masks)

    def add_point(self, index: int, at: tuple[float, float], positive: bool = True) -> None:
        """Click on slice `index` at (x, y) in columns and rows: it is the tumour, or it is not.

        On a slice with a mask from a propagation the point corrects that mask, which becomes a
        prompt itself.
        """
        with self._model.lock:
            self._editor.refuse_while_running("click another point")
            point = PointPrompt(index, float(at[0]), float(at[1]), positive)
            check_prompt(point, self._model.stack.shape)
            lesion = self._editor.target()
            prompts = lesion.lesion.on(index)
            shown = lesion.masks.on(index)
            if not prompts and shown is not None:
                prompts = (MaskPrompt(index, shown),)
            if not prompts and not positive:
                raise PromptError(
                    f"There is nothing on slice {index} that a negative point could take away; "
                    "drag a box or click a positive point first."
                )
            label = "click a point" if positive else "click a negative point"
            self._prompt(label, lesion, index, (*prompts, point), lesion.masks, keep_mask=True)

    def stroke(self, index: int, path: Sequence[tuple[float, float]], erase: bool = False) -> None:
        """Paint or erase on slice `index` along `path`, points (x, y) in columns and rows.

        The brush is round and `brush_mm` across. The slice's mask becomes its only prompt; where
        erasing leaves nothing, it has none.
        """
        with self._model.lock:
            what = "erase" if erase else "paint"
            self._editor.refuse_while_running(what)
            slices, rows, columns = self._model.stack.shape
            if not 0 <= index < slices:
                raise PromptError(
                    f"Slice {index} is out of range; choose one of 0 to {slices - 1}."
                )
            lesion = self._editor.target()
            before = lesion.masks.by_slice.get(index)
            before = np.zeros((rows, columns), dtype=bool) if before is None else before
            _, row_mm, column_mm = self._model.stack.spacing_mm
            radius_mm = self._model.brush_mm / 2
            after = painted(before, path, radius_mm, (row_mm, column_mm), erase)
            if np.array_equal(before, after):
                return
            self._draw(what, lesion, index, after)

    def use_mask(self, mask: str | Path | Volume | NDArray[Any]) -> None:
        """Prompt with a mask file on the scan's grid: with what it has on the slice shown or, where
        that is nothing, with its largest slice, which is then shown.

        From Python an (i, j, k) array or a volume will do. Raises `ReferenceMaskError` for a file
        that cannot be read, another grid, an empty mask, or a picture that is no mask.
        """
        self._editor.refuse_while_running("use a mask")
        self._use(read_mask(mask, self._model.volume))

    def upload_mask(self, name: str, content: bytes) -> None:
        """As `use_mask`, with the `content` of a file called `name` that came through the page."""
        self._editor.refuse_while_running("use a mask")
        self._use(read_uploaded_mask(name, content, self._model.volume))

    def remove_prompt(self, prompt: Prompt) -> None:
        """Take one prompt away; the slice's mask is predicted again from those that stay."""
        with self._model.lock:
            self._editor.refuse_while_running("remove a prompt")
            lesion = self._owner(prompt)
            index = prompt.slice
            left = tuple(p for p in lesion.lesion.on(index) if p is not prompt and p != prompt)
            masks = lesion.masks.without(index)
            if not left and lesion.run is not None and index in lesion.run.masks.by_slice:
                masks = lesion.masks.with_slice(index, lesion.run.masks.by_slice[index])
            self._prompt("remove a prompt", lesion, index, left, masks)

    def _use(self, voxels: Mask) -> None:
        with self._model.lock:
            self._editor.refuse_while_running("use a mask")
            seen = self._model.stack.from_voxels(voxels)
            index = self._model.slice_index
            if not seen[index].any():
                index = int(seen.sum(axis=(1, 2)).argmax())
            self._draw("use a mask", self._editor.target(), index, np.array(seen[index]))
            self._show(self._model.plane, index)

    def _draw(self, label: str, lesion: LesionState, index: int, mask: Mask) -> None:
        prompts = (MaskPrompt(index, mask),) if mask.any() else ()
        masks = lesion.masks.with_slice(index, mask)
        self._prompt(label, lesion, index, prompts, masks)

    def _prompt(
        self,
        label: str,
        lesion: LesionState,
        index: int,
        prompts: tuple[Prompt, ...],
        masks: Masks,
        keep_mask: bool = False,
    ) -> None:
        """Give slice `index` its new prompts, and have it predicted where an engine is needed."""
        drawn = all(isinstance(prompt, MaskPrompt) for prompt in prompts)
        if drawn and prompts:
            masks = masks.with_slice(index, np.logical_or.reduce([p.mask for p in _masks(prompts)]))
        elif not drawn and not keep_mask:
            masks = masks.without(index)
        changed = with_prompts(lesion, index, prompts, masks)
        document = self._model.document.with_lesion(changed, active=True)
        self._editor.edit(label, document, status=_what_next(changed, index))
        if not drawn:
            self._show(changed.plane, index)
            self._previews.ask(changed.key, index)

    def _show(self, plane: Plane, index: int) -> None:
        """A slice appears with its prompt, even where Python gave it on another one."""
        self._model.update(cursor=cursor_on(self._model, plane, index))

    def _owner(self, prompt: Prompt) -> LesionState:
        document = self._model.document
        for lesion in (*filter(None, [document.current]), *document.lesions):
            if prompt in lesion.prompts:
                return lesion
        raise PromptError("That prompt is gone already.")


def _masks(prompts: tuple[Prompt, ...]) -> list[MaskPrompt]:
    return [prompt for prompt in prompts if isinstance(prompt, MaskPrompt)]


def _what_next(lesion: LesionState, index: int) -> Status:
    if lesion.pending is not None:
        return Status(f"Slice {index} is corrected. Press Propagate to go on from there.")
    return Status(f"Slice {index} of {lesion.name}. Press Propagate.")

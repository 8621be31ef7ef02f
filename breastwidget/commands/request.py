"""What `breastwidget segment` is asked for, and how its prompt and extent are found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import PromptError, StrategyError
from breastwidget.prompts import BoxPrompt, Prompt, box_from_reference, mask_from_reference
from breastwidget.strategies import Extent, start_slice
from breastwidget.volume import SliceStack

__all__ = ["PROMPT_KINDS", "SegmentRequest", "find_extent", "find_prompt"]

PROMPT_KINDS = ("box", "mask")


@dataclass(frozen=True)
class SegmentRequest:
    """The options of `breastwidget segment`, as given.

    `box` is (slice, x0, y0, x1, y1); `prompt` and `box_source` say what to take from `reference`
    where there is no box; `extent` is `auto`, `reference` or `FIRST:LAST`.
    """

    image: Path
    output: Path
    phase: int | None = None
    subtraction: int | None = None
    plane: str = "native"
    box: tuple[int, float, float, float, float] | None = None
    reference: Path | None = None
    prompt: str | None = None
    box_source: str = "tight"
    strategy: str = "center-outward"
    extent: str = "auto"
    engine: str = "nano"

    @property
    def prompt_label(self) -> str:
        """What the prompt is and where it comes from, e.g. `box-tight`."""
        if self.box is not None:
            return "box"
        return "mask" if self.prompt == "mask" else f"box-{self.box_source}"

    def check(self) -> None:
        """Raise for options that contradict each other, before anything is read."""
        if self.box is None and self.reference is None:
            raise PromptError(
                "Nothing to prompt with: give --box SLICE X0 Y0 X1 Y1, or --reference MASK to take "
                "a box or mask from it."
            )
        if self.box is not None and self.prompt is not None:
            raise PromptError("Give either --box or --prompt, not both.")
        if self.prompt not in (None, *PROMPT_KINDS):
            raise PromptError(
                f"Unknown prompt {self.prompt!r}; choose one of {', '.join(PROMPT_KINDS)}."
            )
        if self.extent == "reference" and self.reference is None:
            raise StrategyError("--extent reference needs --reference MASK.")


def find_extent(text: str, reference: NDArray[np.bool_] | None) -> Extent | None:
    """The extent that `text` asks for; None where it is automatic.

    `reference` is (slice, row, column).
    """
    if text == "auto":
        return None
    if text == "reference" and reference is not None:
        positive = np.flatnonzero(reference.any(axis=(1, 2)))
        return Extent(int(positive[0]), int(positive[-1]))
    first, _, last = text.partition(":")
    if not (first.isdecimal() and last.isdecimal()):
        raise StrategyError(f"Expected an extent auto, reference or FIRST:LAST, got {text!r}.")
    return Extent(int(first), int(last))


def find_prompt(
    request: SegmentRequest,
    stack: SliceStack,
    reference: NDArray[np.bool_] | None,
    extent: Extent | None,
) -> Prompt:
    """The box that was given, or the box or mask that the reference gives on the start slice.

    `reference` is (slice, row, column). The start slice is the strategy's own (the middle, top or
    bottom of the extent), or the nearest slice to it that the reference touches.
    """
    if request.box is not None:
        index, *corners = request.box
        return BoxPrompt(int(index), *corners)
    if reference is None:
        raise PromptError("A prompt from the reference needs --reference MASK.")
    positive = np.flatnonzero(reference.any(axis=(1, 2)))
    span = extent or Extent(int(positive[0]), int(positive[-1]))
    inside = positive[(positive >= span.first) & (positive <= span.last)]
    if not inside.size:
        raise PromptError(f"The reference is empty on the slices {span.first}:{span.last}.")
    wanted = start_slice(request.strategy, span, stack.top_slice)
    index = int(inside[np.abs(inside - wanted).argmin()])
    if request.prompt == "mask":
        return mask_from_reference(reference, index)
    return box_from_reference(reference, index, request.box_source)

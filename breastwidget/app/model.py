"""The app's state: one evented model of frozen values, without logic.

Values are replaced, never edited. Several threads may write (kernel callbacks and the worker), so
every write goes through `AppModel.update`, which holds the model's one lock while observers run.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Bool, HasTraits, Instance, Int, Tuple, Unicode

from breastwidget.metrics import Scores
from breastwidget.prompts import BoxPrompt
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent
from breastwidget.volume import SliceStack

__all__ = [
    "EXTENT_SOURCES",
    "AppModel",
    "Masks",
    "Progress",
    "Run",
    "Scene",
    "Status",
    "Window",
]

EXTENT_SOURCES = ("automatic", "reference")


@dataclass(frozen=True)
class Window:
    """The gray range shown: `lo` and below black, `hi` and above white, lo < hi."""

    lo: float
    hi: float


@dataclass(frozen=True)
class Status:
    """One sentence for the status line; `level` is "info", "busy" or "error"."""

    text: str
    level: str = "info"


@dataclass(frozen=True)
class Progress:
    """How far the propagation is; `total` is None where nobody can know it beforehand."""

    running: bool = False
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks shown, by slice, each (rows, columns) bool."""

    by_slice: Mapping[int, NDArray[np.bool_]] = field(default_factory=lambda: MappingProxyType({}))

    def with_slice(self, index: int, mask: NDArray[np.bool_]) -> Masks:
        """These masks with slice `index` replaced."""
        return Masks(MappingProxyType({**self.by_slice, index: mask}))

    def on(self, index: int) -> NDArray[np.bool_] | None:
        """The mask of slice `index`, None where none was computed or nothing was found."""
        mask = self.by_slice.get(index)
        return mask if mask is not None and mask.any() else None


@dataclass(frozen=True, eq=False)
class Run:
    """One propagation: what it was asked, what came, and its scores where a reference is known.

    `complete` is False for a cancelled run, which keeps the slices done until then; `extent` is
    None where it was automatic.
    """

    strategy: str
    box: BoxPrompt
    segmentation: Segmentation
    seconds: float
    complete: bool
    scores: Scores | None = None
    extent: Extent | None = None


@dataclass(frozen=True)
class Scene:
    """The surface as a self-contained HTML page.

    Where that cannot be made: a `picture` as a data URL, and a `note` that says why.
    """

    html: str = ""
    picture: str = ""
    note: str = ""


class AppModel(HasTraits):
    """Everything that the views show.

    `reference` is (slice, row, column) bool or None. `runs` is a tuple of `Run`, oldest first.
    """

    stack = Instance(SliceStack)
    reference = Instance(np.ndarray, allow_none=True)
    engine_label = Unicode("")
    slice_index = Int(0)
    window = Instance(Window)
    box = Instance(BoxPrompt, allow_none=True)
    strategy = Unicode("center-outward")
    extent_source = Unicode("automatic")
    follow = Bool(True)
    masks = Instance(Masks, args=())
    progress = Instance(Progress, args=())
    status = Instance(Status, args=("Drag a box around the tumour.",))
    runs = Tuple()
    scene = Instance(Scene, args=())

    def __init__(
        self, stack: SliceStack, window: Window, reference: NDArray[np.bool_] | None = None
    ) -> None:
        self.lock = threading.RLock()
        middle = stack.shape[0] // 2
        super().__init__(stack=stack, window=window, reference=reference, slice_index=middle)

    def update(self, **changes: Any) -> None:
        """Replace several values at once; observers run afterwards and see all of them."""
        with self.lock, self.hold_trait_notifications():
            for name, value in changes.items():
                self.set_trait(name, value)

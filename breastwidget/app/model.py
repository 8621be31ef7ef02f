"""The app's state: one evented model of frozen values, without logic.

Values are replaced, never edited. Several threads may write (kernel callbacks and the worker), so
every write goes through `AppModel.update`, which holds the model's one lock while observers run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Bool, Float, HasTraits, Instance, Tuple, Unicode

from breastwidget.app.document import Document, Masks
from breastwidget.app.guarded import Guarded
from breastwidget.app.history import History
from breastwidget.app.plane_patch import PlanePatch
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, SliceStack, Volume

__all__ = [
    "LOOKS",
    "SCENE_MODES",
    "THEMES",
    "TOOLS",
    "AppModel",
    "Cursor",
    "Image",
    "Live",
    "Look",
    "Progress",
    "Scene",
    "SceneOptions",
    "Status",
    "Window",
]

_log = logging.getLogger(__name__)

TOOLS = ("box", "point", "negative point", "paint", "erase", "window", "pan")
"""What a drag or a click on the picture does."""
LOOKS = ("contour", "fill", "agreement")
"""How masks are drawn; "agreement" colours overlap, misses and false alarms against a reference."""
THEMES = ("auto", "light", "dark")
SCENE_MODES = ("auto", "live", "html", "picture")
"""How the surface is shown; "auto" asks the environment, see `scene_mode`."""


@dataclass(frozen=True)
class Window:
    """The gray range shown: `lo` and below black, `hi` and above white, lo < hi."""

    lo: float
    hi: float


@dataclass(frozen=True)
class Cursor:
    """The crosshair: a voxel (i, j, k) of the volume; the slice shown in each plane follows."""

    i: int
    j: int
    k: int

    @property
    def voxel(self) -> tuple[int, int, int]:
        """As a tuple."""
        return self.i, self.j, self.k


@dataclass(frozen=True)
class Look:
    """How masks are laid over the picture: one of `LOOKS`, and an opacity in [0, 1]."""

    style: str = "contour"
    opacity: float = 0.35
    reference: bool = True
    crosshair: bool = True


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
class Live:
    """The masks of lesion `key` that a running propagation has found so far, in place of those in
    the document; `confidence` by slice is (predicted IoU, object probability)."""

    key: int
    masks: Masks
    confidence: Mapping[int, tuple[float, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, eq=False)
class Image:
    """One of the pictures to choose from: a phase or a subtraction, on the same grid."""

    label: str
    volume: Volume


@dataclass(frozen=True)
class SceneOptions:
    """What the scene shall show: one of `SCENE_MODES`; the surface coloured by its signed distance
    to the reference; the slice shown as a plane; the diameters as lines."""

    mode: str = "auto"
    signed_distance: bool = False
    slice_plane: bool = True
    diameters: bool = False


@dataclass(frozen=True)
class Scene:
    """The surfaces, as one of: `data` for the viewer on the page ("live"), a self-contained `html`
    page, a `picture` as a data URL; a `note` says why where it is less than was asked for.

    `patch` says where a live scene has the slice's plane, which follows the slice shown;
    `distance_mm` at which distance the colours are full, 0 where they mean no distance.
    """

    html: str = ""
    picture: str = ""
    note: str = ""
    data: bytes = field(default=b"", repr=False)
    patch: PlanePatch | None = None
    distance_mm: float = 0.0


class AppModel(HasTraits):
    """Everything that the views show.

    `images` all lie on one grid; `image` is the label of the one that is shown and segmented.
    `plane` is the large view, in which prompts are given and slices are visited; the other two are
    the small ones. `reference` is (i, j, k) bool or None. `document` is what undo takes back.
    `restorable` says what was autosaved for this scan, in words; empty where nothing was.
    `exported` are the paths that the last export wrote. `code` is the Python that makes the result
    again, as it was when it was asked for.
    """

    images = Tuple()
    image = Unicode("")
    plane = Instance(Plane)
    reference = Instance(np.ndarray, allow_none=True)
    engine_label = Unicode("")
    cursor = Instance(Cursor)
    window = Instance(Window)
    look = Instance(Look, args=())
    tool = Unicode("box")
    brush_mm = Float(6.0)
    theme = Unicode("auto")
    document = Instance(Document, args=())
    history = Instance(History, args=())
    live = Instance(Live, allow_none=True)
    follow = Bool(True)
    progress = Instance(Progress, args=())
    status = Instance(Status, args=("Drag a box around the tumour.",))
    scene = Instance(Scene, args=())
    scene_options = Instance(SceneOptions, args=())
    restorable = Unicode("")
    exported = Tuple()
    code = Unicode("")

    def __init__(
        self,
        images: Sequence[Image],
        plane: Plane,
        window: Window,
        reference: NDArray[np.bool_] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self._stacks: dict[tuple[str, Plane], SliceStack] = {}
        self._reference_extents: dict[tuple[int, Plane], Extent] = {}
        i, j, k = (size // 2 for size in images[0].volume.shape)
        super().__init__(
            images=tuple(images),
            image=images[0].label,
            plane=plane,
            reference=reference,
            cursor=Cursor(i, j, k),
            window=window,
        )

    def observe(self, handler: Callable[[Any], object], *args: Any, **kwargs: Any) -> None:
        """As in traitlets, but an observer that fails keeps nobody from what comes after it: the
        other observers, and whoever changed the model. The status says that it failed."""
        super().observe(Guarded(handler, self._complain), *args, **kwargs)

    def unobserve(self, handler: Callable[[Any], object], *args: Any, **kwargs: Any) -> None:
        """Take away what `observe` added."""
        super().unobserve(Guarded(handler, self._complain), *args, **kwargs)

    def update(self, **changes: Any) -> None:
        """Replace several values at once, or none of them where one has a wrong type; observers
        run afterwards and see all of them."""
        with self.lock, self.hold_trait_notifications():
            for name, value in changes.items():
                self.set_trait(name, value)

    @property
    def volume(self) -> Volume:
        """The image shown."""
        images: tuple[Image, ...] = self.images
        return next(image.volume for image in images if image.label == self.image)

    @property
    def stack(self) -> SliceStack:
        """The image shown, in the large plane."""
        return self.stack_of(self.plane)

    def stack_of(self, plane: Plane) -> SliceStack:
        """The image shown, in `plane`."""
        key = self.image, plane
        if key not in self._stacks:
            self._stacks[key] = self.volume.stack(plane)
        return self._stacks[key]

    @property
    def slice_index(self) -> int:
        """The slice of the large plane that holds the cursor."""
        return self.stack.from_voxel_index(self.cursor.voxel)[0]

    def reference_extent(self, plane: Plane) -> Extent | None:
        """The first to the last slice of `plane` that the reference is on; None without one."""
        reference = self.reference
        if reference is None:
            return None
        key = id(reference), plane
        if key not in self._reference_extents:
            seen = self.stack_of(plane).from_voxels(reference).any(axis=(1, 2))
            inside = np.flatnonzero(seen)
            self._reference_extents[key] = Extent(int(inside[0]), int(inside[-1]))
        return self._reference_extents[key]

    def masks_of(self, key: int) -> Masks:
        """The masks of a lesion as they are shown: a running propagation's, else the document's."""
        live = self.live
        return (
            live.masks if live is not None and live.key == key else self.document.lesion(key).masks
        )

    def _complain(self, name: str, error: Exception) -> None:
        _log.error("a view failed to show the new %s", name, exc_info=error)
        if name != "status":  # the status line itself may be what fails
            text = f"A part of the page could not be redrawn ({error}); your work is kept."
            self.update(status=Status(text, "error"))

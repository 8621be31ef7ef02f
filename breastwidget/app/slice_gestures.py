"""What was done with the hand on one view, as intents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from breastwidget.app.intents import Intents, Point
from breastwidget.app.model import LOOKS, AppModel
from breastwidget.app.overlay import nearest_prompt, suggestion_at
from breastwidget.app.picture import describe_place, place_of_voxel, voxel_at
from breastwidget.app.places import box_centre
from breastwidget.prompts import BoxPrompt
from breastwidget.volume import Plane

__all__ = ["SliceGestures"]

_BRUSH_STEP = 1.25


class SliceGestures:
    """The `Gestures` of a view that shows `plane()`; `on_zoom` hears whether it is zoomed in.

    Prompts are given on the large view only; the small ones move the crosshair.
    """

    def __init__(
        self,
        model: AppModel,
        intents: Intents,
        plane: Callable[[], Plane],
        on_zoom: Callable[[bool], None],
    ) -> None:
        self._model = model
        self._intents = intents
        self._plane = plane
        self._on_zoom = on_zoom

    def boxed(self, index: int, corners: tuple[float, float, float, float]) -> None:
        """A box was drawn, moved or resized."""
        if not self._large:
            return
        x0, y0, x1, y1 = corners
        if x1 - x0 < 1 or y1 - y0 < 1:  # not a pixel: empty, which is refused in words
            x1, y1 = x0, y0
        self._intents.set_box(BoxPrompt(index, x0, y0, x1, y1))

    def pointed(self, index: int, at: Point, positive: bool) -> None:
        """A point was put."""
        if self._large:
            _, rows, columns = self._model.stack.shape
            inside = min(at[0], columns - 0.5), min(at[1], rows - 0.5)  # the far edge is outside
            self._intents.add_point(index, inside, positive)

    def stroked(self, index: int, path: Sequence[Point], erase: bool) -> None:
        """Something was painted or erased."""
        if self._large:
            self._intents.stroke(index, path, erase)

    def removed(self, index: int, at: Point, reach: float) -> None:
        """The prompt at a point is to go: the active lesion's, else any visible one's; else the
        suggestion there."""
        document = self._model.document
        active = [lesion for lesion in document.lesions if lesion.key == document.active]
        others = [lesion for lesion in document.lesions if lesion.key != document.active]
        for lesion in (*active, *others):
            prompt = nearest_prompt(lesion, self._plane(), index, at, reach)
            if prompt is not None and lesion.visible:
                self._intents.remove_prompt(prompt)
                return
        number = suggestion_at(self._model, index, at) if self._large else None
        if number is not None:
            self._intents.dismiss(number)

    def accepted(self, index: int, at: Point) -> None:
        """The suggestion at a point is a lesion; a second click on it comes too late."""
        number = suggestion_at(self._model, index, at) if self._large else None
        if number is not None:
            self._intents.accept(number)

    def aimed(self, index: int, at: Point) -> None:
        """The crosshair was moved."""
        self._intents.move_cursor(self._plane(), index, at)

    def probed(self, index: int, at: Point) -> Sequence[str]:
        """What lies under the pointer, in words."""
        stack = self._model.stack_of(self._plane())
        return describe_place(stack, voxel_at(stack, index, at))

    def stepped(self, by: int, at: Point | None = None) -> Sequence[str] | None:
        """The wheel or a key: other slices of this view; what lies under a pointer `at` there."""
        plane = self._plane()
        stack = self._model.stack_of(plane)
        index, cross = place_of_voxel(stack, self._model.cursor.voxel)
        index = min(max(index + by, 0), stack.shape[0] - 1)
        if self._large:
            self._intents.step(by)
        else:
            self._intents.move_cursor(plane, index, cross)
        return None if at is None else self.probed(index, at)

    def windowed(self, wider: float, brighter: float) -> None:
        """The window was dragged, by fractions of its width."""
        self._intents.drag_window(wider, brighter)

    def zoomed(self, zoomed: bool) -> None:
        """The view was zoomed in, or is back at its whole picture."""
        self._on_zoom(zoomed)

    def took(self, tool: str) -> None:
        """Another tool was taken."""
        self._intents.choose_tool(tool)

    def commanded(self, name: str) -> None:
        """A key was pressed; an unknown name does nothing."""
        model, intents = self._model, self._intents
        commands: dict[str, Callable[[], object]] = {
            "propagate": intents.propagate,
            "next doubtful": intents.next_doubtful,
            "next suggestion": self._show_next_suggestion,
            "accept suggestion": self._accept_suggestion,
            "undo": intents.undo,
            "redo": intents.redo,
            "smaller brush": lambda: intents.set_brush(model.brush_mm / _BRUSH_STEP),
            "larger brush": lambda: intents.set_brush(model.brush_mm * _BRUSH_STEP),
            "crosshair": lambda: intents.set_look(crosshair=not model.look.crosshair),
            "look": lambda: intents.set_look(style=self._next_look()),
            "axial": lambda: intents.show_plane(Plane.AXIAL),
            "coronal": lambda: intents.show_plane(Plane.CORONAL),
            "sagittal": lambda: intents.show_plane(Plane.SAGITTAL),
            "enlarge": lambda: intents.show_plane(self._plane()),
        }
        if name in commands:
            commands[name]()

    def _suggestion_here(self) -> int | None:
        """The number of that at the crosshair."""
        model = self._model
        return suggestion_at(model, *place_of_voxel(model.stack, model.cursor.voxel))

    def _accept_suggestion(self) -> None:
        """The one at the crosshair; where there is none, the next one is shown."""
        number = self._suggestion_here()
        if number is None:
            self._show_next_suggestion()
        else:
            self._intents.accept(number)

    def _show_next_suggestion(self) -> None:
        """After that at the crosshair the next one, else the best; without any, some are sought."""
        model, present = self._model, self._suggestion_here()
        suggestions = model.document.suggestions
        if not suggestions:
            self._intents.suggest()
            return
        following = suggestions[0 if present is None else (present + 1) % len(suggestions)]
        plane = following.plane or model.plane
        if plane is not model.plane:
            self._intents.show_plane(plane)
        self._intents.move_cursor(plane, following.box.slice, box_centre(following.box))

    @property
    def _large(self) -> bool:
        return self._plane() is self._model.plane

    def _next_look(self) -> str:
        looks = LOOKS if self._model.reference is not None else LOOKS[:2]
        style = self._model.look.style
        return looks[(looks.index(style) + 1) % len(looks)] if style in looks else looks[0]

"""Any sequence of actions leaves the model valid, and undo returns to the start."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from app_fakes import LESION, ManualExecutor, ManualResting, ScriptedEngine, check
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from breastwidget.app.autosave import Autosave
from breastwidget.app.controller import Controller
from breastwidget.app.document import Document
from breastwidget.app.model import AppModel, Image, Scene, Window
from breastwidget.app.session_room import SessionRoom
from breastwidget.prompts import BoxPrompt
from breastwidget.strategies import STRATEGIES
from breastwidget.suggestions import Suggestion, suggest_lesions
from breastwidget.volume import Plane, SliceStack, Volume

SLICES = st.integers(-1, 12)
POINTS = st.tuples(st.floats(-2, 34), st.floats(-2, 26))
KEYS = st.integers(0, 4)
NUMBERS = st.integers(-1, 3)


def block() -> Volume:
    pixels = np.full((12, 24, 32), 10, dtype=np.int16)
    pixels[LESION] = 100
    data = np.ascontiguousarray(pixels.transpose(2, 1, 0))
    return Volume(data, np.diag([-2.0, -1.0, 3.0, 1.0]), name="block", slice_axis=2)


class AnySequence(RuleBasedStateMachine):
    """A person who does anything, at any time, while the worker does its jobs now and then."""

    @initialize(reference=st.booleans())
    def open(self, reference: bool) -> None:
        volume = block()
        truth = volume.data > 50 if reference else None
        images = Image("phase 1", volume), Image("phase 2", volume.with_data(volume.data * 2))
        self.model = AppModel(images, Plane.AXIAL, Window(0.0, 120.0), truth)
        self.executor = ManualExecutor()
        self.engine = ScriptedEngine()
        room = SessionRoom(self.model, lambda: self.engine)
        saved = Autosave(None, images, print)
        self.controller = Controller(self.model, room, self.executor, saved)
        self.views = self.controller.for_views()
        self.suggested = _suggested(volume.stack())

    # The worker

    @precondition(lambda self: self.executor.jobs)
    @rule()
    def work(self) -> None:
        with _quick(self.suggested):
            self.executor.run_next()

    @precondition(lambda self: self.executor.jobs)
    @rule()
    def work_and_fail(self) -> None:
        def fail(_index: int) -> None:
            raise RuntimeError("nan")

        self.engine.before = fail
        with _quick(self.suggested):
            self.executor.run_next()
        self.engine.before = lambda _index: None

    @precondition(lambda self: self.executor.jobs)
    @rule(after=st.integers(0, 3))
    def work_and_cancel(self, after: int) -> None:
        count = [0]

        def before(_index: int) -> None:
            count[0] += 1
            if count[0] > after:
                self.views.cancel()

        self.engine.before = before
        with _quick(self.suggested):
            self.executor.run_next()
        self.engine.before = lambda _index: None

    # Seeing

    @rule(index=SLICES)
    def show_slice(self, index: int) -> None:
        self.views.show_slice(index)

    @rule(plane=st.sampled_from(list(Plane)), index=SLICES, at=POINTS)
    def move_cursor(self, plane: Plane, index: int, at: tuple[float, float]) -> None:
        self.views.move_cursor(plane, index, at)

    @rule(plane=st.sampled_from([Plane.AXIAL, Plane.AXIAL, Plane.CORONAL]))
    def show_plane(self, plane: Plane) -> None:
        self.views.show_plane(plane)

    @rule(label=st.sampled_from(["phase 1", "phase 2", "phase 3"]))
    def choose_image(self, label: str) -> None:
        self.views.choose_image(label)

    @rule(preset=st.sampled_from(["auto", "volume", "lesion", "full"]), by=st.floats(-2, 2))
    def change_window(self, preset: str, by: float) -> None:
        self.views.choose_window(preset)
        self.views.drag_window(by, by)

    # Prompting

    @rule(index=SLICES, a=POINTS, b=POINTS)
    def set_box(self, index: int, a: tuple[float, float], b: tuple[float, float]) -> None:
        (x0, x1), (y0, y1) = sorted((a[0], b[0])), sorted((a[1], b[1]))
        self.views.set_box(BoxPrompt(index, x0, y0, x1, y1))

    @rule(index=st.integers(4, 8))
    def set_good_box(self, index: int) -> None:
        self.views.set_box(BoxPrompt(index, 8, 3, 22, 12))

    @rule(index=SLICES, at=POINTS, positive=st.booleans())
    def add_point(self, index: int, at: tuple[float, float], positive: bool) -> None:
        self.views.add_point(index, at, positive)

    @rule(index=SLICES, path=st.lists(POINTS, max_size=3), erase=st.booleans(), mm=st.floats(1, 60))
    def stroke(self, index: int, path: list[tuple[float, float]], erase: bool, mm: float) -> None:
        self.views.set_brush(mm)
        self.views.stroke(index, path, erase)

    @rule(data=st.data())
    def remove_prompt(self, data: st.DataObject) -> None:
        prompts = [p for lesion in self.model.document.lesions for p in lesion.prompts]
        if prompts:
            self.views.remove_prompt(data.draw(st.sampled_from(prompts)))

    @rule()
    def new_lesion(self) -> None:
        self.views.new_lesion()

    @rule(
        key=KEYS,
        action=st.sampled_from(["select", "delete", "hide", "rename", "recolour"]),
    )
    def change_lesion(self, key: int, action: str) -> None:
        actions: dict[str, Callable[[], object]] = {
            "select": lambda: self.views.select_lesion(key),
            "delete": lambda: self.views.delete_lesion(key),
            "hide": lambda: self.views.show_lesion(key, False),
            "rename": lambda: self.views.rename_lesion(key, f"name {key}"),
            "recolour": lambda: self.views.recolour_lesion(key, "#123456"),
        }
        actions[action]()

    @rule()
    def suggest(self) -> None:
        self.views.suggest()

    @rule(number=NUMBERS, accept=st.booleans())
    def answer(self, number: int, accept: bool) -> None:
        (self.views.accept if accept else self.views.dismiss)(number)

    # Propagating

    @rule(name=st.sampled_from(STRATEGIES))
    def choose_strategy(self, name: str) -> None:
        self.views.choose_strategy(name)

    @rule(
        source=st.sampled_from(["automatic", "range", "reference"]),
        ends=st.tuples(SLICES, SLICES),
    )
    def choose_extent(self, source: str, ends: tuple[int, int]) -> None:
        self.views.choose_extent(source, ends)  # type: ignore[arg-type] # Python may give a pair

    @rule()
    def propagate(self) -> None:
        self.views.propagate()

    @rule()
    def propagate_to_the_end(self) -> None:
        self.views.propagate()
        with _quick(self.suggested):
            self.executor.run_all()

    @rule()
    def cancel(self) -> None:
        self.views.cancel()

    @rule(key=KEYS, number=NUMBERS)
    def show_run(self, key: int, number: int) -> None:
        self.views.show_run(key, number)

    @rule()
    def next_doubtful(self) -> None:
        self.views.next_doubtful()

    # Keeping

    @rule()
    def undo_and_redo(self) -> None:
        before = self.model.document
        if self.model.progress.running or not self.model.history.past:
            return
        self.views.undo()
        self.views.redo()
        assert self.model.document is before

    @rule()
    def undo(self) -> None:
        self.views.undo()

    @rule()
    def redo(self) -> None:
        self.views.redo()

    @invariant()
    def the_model_is_valid(self) -> None:
        if hasattr(self, "model"):
            check(self.model)
            assert "That did not work" not in self.model.status.text or (
                "nan" in self.model.status.text
            )

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        with _quick(self.suggested):
            self.executor.run_all()
        end = self.model.document
        assert len(self.model.history.past) < 100  # else the start is forgotten
        steps = 0
        while self.model.history.past:
            self.controller.undo()
            check(self.model)
            steps += 1
        assert _contents(self.model.document) == _contents(Document())
        for _ in range(steps):
            self.controller.redo()
        assert self.model.document is end


def _contents(document: Document) -> tuple[object, ...]:
    return (
        document.lesions,
        document.active,
        document.strategy,
        document.extent,
        document.suggestions,
    )


def _suggested(stack: SliceStack) -> tuple[Suggestion, ...]:
    return suggest_lesions(stack)


class _quick:
    """Without VTK, and with suggestions that were computed once."""

    def __init__(self, suggested: tuple[Suggestion, ...]) -> None:
        self._patches = [
            patch("breastwidget.app.scene_room.make_scene", lambda *_: Scene(html="scene")),
            patch("breastwidget.app.scene_room.Resting", ManualResting),
            patch("breastwidget.app.results.measure", lambda _: None),
            patch("breastwidget.app.results._scores", lambda *_: None),
            patch("breastwidget.suggestions.suggest_lesions", lambda _stack: suggested),
        ]

    def __enter__(self) -> None:
        for each in self._patches:
            each.start()

    def __exit__(self, *_: object) -> None:
        for each in self._patches:
            each.stop()


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

"""`TumorSegmenter` from Python: the whole app on a fake engine, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from app_fakes import BOX, InlineExecutor, ScriptedEngine

from breastwidget.app import TumorSegmenter
from breastwidget.engines.base import FakeEngine
from breastwidget.errors import EngineError, PromptError, ReferenceMaskError, StrategyError
from breastwidget.volume import SliceStack, Volume


@pytest.fixture
def volume(stack: SliceStack) -> Volume:
    return stack.volume


@pytest.fixture
def truth(volume: Volume) -> np.ndarray:
    return volume.data > 50


@pytest.fixture
def app(volume: Volume, truth: np.ndarray) -> Iterator[TumorSegmenter]:
    app = TumorSegmenter(volume, truth, engine=FakeEngine(), executor=InlineExecutor())
    yield app
    app.close()


def test_python_does_what_a_hand_does(app: TumorSegmenter, truth: np.ndarray) -> None:
    assert app.segmentation is None
    app.box = BOX
    assert app.box is BOX
    result = app.propagate()
    assert result is app.segmentation
    assert np.array_equal(result.mask, truth)
    app.propagate("top-to-bottom", extent="reference")
    assert list(app.table.index) == [
        "1. center-outward, box on 6",
        "2. top-to-bottom, box on 6, slices 4 to 8",
    ]
    assert app.table["dice"].tolist() == [1.0, 1.0]
    assert len(app.segmentations) == 2


def test_not_waiting_gives_nothing_but_the_result_comes(app: TumorSegmenter) -> None:
    app.box = BOX
    assert app.propagate(wait=False) is None
    assert app.segmentation is not None


def test_errors_are_raised_to_python(volume: Volume) -> None:
    def fail(_index: int) -> None:
        raise EngineError("The fuse blew.")

    app = TumorSegmenter(volume, engine=ScriptedEngine(fail), executor=InlineExecutor())
    with pytest.raises(PromptError, match="no box"):
        app.propagate()
    with pytest.raises(PromptError, match="out of range"):
        app.box = type(BOX)(99, 1, 1, 2, 2)
    with pytest.raises(StrategyError):
        app.propagate("sideways")
    app.box = BOX
    with pytest.raises(EngineError, match="fuse"):
        app.propagate()
    assert app.table.empty


def test_a_reference_of_another_shape_is_refused(volume: Volume) -> None:
    with pytest.raises(ReferenceMaskError):
        TumorSegmenter(volume, np.ones((2, 2, 2)), engine=FakeEngine())


def test_the_page_holds_every_view_once(app: TumorSegmenter) -> None:
    bundle = app._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    classes = re.findall("bw-[a-z]+", " ".join(_classes(app.widget)))
    for name in ("bw-app", "bw-stage", "bw-viewer", "bw-controls", "bw-surface", "bw-dice"):
        assert classes.count(name) == 1


def _classes(widget: object) -> Iterator[str]:
    yield from getattr(widget, "_dom_classes", ())
    for child in getattr(widget, "children", ()):
        yield from _classes(child)

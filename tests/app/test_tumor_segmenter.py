"""`TumorSegmenter` from Python: the whole app on a fake engine, without a browser."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from app_fakes import BOX, InlineExecutor, ScriptedEngine, active

from breastwidget.app import TumorSegmenter
from breastwidget.app.intents import Intents
from breastwidget.engines.base import FakeEngine
from breastwidget.errors import (
    EngineError,
    PromptError,
    ReferenceMaskError,
    StrategyError,
    VolumeError,
)
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, SliceStack, Source, Volume


@pytest.fixture
def volume(stack: SliceStack) -> Volume:
    return stack.volume


@pytest.fixture
def truth(volume: Volume) -> np.ndarray:
    return volume.data > 50


@pytest.fixture
def app(volume: Volume, truth: np.ndarray, tmp_path: Path) -> Iterator[TumorSegmenter]:
    app = TumorSegmenter(
        volume, truth, engine=FakeEngine(), autosave=tmp_path, executor=InlineExecutor()
    )
    yield app
    app.close()


def test_python_does_what_a_hand_does(app: TumorSegmenter, truth: np.ndarray) -> None:
    assert app.segmentation is None
    app.box = BOX
    assert app.box is BOX
    result = app.propagate()
    assert result is not None
    assert result is app.segmentation
    assert np.array_equal(result.mask, truth)
    app.propagate("top-to-bottom", extent="reference")
    app.propagate("center-outward", extent=(5, 7))
    assert app.model.document.extent.extent == Extent(5, 7)
    assert list(app.table.index) == [
        "1. center-outward, box on 6",
        "2. top-to-bottom, box on 6, slices 4 to 8",
        "3. center-outward, box on 6, slices 5 to 7",
    ]
    assert app.table["dice"].tolist() == pytest.approx([1.0, 1.0, 2 * 150 / 400])
    assert len(app.segmentations) == 3


def test_every_intent_is_a_method_with_a_docstring() -> None:
    intents = [name for name in vars(Intents) if not name.startswith("_")]
    assert len(intents) > 30
    for name in intents:
        method = getattr(TumorSegmenter, name)
        assert inspect.getdoc(method)
        assert next(iter(inspect.signature(method).parameters)) == "self"


def test_several_lesions_from_python(app: TumorSegmenter) -> None:
    app.set_box(BOX)
    app.propagate()
    app.new_lesion()
    assert app.box is None
    assert app.segmentation is None
    app.set_brush(20)
    app.stroke(5, [(15, 7)])
    app.propagate()
    assert [label.split(":")[0] for label in app.table.index] == ["lesion 1", "lesion 2"]
    assert "mask on 5" in app.table.index[1]
    app.select_lesion(1)
    assert app.box is BOX
    app.undo()
    assert active(app.model).key == 2
    app.add_point(6, (12, 7))
    app.propagate()
    assert app.table.index[2].endswith("prompts on 5 and 6, from 6")


def test_not_waiting_gives_nothing_but_the_result_comes(app: TumorSegmenter) -> None:
    app.box = BOX
    assert app.propagate(wait=False) is None
    assert app.segmentation is not None


def test_waiting_for_the_worker(volume: Volume) -> None:
    app = TumorSegmenter(volume, engine=FakeEngine(0.01), autosave=False)
    app.box = BOX
    app.wait()
    assert 6 in active(app.model).masks.by_slice
    app.close()


def test_errors_are_raised_to_python(volume: Volume) -> None:
    def fail(_index: int) -> None:
        raise EngineError("The fuse blew.")

    app = TumorSegmenter(
        volume, engine=ScriptedEngine(fail), autosave=False, executor=InlineExecutor()
    )
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


def test_a_reference_or_a_strategy_that_does_not_fit_is_refused(volume: Volume) -> None:
    with pytest.raises(ReferenceMaskError):
        TumorSegmenter(volume, np.ones((2, 2, 2)), engine=FakeEngine(), autosave=False)
    with pytest.raises(StrategyError):
        TumorSegmenter(volume, engine=FakeEngine(), strategy="sideways", autosave=False)


def make(volume: object, **options: object) -> TumorSegmenter:
    return TumorSegmenter(  # type: ignore[arg-type]
        volume, engine=FakeEngine(), autosave=False, executor=InlineExecutor(), **options
    )


def test_several_images_of_one_scan(volume: Volume) -> None:
    later = Volume(volume.data * 2, volume.affine, "block", source=Source(phase=2), slice_axis=2)
    assert [image.label for image in make([volume, later, later]).model.images] == [
        "block",
        "phase 2",
        "phase 2 (2)",
    ]
    app = make({"before": volume}, phases={"after": later}, plane="coronal")
    assert app.model.plane is Plane.CORONAL
    app.choose_image("after")
    assert app.model.volume is later


def test_images_on_other_grids_are_refused(volume: Volume) -> None:
    moved = Volume(volume.data, volume.affine + np.eye(4, k=3) * 5, "moved")
    smaller = Volume(volume.data[:, :, :5], volume.affine, "smaller")
    for other in (moved, smaller):
        with pytest.raises(VolumeError, match="grid of block"):
            make([volume, other])
    with pytest.raises(VolumeError, match="at least one"):
        make([])


def test_it_shows_itself_in_a_notebook(app: TumorSegmenter) -> None:
    bundle = app._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data

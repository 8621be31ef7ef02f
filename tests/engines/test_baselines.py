"""The engines without a network, on volumes whose answer is known."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import breastwidget as bw
from breastwidget import cli
from breastwidget.engines import Engine, EngineSession, create_engine
from breastwidget.engines.baseline_methods import OtsuGrowth
from breastwidget.engines.baselines import BaselineEngine
from breastwidget.engines.factory import list_engines
from breastwidget.engines.gray_regions import otsu_class, separability
from breastwidget.errors import PromptError
from breastwidget.metrics import dice
from breastwidget.prompts import (
    BoxPrompt,
    Lesion,
    MaskPrompt,
    PointPrompt,
    box_from_reference,
    loosen,
    mask_from_reference,
)
from breastwidget.propagation import propagate
from breastwidget.strategies import Extent, Pass
from breastwidget.volume import SliceStack, Volume

pytestmark = pytest.mark.filterwarnings("error")

SHAPE = (20, 64, 72)
NAMES = ("otsu", "random-walker")


def stack_of(data: np.ndarray, slice_mm: float = 2.0) -> SliceStack:
    """(slice, row, column) voxels of 1 mm x 1 mm as an axial stack in that very order."""
    affine = np.diag([-1.0, -1.0, slice_mm, 1.0])
    stack = Volume(np.asarray(data, np.float32).transpose(2, 1, 0), affine).stack("axial")
    assert np.array_equal(stack.pixels, data.astype(np.float32), equal_nan=True)
    return stack


def ball(slice_: float = 10, row: float = 30, column: float = 34, radius: float = 9) -> np.ndarray:
    """A ball of `radius` mm; its slices are 2 mm apart."""
    k, j, i = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    return (2 * (k - slice_)) ** 2 + (j - row) ** 2 + (i - column) ** 2 <= radius**2


def noisy(inside: np.ndarray, gray: float, background: float = 100.0) -> SliceStack:
    """`inside` at `gray` in a background, both with noise of 8."""
    noise = np.random.default_rng(0).normal(0, 8, inside.shape)
    return stack_of(np.where(inside, gray, background) + noise)


def tracked(name, stack, lesion, strategy="center-outward", extent=None) -> np.ndarray:
    """The masks of all visited slices, (slice, row, column)."""
    if not isinstance(lesion, Lesion):
        lesion = Lesion((lesion,))
    masks = np.zeros(stack.shape, dtype=bool)
    for result in propagate(create_engine(name).open(stack), stack, lesion, strategy, extent):
        masks[result.slice] = result.mask
    return masks


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_is_an_engine_that_encodes_nothing(name):
    engine = create_engine(name)
    session = engine.open(stack_of(ball() * 100.0))
    assert isinstance(engine, Engine)
    assert isinstance(session, EngineSession)
    session.predict(Lesion((box_from_reference(ball(), 10),)), 10)
    assert session.encoded_slices == 0
    # What `replay` does with a saved session.
    assert create_engine(engine.info.name, **dict(engine.info.settings)).info == engine.info


@pytest.mark.parametrize(("gray", "background"), [(200.0, 10.0), (10.0, 200.0)])
def test_otsu_is_exact_where_there_is_no_noise(gray, background):
    inside = ball()
    stack = stack_of(np.where(inside, gray, background))
    masks = tracked("otsu", stack, box_from_reference(inside, 10))
    assert np.array_equal(masks, inside)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gray", [180.0, 20.0], ids=["bright", "dark"])
@pytest.mark.parametrize("looser", [0.0, 0.25])
@pytest.mark.parametrize("strategy", bw.STRATEGIES)
def test_a_ball_in_noise_is_found_by_every_strategy(name, gray, looser, strategy):
    inside = ball()
    box = loosen(box_from_reference(inside, 10), looser, SHAPE[1:])
    masks = tracked(name, noisy(inside, gray), box, strategy, Extent(6, 14))
    assert dice(masks, inside) > 0.96


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("strategy", "start"), [("top-to-bottom", 14), ("bottom-to-top", 6)])
def test_a_ball_is_grown_from_its_tip(name, strategy, start):
    inside = ball()
    box = box_from_reference(inside, start)
    masks = tracked(name, noisy(inside, 180.0), box, strategy, Extent(6, 14))
    assert dice(masks, inside) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_an_object_that_ends_is_gone_and_stays_gone(name):
    """Two balls one behind the other: the second, beyond empty slices, is another object."""
    inside, other = ball(slice_=5, radius=7), ball(slice_=15, radius=7)
    stack = stack_of(np.where(inside | other, 200.0, 10.0))
    lesion = Lesion((box_from_reference(inside, 5),))
    results = list(create_engine(name).open(stack).track(lesion, Pass(tuple(range(5, 20)))))
    shown = [result.slice for result in results if result.present]
    assert shown == [5, 6, 7, 8]
    for result in results[4:]:
        assert not result.mask.any()
        assert (result.object_probability, result.predicted_iou) == (0.0, 0.0)
    automatic = [r.slice for r in propagate(create_engine(name).open(stack), stack, lesion)]
    assert automatic == [5, 6, 7, 8, 9, 10, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_neighbour_one_pixel_away_is_left_alone(name):
    inside, other = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    inside[6:15, 20:36, 20:30] = True
    other[6:15, 20:36, 31:41] = True
    stack = stack_of(np.where(inside | other, 200.0, 10.0))
    masks = tracked(name, stack, box_from_reference(inside, 10), extent=Extent(4, 16))
    assert np.array_equal(masks, inside)


@pytest.mark.parametrize("name", NAMES)
def test_specks_in_the_box_are_dropped_unless_clicked(name):
    """A ball of 49 pixels and, in the same box, two pixels apart from it."""
    inside = ball(radius=4)
    speck = np.zeros(SHAPE, dtype=bool)
    speck[10, 38, 40:42] = True
    box = box_from_reference(inside | speck, 10)
    session = create_engine(name).open(stack_of(np.where(inside | speck, 200.0, 10.0)))
    alone = session.predict(Lesion((box,)), 10)
    clicked = session.predict(Lesion((box, PointPrompt(10, 40.5, 38.5))), 10)
    assert np.array_equal(alone.mask, inside[10])
    assert np.array_equal(clicked.mask, (inside | speck)[10])


def test_a_painted_mask_without_contrast_is_kept_and_leads_nowhere():
    painted = MaskPrompt(10, ball()[10])
    data = np.where(ball(slice_=3, radius=4), 200.0, 10.0)
    session = create_engine("otsu").open(stack_of(data))
    given, beside = session.track(Lesion((painted,)), Pass((10, 11)))
    assert np.array_equal(given.mask, painted.mask)
    assert not beside.mask.any()
    assert beside.object_probability == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_a_leak_stays_in_the_column_of_the_box(name):
    """The ball melts into tissue of its own gray on all other slices."""
    data = np.where(ball(radius=16), 200.0, 10.0)
    data[11:] = 200.0
    box = box_from_reference(ball(radius=16), 10)
    masks = tracked(name, stack_of(data), box, extent=Extent(3, 19))
    rows, columns = np.flatnonzero(masks.any((0, 2))), np.flatnonzero(masks.any((0, 1)))
    assert (rows[0], rows[-1] + 1) == (box.y0, box.y1)
    assert (columns[0], columns[-1] + 1) == (box.x0, box.x1)


@pytest.mark.parametrize("name", NAMES)
def test_a_mask_prompt_is_its_slices_result_and_seeds_the_rest(name):
    inside = ball()
    painted = inside[10].copy()
    painted[30, 34] = False  # a hole that no method would leave
    masks = tracked(name, noisy(inside, 20.0), MaskPrompt(10, painted), extent=Extent(6, 14))
    assert np.array_equal(masks[10], painted)
    assert dice(masks, inside) > 0.96


@pytest.mark.parametrize("name", NAMES)
def test_a_click_finds_the_part_that_it_is_on(name):
    inside = ball(column=28, radius=7)
    stack = noisy(inside | ball(column=44, radius=7), 200.0)
    masks = tracked(name, stack, PointPrompt(10, 29.5, 31.5), extent=Extent(7, 13))
    assert dice(masks, inside) > 0.94


@pytest.mark.parametrize("name", NAMES)
def test_a_negative_click_removes_the_part_that_it_hits(name):
    inside, other = ball(column=26, radius=7), ball(column=42, radius=7)
    stack = noisy(inside | other, 200.0)
    box = box_from_reference(inside | other, 10)
    both = create_engine(name).open(stack).predict(Lesion((box,)), 10)
    one = Lesion((box, PointPrompt(10, 42.5, 30.5, positive=False)))
    left = create_engine(name).open(stack).predict(one, 10)
    assert dice(both.mask[None], (inside | other)[10:11]) > 0.95
    assert dice(left.mask[None], inside[10:11]) > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_a_negative_click_on_another_slice_ends_the_object_there(name):
    box, click = box_from_reference(ball(), 10), PointPrompt(12, 34.5, 30.5, positive=False)
    masks = tracked(name, noisy(ball(), 200.0), Lesion((box, click)), extent=Extent(6, 14))
    assert np.flatnonzero(masks.any((1, 2))).tolist() == [6, 7, 8, 9, 10, 11]


def test_negative_clicks_alone_say_nothing_about_where_it_is():
    session = create_engine("otsu").open(noisy(ball(), 200.0))
    lesion = Lesion((PointPrompt(10, 3.0, 3.0, positive=False),))
    results = [session.predict(lesion, 10), *session.track(lesion, Pass((10, 11)))]
    assert [result.slice for result in results] == [10, 10, 11]
    assert not any(result.mask.any() or result.present for result in results)


def test_every_prompted_slice_seeds_what_is_nearest_to_it():
    """A rod that jumps aside between slices 9 and 10, which no growing could follow."""
    inside = np.zeros(SHAPE, dtype=bool)
    inside[4:10, 10:20, 10:20] = True
    inside[10:17, 40:52, 40:52] = True
    lesion = Lesion((box_from_reference(inside, 6), box_from_reference(inside, 13)))
    stack = stack_of(np.where(inside, 200.0, 10.0))
    for strategy in bw.STRATEGIES:
        masks = tracked("otsu", stack, lesion, strategy, Extent(4, 16))
        assert np.array_equal(masks, inside)


class CountingGrowth(OtsuGrowth):
    """Counts the slices that are grown."""

    def __init__(self) -> None:
        self.grown = 0

    def follow(self, picture, previous, scene):
        self.grown += 1
        return super().follow(picture, previous, scene)


def test_cancelling_is_no_longer_iterating():
    growth = CountingGrowth()
    session = BaselineEngine(growth).open(noisy(ball(), 200.0))
    results = session.track(Lesion((box_from_reference(ball(), 10),)), Pass((10, 11, 12, 13)))
    assert growth.grown == 0
    assert [next(results).slice for _ in range(3)] == [10, 11, 12]
    results.close()
    assert growth.grown == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_one_way_pass_from_the_middle_gives_what_center_outward_gives(name):
    stack, box = noisy(ball(), 200.0), box_from_reference(ball(), 10)
    one_way = tracked(name, stack, box, "top-to-bottom", Extent(6, 14))
    assert np.array_equal(one_way, tracked(name, stack, box, extent=Extent(6, 14)))


@pytest.mark.parametrize("name", NAMES)
def test_figures_lie_between_0_and_1_and_masks_are_bool_pictures(name):
    session = create_engine(name).open(noisy(ball(), 200.0))
    lesion = Lesion((box_from_reference(ball(), 10),))
    for result in session.track(lesion, Pass((10, 11, 12, 13, 14, 15))):
        assert result.mask.shape == SHAPE[1:]
        assert result.mask.dtype == bool
        assert 0.0 <= result.predicted_iou <= 1.0
        assert 0.0 <= result.object_probability <= 1.0
        assert result.seconds >= 0.0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "box",
    [
        BoxPrompt(0, 0.0, 0.0, 72.0, 64.0),
        BoxPrompt(19, 34.2, 30.2, 34.4, 30.4),
        BoxPrompt(10, 71.0, 63.0, 72.0, 64.0),
        BoxPrompt(2, 0.0, 0.0, 5.0, 5.0),
    ],
    ids=["all", "less than a pixel", "corner", "beside the ball"],
)
def test_odd_boxes_give_an_answer(name, box):
    data = np.where(ball(), 200.0, 10.0)
    data[:3] = 7.0  # nothing to part
    data[10, 62:, 70:] = np.nan
    masks = tracked(name, stack_of(data), box, extent=Extent(0, 19))
    assert masks.shape == SHAPE
    if box.slice < 3:
        assert not masks.any()


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_smaller_than_the_limit_is_not_all_object(name):
    inside = ball(row=7, column=7, radius=5)[:, :15, :15]
    stack = stack_of(np.where(inside, 200.0, 10.0))
    masks = tracked(name, stack, box_from_reference(inside, 10), extent=Extent(8, 12))
    assert dice(masks, inside) > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_a_tiny_lesion_is_not_clipped_away(name):
    """Two pixels in some 300: less than the percentiles that gray is scaled by."""
    inside = np.zeros(SHAPE, dtype=bool)
    inside[8:13, 30, 34:36] = True
    stack = stack_of(np.where(inside, 200.0, 10.0))
    masks = tracked(name, stack, box_from_reference(inside, 10))
    assert np.array_equal(masks, inside)


def test_prompts_that_cannot_be_used_are_refused():
    session = create_engine("otsu").open(noisy(ball(), 200.0))
    lesion = Lesion((box_from_reference(ball(), 10),))
    with pytest.raises(PromptError, match="Slice 11 carries no prompt of lesion 1; expected one"):
        session.predict(lesion, 11)
    with pytest.raises(PromptError, match="has no prompt"):
        next(iter(session.track(Lesion(()), Pass((1,)))))
    with pytest.raises(PromptError, match="out of range"):
        session.predict(Lesion((BoxPrompt(20, 0, 0, 5, 5),)), 20)


def test_separability_by_hand():
    """Inside 1 and 3, outside 0 and 0: between-class variance 1, in all 1.5."""
    picture = np.array([[1.0, 3.0, 0.0, 0.0]], dtype=np.float32)
    mask = np.array([[True, True, False, False]])
    assert separability(picture, mask, True, (1.0, 1.0)) == pytest.approx(2 / 3)
    assert separability(picture, mask, False, (1.0, 1.0)) == 0.0
    assert separability(picture, ~mask, False, (1.0, 1.0)) == pytest.approx(2 / 3)
    assert separability(picture, np.zeros_like(mask), True, (1.0, 1.0)) == 0.0
    # Slices of 3 mm pixels: the last column lies 6 mm away, beyond the ring of 4 mm.
    assert separability(picture, mask, True, (3.0, 3.0)) == pytest.approx(
        (2 / 3) * (1 / 3) * 4 / np.var([1.0, 3.0, 0.0])
    )


def test_the_middle_of_the_box_says_which_class_is_the_lesion():
    dark = np.full((20, 20), 50.0, dtype=np.float32)
    dark[6:14, 6:14] = 5.0
    found = otsu_class(dark, (6.0, 6.0, 14.0, 14.0))
    assert not found.bright
    assert 5.0 <= found.threshold < 50.0
    assert otsu_class(-dark, (6.0, 6.0, 14.0, 14.0)).bright


@pytest.mark.parametrize("name", NAMES)
def test_the_phantoms_lesion_is_followed(name):
    phantom = bw.make_phantom("single", 0)
    volume = phantom.subtraction(1)
    stack = volume.stack()
    reference = stack.from_voxels(phantom.reference)
    shown = np.flatnonzero(reference.any((1, 2)))
    middle = int(shown[len(shown) // 2])
    segmenter = bw.Segmenter(volume, name)
    extent = (int(shown[0]), int(shown[-1]))
    for prompt in (box_from_reference(reference, middle), mask_from_reference(reference, middle)):
        result = segmenter.segment(prompt, extent=extent)
        assert dice(result.mask, phantom.reference) > 0.93
    automatic = segmenter.segment(box_from_reference(reference, middle))
    assert dice(automatic.mask, phantom.reference) > 0.9


def test_baselines_need_no_torch():
    script = (
        "import sys; sys.modules['torch'] = sys.modules['sam2'] = None\n"
        "import numpy as np, breastwidget as bw\n"
        "data = np.zeros((30, 30, 9), np.float32); data[10:20, 10:20, 2:7] = 1\n"
        "volume = bw.Volume(data, np.diag([-1.0, -1.0, 2.0, 1.0]))\n"
        "box = bw.BoxPrompt(4, 10, 10, 20, 20)\n"
        "print(*(int(bw.segment(volume, box, plane='axial', engine=name).mask.sum())"
        " for name in ('otsu', 'random-walker')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["500", "500"], done.stderr


def test_the_list_of_engines_has_the_baselines_last(monkeypatch, capsys):
    rows = list_engines()
    assert [row.name for row in rows[-2:]] == ["otsu", "random-walker"]
    assert all(row.cached and row.megabytes == 0 and row.licence for row in rows[-2:])
    monkeypatch.setattr("sys.argv", ["breastwidget", "engines", "--json"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    printed = capsys.readouterr().out
    assert '"otsu"' in printed
    assert '"random-walker"' in printed


def test_listing_engines_loads_neither_scikit_image_nor_torch():
    script = (
        "import sys; from breastwidget.engines import factory; factory.list_engines();"
        "print([m for m in ('torch', 'skimage', 'sam2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

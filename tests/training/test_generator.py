"""The clip generator: shapes, prompts, the end of the object, determinism."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from training.draw import Draw
from training.generator import draw_batch, draw_box, draw_clip, draw_slices
from training.lesions import OUTSIDE, Extents, Grid, ellipsoid, lesion_field

SIZE = 64


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """The generator's many small steps are fastest on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_batch_has_clips_frames_rows_and_columns() -> None:
    batch = draw_batch(seed=3, clips=2, frames=6, size=SIZE)
    assert batch.pictures.shape == (2, 6, SIZE, SIZE)
    assert batch.masks.shape == (2, 6, SIZE, SIZE)
    assert batch.masks.dtype == torch.bool
    assert batch.boxes.shape == (2, 4)
    assert batch.frames == 6


def test_pictures_are_finite_and_lie_between_zero_and_one() -> None:
    pictures = draw_batch(seed=4, clips=8, frames=1, size=SIZE).pictures
    assert torch.isfinite(pictures).all()
    assert pictures.min() >= 0.0
    assert pictures.max() <= 1.0
    assert (pictures.flatten(1).std(1) > 0.0).all()


def test_the_same_seed_gives_the_same_batch_and_another_one_another() -> None:
    first, again, other = (draw_batch(seed, 2, 4, SIZE) for seed in (7, 7, 8))
    assert torch.equal(first.pictures, again.pictures)
    assert torch.equal(first.masks, again.masks)
    assert torch.equal(first.boxes, again.boxes)
    assert not torch.equal(first.pictures, other.pictures)


def test_some_clips_run_past_the_end_of_the_lesion_and_some_grow_first() -> None:
    draw = Draw(11)
    clips = [draw_clip(draw, frames=14, prompted=0, size=SIZE) for _ in range(24)]
    areas = [clip.masks.flatten(1).sum(1) for clip in clips]
    assert all(area[0] > 0 for area in areas)
    assert sum(int(area[-1] == 0) for area in areas) >= 3
    assert sum(int(area.max() > 1.5 * area[0]) for area in areas) >= 3


def test_a_clip_prompted_in_its_middle_shows_the_lesion_there() -> None:
    clip = draw_clip(Draw(2), frames=7, prompted=3, size=SIZE)
    assert clip.prompted == 3
    assert clip.masks[3].any()


def test_the_region_is_centred_on_the_box_and_the_box_meets_the_lesion() -> None:
    draw = Draw(5)
    for clip in draw_slices(draw, 8, SIZE):
        middle = (clip.box[:2] + clip.box[2:]) / 2
        assert (middle - SIZE / 2).abs().max() < 0.15 * SIZE
        rows, columns = torch.where(clip.masks[0])
        assert clip.box[0] - 3 <= columns.float().mean() <= clip.box[2] + 3
        assert clip.box[1] - 3 <= rows.float().mean() <= clip.box[3] + 3


def test_a_drawn_box_covers_most_of_its_mask() -> None:
    mask = torch.zeros(40, 40, dtype=torch.bool)
    mask[10:20, 5:25] = True
    for seed in range(20):
        box = draw_box(mask, Draw(seed))
        assert torch.allclose(box, torch.tensor([5.0, 10.0, 25.0, 20.0]), atol=4.0)


def test_an_ellipsoid_is_one_at_its_centre_and_ends_after_its_half_extent() -> None:
    grid = Grid.square(65, [-4, 0, 4])
    field = ellipsoid(grid, Draw(1), Extents(0.2, 3.0, 0.0), drift=0.0)
    assert (field[[0, 2]] < 0).all()
    assert field[1].max() <= 1.0


@pytest.mark.parametrize("seed", range(4))
def test_a_lesion_field_is_bounded_below_far_away(seed: int) -> None:
    grid = Grid.square(48, list(range(5)))
    field = lesion_field(grid, Draw(seed), Extents(0.1, 4.0, 2.0))
    assert field.shape == (5, 48, 48)
    assert field.min() == OUTSIDE
    assert field[2, 0, 0] == OUTSIDE

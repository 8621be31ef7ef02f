"""What training shows of a lesion's grays, in which order batches come, and at which rate."""

from __future__ import annotations

import pytest
import torch

from breastwidget.engines.appearance import around, core, learn_appearance
from training.generator import Batch, draw_batch
from training.loader import Loader, Order
from training.looks import clip_looks
from training.schedule import SCHEDULES

SIZE = 64


def growing_batch() -> Batch:
    """A square that is 0.9 on the prompted frame and 0.5 on the others, which are wider."""
    pictures = torch.full((1, 4, SIZE, SIZE), 0.2)
    masks = torch.zeros((1, 4, SIZE, SIZE), dtype=torch.bool)
    for frame, half in enumerate((6, 12, 12, 13)):
        masks[0, frame, 32 - half : 32 + half, 32 - half : 32 + half] = True
        pictures[0, frame][masks[0, frame]] = 0.9 if frame == 0 else 0.5
    box = torch.tensor([[26.0, 26.0, 38.0, 38.0]])
    return Batch(pictures, masks, torch.ones(1, SIZE, SIZE, dtype=torch.bool), box, 0)


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_masks_clip_begins_with_what_the_mask_tells():
    batch = growing_batch()
    picture, mask = batch.pictures[0, 0], batch.masks[0, 0]
    told = learn_appearance(picture[core(mask)], picture[around(mask)])
    looks = clip_looks(batch, 0, "mask", drawn(1))
    assert len(looks) == 4
    assert looks[0] == looks[1] == told
    assert told.lesion == pytest.approx(0.9)


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_a_lesion_that_has_grown_is_mostly_learnt_again_for_the_frames_after_it(kind):
    clips = [clip_looks(growing_batch(), 0, kind, drawn(seed)) for seed in range(40)]
    again = [looks for looks in clips if looks[2].lesion == pytest.approx(0.5)]
    assert 20 <= len(again) < 40
    for looks in again:
        assert looks[1].lesion == pytest.approx(0.9)  # its own mask is not known yet
        assert looks[3] == looks[2]  # nor has it grown much since


def test_several_drawers_give_the_batches_in_the_order_asked_for():
    with Loader(drawers=2) as loader:
        for seed in (5, 6, 7):
            loader.order(Order(seed, clips=1, frames=1, size=32))
        taken = [loader.take() for _ in range(3)]
    for seed, batch in zip((5, 6, 7), taken, strict=True):
        assert torch.equal(batch.pictures, draw_batch(seed, 1, 1, 32).pictures)


def test_training_further_warms_up_and_comes_to_rest():
    schedule = SCHEDULES["further"]
    rates = [schedule.rate_at(share / 100) for share in range(101)]
    assert rates[0] < 0.1 * max(rates)
    assert rates.index(max(rates)) < 10
    assert rates[-1] == pytest.approx(1e-5)
    assert SCHEDULES["whole"].stage_at(0.1) == 0
    assert SCHEDULES["whole"].stage_at(0.5) == 1
    assert SCHEDULES["whole"].stage_at(1.0) == 2

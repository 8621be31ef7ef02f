"""A training run that was killed goes on where it was saved."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from training.generator import draw_batch
from training.state import Progress
from training.train import Trainer


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_it_takes_the_same_steps_as_if_nothing_had_happened(tmp_path):
    begun = Trainer(tmp_path, Progress(seed=3, minutes=60.0))
    begun.step(draw_batch(1, clips=2, frames=1, size=192), seconds=1.0)
    begun.save()
    resumed = Trainer(tmp_path, Progress(seed=3, minutes=90.0), resume=True)
    assert resumed.progress.step == 1
    assert resumed.progress.elapsed_s == begun.progress.elapsed_s
    assert resumed.progress.minutes == 90.0
    begun.ordered = begun.progress.step  # what was ordered ahead is ordered again
    assert resumed.next_order() == begun.next_order()
    batch = draw_batch(2, clips=2, frames=3, size=192)
    for trainer in (begun, resumed):
        trainer.progress.minutes = 60.0
        trainer.step(batch, seconds=0.0)
    ours, theirs = resumed.model.state_dict(), begun.model.state_dict()
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-6) for name in theirs)


def test_training_further_begins_with_given_weights(tmp_path):
    first = Trainer(tmp_path, Progress(seed=3, minutes=60.0))
    first.save()
    second = Trainer(
        tmp_path, Progress(4, 60.0, "further"), start=tmp_path / "nano.safetensors", device="cpu"
    )
    given = load_file(tmp_path / "nano.safetensors")
    assert all(torch.equal(value, given[name]) for name, value in second.model.state_dict().items())
    assert second.stage.least_frames == 5

"""Processes that train together: mean gradients, and what happens to a batch that went wrong."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from training import crew
from training.crew import Crew


def model_with_gradient(value: float) -> nn.Module:
    model = nn.Linear(2, 1, bias=False)
    model.weight.grad = torch.full((1, 2), value)
    return model


def share_gradients(folder: Path, fails: bool, mine: Crew) -> None:
    """Rank 0 has the gradient 1, rank 1 has 3, which does not count where it `fails`."""
    torch.set_num_threads(1)
    model = model_with_gradient(1.0 + 2.0 * mine.rank)
    finite = not (fails and mine.rank == 1)
    elapsed_s = mine.average_gradients(model, finite, 10.0 + 4.0 * mine.rank)
    torch.save((model.weight.grad, elapsed_s), folder / f"{mine.rank}.pt")


@pytest.mark.parametrize(("fails", "expected"), [(False, 2.0), (True, 1.0)])
def test_all_get_the_mean_gradient_of_those_that_count(
    tmp_path: Path, fails: bool, expected: float
) -> None:
    crew.start(2, partial(share_gradients, tmp_path, fails))
    for rank in (0, 1):
        gradient, elapsed_s = torch.load(tmp_path / f"{rank}.pt")
        assert torch.allclose(gradient, torch.full((1, 2), expected))
        assert elapsed_s == pytest.approx(12.0)


def test_alone_nothing_is_averaged() -> None:
    model = model_with_gradient(3.0)
    assert Crew().average_gradients(model, True, 5.0) == 5.0
    assert torch.equal(model.weight.grad, torch.full((1, 2), 3.0))


def test_alone_a_loss_that_is_not_finite_is_no_step() -> None:
    assert Crew().average_gradients(model_with_gradient(3.0), False, 5.0) is None

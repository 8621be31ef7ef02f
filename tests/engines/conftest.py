"""Small stacks, and a network that counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from breastwidget.engines.feature_cache import Features
from breastwidget.engines.memory import Outcome
from breastwidget.volume import SliceStack, Volume


@pytest.fixture(autouse=True)
def one_thread():
    """Leave the other cores to others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def ellipsoid_stack() -> SliceStack:
    """A bright ellipsoid on noise, 11 slices of 48 rows x 60 columns, 3 x 1 x 1 mm, axial."""
    draw = np.random.default_rng(4)
    k, j, i = np.mgrid[:11, :48, :60]
    inside = ((k - 5) / 4.5) ** 2 + ((j - 22) / 9.0) ** 2 + ((i - 33) / 11.0) ** 2 < 1
    data = (draw.normal(100, 15, inside.shape) + 120 * inside).astype(np.float32)
    return Volume(data.transpose(2, 1, 0), np.diag([-1.0, -1.0, 3.0, 1.0])).stack("axial")


class ThresholdNetwork:
    """In the place of SAM 2: whatever is brighter than half the window, with what it was given.

    `seen` lists each tracked slice with the slices remembered then and the direction.
    """

    image_size = 32
    look_back = 2
    pointer_look_back = 4

    def __init__(self) -> None:
        self.pictures = 0
        self.seen: list[tuple[int, tuple[int, ...], bool]] = []

    def encode(self, pictures):
        self.pictures += len(pictures)
        return [Features((picture[None, :1],)) for picture in pictures]

    def prompt(self, features, _inputs, field):
        return self._outcome(features, field, prompted=True)

    def track(self, features, field, bank, index, _slices, reverse):
        self.seen.append((index, tuple(sorted(bank.remembered())), reverse))
        return self.remember(None, self._outcome(features, field, prompted=False))

    def remember(self, _features, outcome):
        return Outcome(**{**vars(outcome), "memory": torch.zeros(1)})

    def _outcome(self, features, field, prompted):
        score = torch.tensor([[2.0]])
        logits = features.maps[0] - 0.5
        return Outcome(field, logits, torch.zeros(1, 4), score, 0.75, prompted)


@pytest.fixture
def network() -> ThresholdNetwork:
    return ThresholdNetwork()

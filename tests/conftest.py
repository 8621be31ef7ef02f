"""Fixtures that read as nouns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from breastwidget.volume import Volume

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real cases, which lies beside the project and is not part of it."""
    if not REAL_DATA.is_dir():
        pytest.skip("real cases are not here: put them at ../shared/data to run this test")
    return REAL_DATA


@pytest.fixture
def ball() -> np.ndarray:
    """A ball of radius 6 voxels about (16, 20, 10) in a 32 x 40 x 20 grid."""
    i, j, k = np.ogrid[:32, :40, :20]
    return (i - 16) ** 2 + (j - 20) ** 2 + (k - 10) ** 2 <= 36


@pytest.fixture
def ball_volume(ball: np.ndarray) -> Volume:
    """The ball at 200 on a background of 10; L, A, S axes, so every axis has another direction."""
    affine = np.diag([-1.0, 1.0, 2.0, 1.0])
    return Volume(np.where(ball, 200, 10).astype(np.int16), affine, "ball")

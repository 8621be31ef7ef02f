"""Slice pictures and places in words: pure functions."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from breastwidget.app import picture
from breastwidget.app.model import Window
from breastwidget.app.picture import (
    MAX_BYTES,
    Encoder,
    describe_place,
    physical_size_mm,
    place_of_voxel,
    voxel_at,
)
from breastwidget.volume import SliceStack


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_small_picture_is_exact() -> None:
    kind, data = Encoder().encode(np.array([[0, 50], [100, 200]]), Window(0.0, 100.0))
    assert kind == "png"
    assert decoded(data).tolist() == [[0, 128], [255, 255]]


def test_a_large_smooth_picture_is_exact() -> None:
    ramp = np.broadcast_to(np.arange(512), (512, 512))
    kind, data = Encoder().encode(ramp, Window(0.0, 511.0))
    assert kind == "png"
    assert len(data) <= MAX_BYTES
    assert decoded(data)[7].tolist() == np.rint(np.arange(512) * 255 / 511).tolist()


@pytest.mark.parametrize("size", [300, 512])
def test_noise_is_compressed_below_the_limit(size: int) -> None:
    noise = np.random.default_rng(0).normal(60, 25, (size, size))
    kind, data = Encoder().encode(noise, Window(0.0, 120.0))
    assert len(data) <= MAX_BYTES
    assert kind == "jpeg"
    assert decoded(data).shape == (size, size)


def test_the_best_quality_that_fits_is_taken() -> None:
    """Realistic noise, 5 % of the range, at 512 x 512: no gray value is far off."""
    rng = np.random.default_rng(1)
    tissue = 60 + 40 * np.sin(np.arange(512) / 40)[:, None] * np.cos(np.arange(512) / 30)
    noisy = tissue + rng.normal(0, 6, (512, 512))
    kind, data = Encoder().encode(noisy, Window(0.0, 120.0))
    assert kind == "jpeg"
    assert 0.75 * MAX_BYTES < len(data) <= MAX_BYTES
    exact = decoded(Encoder().encode(noisy, Window(0.0, 120.0), exact=True)[1]).astype(float)
    apart = decoded(data) - exact
    assert np.sqrt((apart**2).mean()) < 10


def test_the_next_slice_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []
    really = picture._as_jpeg

    def counted(image: Image.Image, step: float) -> bytes:
        tries.append(step)
        return really(image, step)

    monkeypatch.setattr(picture, "_as_jpeg", counted)
    rng = np.random.default_rng(2)
    encoder = Encoder()
    for slice_number in range(5):
        noise = rng.normal(60, 8 + slice_number / 4, (512, 512))
        kind, data = encoder.encode(noise, Window(0.0, 120.0))
        assert kind == "jpeg"
        assert 0.75 * MAX_BYTES < len(data) <= MAX_BYTES
    assert len(tries) <= 8


def test_where_nothing_fits_the_coarsest_comes() -> None:
    noise = np.random.default_rng(3).integers(0, 2, (1024, 1024))  # which nothing compresses
    kind, data = Encoder().encode(noise, Window(0.0, 1.0))
    assert kind == "jpeg"
    assert MAX_BYTES < len(data) < noise.size
    assert decoded(data).shape == noise.shape


def test_an_exact_picture_is_exact_at_any_size() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512))
    kind, data = Encoder().encode(noise, Window(0.0, 255.0), exact=True)
    assert kind == "png"
    assert len(data) > MAX_BYTES
    assert np.array_equal(decoded(data), noise)


def test_the_physical_size_is_columns_by_rows(stack: SliceStack) -> None:
    assert physical_size_mm(stack) == (64.0, 24.0)


@pytest.mark.parametrize(
    ("at", "row", "column"),
    [((0.0, 0.0), 0, 0), ((10.99, 5.0), 5, 10), ((32.0, 24.0), 23, 31), ((-3.0, 99.0), 23, 0)],
)
def test_a_point_lies_in_one_voxel(
    stack: SliceStack, at: tuple[float, float], row: int, column: int
) -> None:
    voxel = voxel_at(stack, 7, at)
    assert voxel == stack.to_voxel_index((7, row, column))
    assert place_of_voxel(stack, voxel) == (7, (column + 0.5, row + 0.5))


def test_a_place_in_words(stack: SliceStack) -> None:
    # Voxel axes are the stack's own, column, row and slice; the affine is diag(-2, -1, 3).
    assert describe_place(stack, (11, 6, 4)) == (
        "voxel (11, 6, 4) = 100",
        "(-22.0, -6.0, 12.0) mm RAS",
    )

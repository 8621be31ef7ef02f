"""Slice pictures and what lies over them: pure functions."""

from __future__ import annotations

import io

import numpy as np
import pytest
from app_fakes import BOX
from PIL import Image

from breastwidget.app.model import AppModel, Masks, Window
from breastwidget.app.picture import MAX_BYTES, encode_picture, physical_size_mm, resolve_overlay


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_small_picture_is_exact() -> None:
    kind, data = encode_picture(np.array([[0, 50], [100, 200]]), Window(0.0, 100.0))
    assert kind == "png"
    assert decoded(data).tolist() == [[0, 128], [255, 255]]


@pytest.mark.parametrize("size", [256, 512])
def test_noise_of_512_pixels_stays_below_the_limit(size: int) -> None:
    noise = np.random.default_rng(0).normal(60, 25, (size, size))
    kind, data = encode_picture(noise, Window(0.0, 120.0))
    assert len(data) <= MAX_BYTES
    assert kind == "jpeg"
    assert decoded(data).shape == (size, size)


def test_the_physical_size_is_columns_by_rows(model: AppModel) -> None:
    assert physical_size_mm(model.stack) == (64.0, 24.0)


def test_the_overlay_holds_what_lies_on_the_slice_shown(model: AppModel) -> None:
    mask = model.reference[6]
    model.update(box=BOX, masks=Masks().with_slice(6, mask), slice_index=6)
    overlay = resolve_overlay(model)
    assert overlay.mask is mask
    assert overlay.box is BOX
    assert np.array_equal(overlay.reference, mask)
    model.update(slice_index=5)
    overlay = resolve_overlay(model)
    assert overlay.mask is None
    assert overlay.box is None
    assert overlay.reference is not None
    model.update(slice_index=0)
    assert resolve_overlay(model).reference is None

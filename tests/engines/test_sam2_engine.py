from __future__ import annotations

import numpy as np
import pytest
import torch
from sam2.modeling.sam.transformer import RoPEAttention

from breastwidget.engines import Engine, EngineSession, find_checkpoint
from breastwidget.engines import sam2 as ours
from breastwidget.engines.sam2 import LeanCrossAttention, MergedCrossAttention, MergedSelfAttention
from breastwidget.prompts import BoxPrompt, Lesion
from breastwidget.strategies import Pass

LESION = Lesion((BoxPrompt(5, 22.0, 13.0, 45.0, 31.0),))


def twin_of(kind, **options):
    """The package's attention and ours with the same random weights."""
    torch.manual_seed(2)
    plain = RoPEAttention(
        embedding_dim=32, num_heads=1, rope_k_repeat=True, feat_sizes=(6, 6), **options
    )
    twin = kind(embedding_dim=32, num_heads=1, rope_k_repeat=True, feat_sizes=(6, 6), **options)
    twin.load_state_dict(plain.state_dict())
    return plain.eval(), twin.eval()


@pytest.mark.parametrize("pointers", [0, 8])
@pytest.mark.parametrize("kind", [LeanCrossAttention, MergedCrossAttention])
@torch.no_grad()
def test_attention_to_memories_is_the_packages(kind, pointers, monkeypatch):
    monkeypatch.setattr(ours, "_KEEP", 1.0)
    plain, twin = twin_of(kind, kv_in_dim=8)
    q, k, v = torch.randn(1, 36, 32), *torch.randn(2, 1, 3 * 36 + pointers, 8)
    expected = plain(q, k.clone(), v, num_k_exclude_rope=pointers)
    torch.testing.assert_close(twin(q, k, v, num_k_exclude_rope=pointers), expected)


@torch.no_grad()
def test_self_attention_with_all_tokens_kept_is_the_packages(monkeypatch):
    monkeypatch.setattr(ours, "_KEEP", 1.0)
    plain, twin = twin_of(MergedSelfAttention)
    x = torch.randn(1, 36, 32)
    torch.testing.assert_close(twin(x, x, x), plain(x, x, x))


@torch.no_grad()
def test_another_picture_size_gets_its_own_rotation():
    plain, twin = twin_of(LeanCrossAttention, kv_in_dim=8)
    q, k, v = torch.randn(1, 64, 32), *torch.randn(2, 1, 64, 8)
    torch.testing.assert_close(twin(q, k, v), plain(q, k, v))


@pytest.fixture(scope="module")
def nano_masks(ellipsoid_stack) -> np.ndarray:
    return masks_of(ours.Sam2Engine(find_checkpoint("nano")), ellipsoid_stack)


def masks_of(engine, stack) -> np.ndarray:
    session = engine.open(stack)
    return np.array([result.mask for result in session.track(LESION, Pass(tuple(range(5, 11))))])


@pytest.mark.parametrize(
    "setting", [{"attention": "merged"}, {"precision": "bfloat16"}], ids=lambda s: str(s)
)
def test_fast_settings_keep_nanos_masks(nano_masks, ellipsoid_stack, setting):
    masks = masks_of(ours.Sam2Engine(find_checkpoint("nano"), **setting), ellipsoid_stack)
    assert nano_masks.any()
    assert 2 * (masks & nano_masks).sum() / (masks.sum() + nano_masks.sum()) >= 0.99


def test_nano_finds_the_ellipsoid(nano_masks, ellipsoid_stack):
    truth = ellipsoid_stack.pixels[5:] > 175
    assert 2 * (nano_masks & truth).sum() / (nano_masks.sum() + truth.sum()) > 0.7


def test_two_runs_are_bit_identical(nano_masks, ellipsoid_stack):
    again = masks_of(ours.Sam2Engine(find_checkpoint("nano")), ellipsoid_stack)
    assert np.array_equal(again, nano_masks)


def test_a_pause_between_slices_leaves_torch_as_it_was(ellipsoid_stack):
    engine = ours.Sam2Engine(find_checkpoint("nano"), precision="bfloat16")
    assert isinstance(engine, Engine)
    session = engine.open(ellipsoid_stack)
    assert isinstance(session, EngineSession)
    next(session.track(LESION, Pass((5, 6, 7))))
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float32

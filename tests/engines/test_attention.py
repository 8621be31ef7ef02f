from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from breastwidget.engines.attention import average_memories, rotate


@pytest.mark.parametrize(("queries", "keys"), [(5, 7), (1500, 2700), (1024, 1024)])
def test_equals_plain_attention(queries, keys):
    draw = torch.Generator().manual_seed(3)
    q, k, m = (torch.randn(n, c, generator=draw) for n, c in ((queries, 16), (keys, 16), (keys, 4)))
    plain = functional.scaled_dot_product_attention(3 * q[None], 3 * k[None], m[None])[0]
    torch.testing.assert_close(average_memories(3 * q, 3 * k, m), plain, atol=2e-6, rtol=1e-5)


def test_large_scores_do_not_overflow():
    # One key wins by far: the mean is its memory, though exp(4000) is no number.
    q, k = torch.tensor([[400.0]]), torch.tensor([[10.0], [9.0], [-10.0]])
    m = torch.tensor([[1.0, 2.0], [5.0, 5.0], [9.0, 9.0]])
    torch.testing.assert_close(average_memories(q, k, m), torch.tensor([[1.0, 2.0]]))


def test_a_log_weight_counts_a_key_as_often():
    q, m = torch.randn(3, 4), torch.randn(2, 4)
    k = torch.randn(2, 4)
    weighted = average_memories(q, k, m, torch.tensor([3.0, 1.0]).log())
    repeated = average_memories(q, k[[0, 0, 0, 1]], m[[0, 0, 0, 1]])
    torch.testing.assert_close(weighted, repeated)


def test_rotation_repeats_for_every_memory_and_keeps_lengths():
    x = torch.randn(6, 4)
    turns = torch.polar(torch.ones(3, 2), torch.arange(6.0).reshape(3, 2))
    turned = rotate(x, turns)
    torch.testing.assert_close(turned[3:], rotate(x[3:], turns))
    torch.testing.assert_close(turned.norm(dim=1), x.norm(dim=1))
    torch.testing.assert_close(turned[0, :2], x[0, :2])  # the first turn is by 0
    assert not torch.allclose(turned[1], x[1])

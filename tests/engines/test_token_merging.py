from __future__ import annotations

import torch

from breastwidget.engines.token_merging import find_merging


def picture() -> torch.Tensor:
    """A 4 x 4 square of one-channel tokens; only the upper right block is uneven."""
    return torch.tensor(
        [[1.0, 1.0, 0.0, 9.0], [1.0, 1.0, 5.0, 2.0], [3.0, 3.0, 4.0, 4.0], [3.0, 3.0, 4.0, 4.0]]
    ).reshape(16, 1)


def test_even_blocks_merge_and_the_uneven_one_stays():
    merging = find_merging(picture(), keep=0.25)
    assert merging.kept.tolist() == [2, 3, 6, 7]
    assert sorted(merging.merged.tolist()) == [[0, 1, 4, 5], [8, 9, 12, 13], [10, 11, 14, 15]]
    assert sorted(merging.merge(picture())[4:, 0].tolist()) == [1.0, 3.0, 4.0]
    assert torch.equal(merging.unmerge(merging.merge(picture())), picture())


def test_a_merged_token_weighs_four():
    weights = find_merging(picture(), keep=0.5).log_weights()
    torch.testing.assert_close(weights.exp(), torch.tensor([1.0] * 8 + [4.0] * 2))


def test_keeping_all_changes_nothing():
    x = torch.randn(36, 5)
    merging = find_merging(x, keep=1.0)
    assert merging.merged.shape == (0, 4)
    assert torch.equal(merging.unmerge(merging.merge(x)), x)

"""Cross-sections of masks in another plane, and the memory for what was drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from breastwidget.app.document import Masks
from breastwidget.app.sections import Recent, Sections, cross_section
from breastwidget.volume import Plane, Volume

PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


def volume(signs: tuple[int, int, int], order: tuple[int, int, int]) -> Volume:
    affine = np.eye(4)
    affine[:3, :3] = np.diag(signs)[:, order]
    return Volume(np.zeros((5, 6, 7), dtype=np.int16), affine, "odd")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (-1, -1, 1)])
def test_a_section_is_what_the_whole_mask_would_show(
    signs: tuple[int, int, int], order: tuple[int, int, int]
) -> None:
    scan = volume(signs, order)
    voxels = np.random.default_rng(3).random(scan.shape) < 0.2
    for source, target in itertools.permutations(map(scan.stack, PLANES), 2):
        masks = Masks()
        for index, mask in enumerate(source.from_voxels(voxels)):
            masks = masks.with_slice(index, mask)
        for index in range(target.shape[0]):
            section = cross_section(masks, source, target, index)
            assert section is not None
            assert np.array_equal(section, target.from_voxels(voxels)[index])


def test_slices_without_a_mask_are_empty_and_nothing_is_none() -> None:
    scan = volume((1, 1, 1), (0, 1, 2))
    source, target = scan.stack(Plane.AXIAL), scan.stack(Plane.CORONAL)
    mask = np.ones(source.shape[1:], dtype=bool)
    section = cross_section(Masks().with_slice(2, mask), source, target, 0)
    assert section is not None
    assert section.sum() == target.shape[2]  # one row of it
    assert cross_section(Masks().with_slice(2, ~mask), source, target, 0) is None
    assert cross_section(Masks(), source, target, 0) is None


def test_the_same_masks_are_cut_once() -> None:
    scan = volume((1, 1, 1), (0, 1, 2))
    axial, coronal = scan.stack(Plane.AXIAL), scan.stack(Plane.CORONAL)
    masks = Masks().with_slice(2, np.ones(axial.shape[1:], dtype=bool))
    sections = Sections()
    first = sections.of_masks(masks, axial, coronal, 1)
    assert sections.of_masks(masks, axial, coronal, 1) is first
    assert sections.of_masks(masks, axial, coronal, 2) is not first
    # While masks stream in, a slice of their own plane keeps its array.
    more = masks.with_slice(3, np.ones(axial.shape[1:], dtype=bool))
    assert sections.of_masks(more, axial, axial, 2) is masks.by_slice[2]
    assert sections.of_masks(more, axial, coronal, 1) is not first


def test_a_volume_is_cut_where_it_has_something() -> None:
    scan = volume((1, 1, 1), (0, 1, 2))
    inside = np.zeros(scan.shape, dtype=bool)
    inside[1, 2, 3] = True
    sections, stack = Sections(), scan.stack(Plane.SAGITTAL)
    found = sections.of_volume(inside, stack, 1)
    assert found is not None
    assert found.sum() == 1
    assert sections.of_volume(inside, stack, 1) is found
    assert sections.of_volume(inside, stack, 2) is None
    assert sections.of_volume(None, stack, 1) is None


def test_only_so_much_is_remembered() -> None:
    recent, made = Recent(most=2), []

    def make(name: str) -> str:
        return recent.get((keys[name],), None, lambda: made.append(name) or name)  # type: ignore[func-returns-value]

    keys = {name: object() for name in "abc"}
    assert [make(name) for name in "aabacab"] == list("aabacab")
    assert made == ["a", "b", "c", "b"]

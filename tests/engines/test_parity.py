"""One pass of ours and one of the sam2 package's own video predictor give the same masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks.reference_predictor import (
    build_predictor,
    load_predictor,
    open_reference,
    prompt_reference,
    reference_pass,
)
from breastwidget.engines.checkpoints import Checkpoint, find_checkpoint
from breastwidget.engines.fields import RunSettings
from breastwidget.engines.sam2 import Sam2Engine
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt
from breastwidget.strategies import Pass
from breastwidget.volume import SliceStack

SLICES = 11
CONFIG = Path(__file__).with_name("small_sam2.yaml")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Checkpoint:
    """Random weights under which the object is present on most slices."""
    torch.manual_seed(11)
    predictor = build_predictor(CONFIG)
    with torch.no_grad():
        for name, weight in predictor.named_parameters():
            if "maskmem_tpos_enc" in name or "no_obj" in name or "gamma" in name:
                weight.normal_(std=0.5)
        predictor.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(0.5)
    file = tmp_path_factory.mktemp("weights") / "random.pt"
    torch.save({"model": predictor.state_dict()}, file)
    return Checkpoint("random", file, CONFIG)


BOX = BoxPrompt(5, 22.0, 13.0, 45.0, 31.5)
LESIONS = ("box", "box and points", "mask", "mask and point", "two slices", "one click")


def lesion_with(prompts: str, stack: SliceStack) -> Lesion:
    inside, outside = PointPrompt(5, 33.5, 22.5), PointPrompt(5, 24.5, 14.5, positive=False)
    mask = MaskPrompt(5, stack.pixels[5] > 175)
    return Lesion(
        {
            "box": (BOX,),
            "box and points": (BOX, inside, outside),
            "mask": (mask,),
            "mask and point": (mask, inside),
            "two slices": (BOX, BoxPrompt(8, 28.0, 17.0, 40.0, 29.0)),
            "one click": (inside,),
        }[prompts]
    )


PASSES = {
    "from the prompt up": (tuple(range(5, SLICES)), False),
    "from the prompt down": (tuple(range(5, -1, -1)), True),
    "first to last": (tuple(range(SLICES)), False),
    "last to first": (tuple(range(SLICES - 1, -1, -1)), True),
}


def compare(engine, predictor, stack, lesion, slices, reverse, settings) -> None:
    """Every slice's masks agree; most are neither empty nor full, so that agreeing means much."""
    state = open_reference(predictor, stack, lesion, settings)
    prompt_reference(predictor, state, lesion)
    expected = reference_pass(predictor, state, slices[0], reverse)
    found = {result.slice: result for result in engine.open(stack).track(lesion, Pass(slices))}
    assert list(found) == list(slices) == list(expected)
    telling = 0
    for index in slices:
        ours, theirs = found[index].mask, expected[index]
        both = ours.sum() + theirs.sum()
        dice = 2 * (ours & theirs).sum() / both if both else 1.0
        assert dice >= 0.999, f"slice {index}: Dice {dice:.4f}"
        telling += 0.01 < theirs.mean() < 0.99
    assert telling >= len(slices) // 2


@pytest.fixture(scope="module")
def pair(checkpoint):
    return Sam2Engine(checkpoint), load_predictor(checkpoint)


@pytest.mark.parametrize("order", PASSES)
@pytest.mark.parametrize("prompts", LESIONS)
def test_random_weights_agree(pair, ellipsoid_stack, prompts, order):
    slices, reverse = PASSES[order]
    stack = ellipsoid_stack
    compare(*pair, stack, lesion_with(prompts, stack), slices, reverse, RunSettings())


@pytest.mark.parametrize("order", ["from the prompt down", "first to last"])
@pytest.mark.parametrize("prompts", ["box", "mask", "two slices"])
def test_embedded_checkpoint_agrees(nano_pair, ellipsoid_stack, prompts, order):
    slices, reverse = PASSES[order]
    engine, predictor, settings = nano_pair
    stack = ellipsoid_stack
    compare(engine, predictor, stack, lesion_with(prompts, stack), slices, reverse, settings)


@pytest.fixture(scope="module")
def nano_pair(tmp_path_factory):
    """nano on whole slices: the package has no regions."""
    checkpoint = find_checkpoint("nano")
    settings = RunSettings(channels="appearance", mean=(0.35, 0.3, 0.0), std=(0.25, 0.6, 0.6))
    config = tmp_path_factory.mktemp("config") / "nano.yaml"
    whole = [
        line
        for line in checkpoint.config.read_text().splitlines()
        if not line.strip().startswith(
            ("region_", "reach_", "learn_", "fit_", "window_percentiles")
        )
    ]
    config.write_text("\n".join(whole))
    checkpoint = replace(checkpoint, config=config)
    return Sam2Engine(checkpoint), load_predictor(checkpoint), settings

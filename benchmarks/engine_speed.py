"""Our engine beside the sam2 package's own predictor: three strategies over the same slices.

    python -m benchmarks.engine_speed [--quick]

Same process, same threads, same frames, prompts and random weights (SAM 2.1 tiny at 1024). The
predictor is opened once for each strategy and, as its users do, reset between center-outward's two
directions. How far faster settings change masks is measured on trained weights: nano's.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.reference_predictor import (
    build_predictor,
    load_predictor,
    open_reference,
    prompt_reference,
    reference_pass,
)
from benchmarks.table import machine, markdown
from breastwidget.engines.checkpoints import Checkpoint, find_checkpoint
from breastwidget.engines.fields import RunSettings
from breastwidget.engines.sam2 import Sam2Engine
from breastwidget.phantom import make_phantom
from breastwidget.prompts import Lesion, box_from_reference
from breastwidget.strategies import STRATEGIES, Extent, Pass, plan, start_slice
from breastwidget.volume import SliceStack, Volume

SETTINGS = (
    ("float32", "exact"),
    ("float32", "merged"),
    ("bfloat16", "exact"),
    ("bfloat16", "merged"),
)
Masks = dict[str, NDArray[np.bool_]]


def main(arguments: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="6 slices at 256 pixels, to try it")
    quick = parser.parse_args(arguments).quick
    print(f"{machine()}\n")
    print(speed_table(slices=6 if quick else 12, size=256 if quick else 1024))
    print(fidelity_table(phantoms=1 if quick else 5))


def speed_table(slices: int, size: int) -> str:
    """Seconds, their ratio to the predictor's, and how far the masks agree."""
    stack, reference = ball(slices)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = random_tiny(Path(folder), size)
        expected, seconds, encodings = run_predictor(checkpoint, stack, reference)
        rows: list[list[object]] = [
            ["sam2's video predictor", f"{seconds:.1f}", "1.00", encodings, "", ""]
        ]
        for precision, attention in SETTINGS:
            engine = Sam2Engine(checkpoint, precision, attention, device="cpu")
            masks, ours, encodings = run_engine(engine, stack, reference)
            volume, worst = agreement(masks, expected)
            rows.append(
                [f"ours, {precision}, {attention} attention", f"{ours:.1f}",
                 f"{ours / seconds:.2f}", encodings, f"{volume:.4f}", f"{worst:.4f}"]
            )  # fmt: skip
            del engine
    return markdown(
        f"Three strategies over {slices} slices, SAM 2.1 tiny at {size}, random weights",
        ("setting", "seconds", "ratio", "encodings", "lowest Dice", "lowest Dice of a slice"),
        rows,
    )


def fidelity_table(phantoms: int) -> str:
    """Dice of nano's masks in each setting with those of exact float32, on synthetic breasts."""
    nano = find_checkpoint("nano")
    engines = {pair: Sam2Engine(nano, *pair, device="cpu") for pair in SETTINGS}
    same: dict[tuple[str, str], list[float]] = {pair: [] for pair in SETTINGS}
    true: dict[tuple[str, str], list[float]] = {pair: [] for pair in SETTINGS}
    for seed in range(phantoms):
        stack, reference = subtraction(seed)
        exact, _, _ = run_engine(engines[SETTINGS[0]], stack, reference)
        for pair, engine in engines.items():
            masks, _, _ = run_engine(engine, stack, reference)
            same[pair] += [_dice(masks[name], exact[name]) for name in STRATEGIES]
            true[pair] += [_dice(masks[name], reference) for name in STRATEGIES]
    return markdown(
        f"Trained weights: nano on {phantoms} phantoms x {len(STRATEGIES)} strategies",
        ("setting", "lowest Dice with the first", "mean Dice with it", "mean Dice with truth"),
        [
            [f"{precision}, {attention} attention", f"{min(same[precision, attention]):.4f}",
             f"{np.mean(same[precision, attention]):.4f}",
             f"{np.mean(true[precision, attention]):.3f}"]
            for precision, attention in SETTINGS
        ],
    )  # fmt: skip


def subtraction(seed: int) -> tuple[SliceStack, NDArray[np.bool_]]:
    """A phantom's first subtraction as slices, and where its lesion is."""
    phantom = make_phantom(seed=seed)
    before, after, _ = phantom.phases
    stack = before.with_data(after.data.astype(np.float32) - before.data).stack()
    return stack, stack.from_voxels(phantom.reference)


def ball(slices: int) -> tuple[SliceStack, NDArray[np.bool_]]:
    """A bright ball on noise in 256 x 256 pixels, on all but the outermost slices."""
    draw = np.random.default_rng(0)
    k, j, i = np.mgrid[:slices, :256, :256]
    middle = (slices - 1) / 2
    inside = ((k - middle) / middle) ** 2 + ((j - 120) / 22) ** 2 + ((i - 140) / 28) ** 2 < 1.2
    data = (draw.normal(100, 20, inside.shape) + 150 * inside).astype(np.float32)
    stack = Volume(data.transpose(2, 1, 0), np.diag([-1.0, -1.0, 2.0, 1.0])).stack("axial")
    return stack, inside


def random_tiny(folder: Path, size: int) -> Checkpoint:
    """SAM 2.1 tiny with random weights under which the object is present."""
    overrides = (
        f"model.image_size={size}",
        f"model.memory_attention.layer.self_attention.feat_sizes=[{size // 16},{size // 16}]",
        f"model.memory_attention.layer.cross_attention.feat_sizes=[{size // 16},{size // 16}]",
    )
    config = Path("configs/sam2.1/sam2.1_hiera_t.yaml")
    torch.manual_seed(1)
    predictor = build_predictor(config, overrides)
    with torch.no_grad():
        predictor.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(2.0)
    file = folder / "random.pt"
    torch.save({"model": predictor.state_dict()}, file)
    return Checkpoint("random tiny", file, config, overrides)


def passes(
    stack: SliceStack, reference: NDArray[np.bool_]
) -> Iterator[tuple[str, Lesion, tuple[Pass, ...]]]:
    """Each strategy with the paper's prompt for it: a tight box on its own start slice."""
    present = np.flatnonzero(reference.any(axis=(1, 2)))
    extent = Extent(int(present[0]), int(present[-1]))
    for strategy in STRATEGIES:
        start = start_slice(strategy, extent, stack.top_slice)
        lesion = Lesion((box_from_reference(reference, start),))
        yield strategy, lesion, plan(strategy, (start,), extent, stack.top_slice)


def run_engine(
    engine: Sam2Engine, stack: SliceStack, reference: NDArray[np.bool_]
) -> tuple[Masks, float, int]:
    """Masks by strategy, seconds and encodings of one session of ours."""
    masks = {strategy: np.zeros(stack.shape, dtype=bool) for strategy in STRATEGIES}
    started = time.perf_counter()
    session = engine.open(stack)
    for strategy, lesion, runs in passes(stack, reference):
        for run in runs:
            for result in session.track(lesion, run):
                masks[strategy][result.slice] = result.mask
    return masks, time.perf_counter() - started, session.encoded_slices


def run_predictor(
    checkpoint: Checkpoint, stack: SliceStack, reference: NDArray[np.bool_]
) -> tuple[Masks, float, int]:
    """The same with the package's predictor, opened once for each strategy."""
    predictor = load_predictor(checkpoint)
    counted = _count_encodings(predictor)
    masks = {strategy: np.zeros(stack.shape, dtype=bool) for strategy in STRATEGIES}
    started = time.perf_counter()
    for strategy, lesion, runs in passes(stack, reference):
        state = open_reference(predictor, stack, lesion, RunSettings())
        for run in runs:
            # Each direction starts at the prompt, with a fresh memory.
            first = lesion.prompts[0].slice
            reverse = run.slices[-1] < first
            length = abs(run.slices[-1] - first) + 1
            prompt_reference(predictor, state, lesion)
            found = reference_pass(predictor, state, first, reverse, length)
            for index in run.slices:
                masks[strategy][index] = found[index]
    return masks, time.perf_counter() - started, len(counted)


def agreement(masks: Masks, expected: Masks) -> tuple[float, float]:
    """The lowest Dice of a volume, and of a slice, over all strategies."""
    volumes, slices = [], []
    for strategy, mask in masks.items():
        volumes.append(_dice(mask, expected[strategy]))
        slices += [_dice(a, b) for a, b in zip(mask, expected[strategy], strict=True)]
    return min(volumes), min(slices)


def _dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    both = int(a.sum() + b.sum())
    return 2 * int((a & b).sum()) / both if both else 1.0


def _count_encodings(predictor: Any) -> list[None]:
    """A list that grows by one with each encoded slice."""
    counted: list[None] = []
    encode = predictor.forward_image

    def counting(images: torch.Tensor) -> Any:
        counted.extend([None] * len(images))
        return encode(images)

    predictor.forward_image = counting
    return counted


if __name__ == "__main__":
    main()

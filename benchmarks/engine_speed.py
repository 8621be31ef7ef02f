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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.reference_predictor import (
    build_predictor,
    load_predictor,
    open_reference,
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
    print(fidelity_table(quick))


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


def fidelity_table(quick: bool) -> str:
    """Dice of nano's masks in each setting with those of sam2's predictor or exact float32."""
    shape = (128, 128, 24) if quick else (256, 256, 60)
    phantom = make_phantom(shape=shape)
    before, after, _ = phantom.phases
    data = after.data.astype(np.float32) - before.data.astype(np.float32)
    stack = before.with_data(data).stack()
    reference = stack.from_voxels(phantom.reference)
    nano = find_checkpoint("nano")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, checkpoint in (
            ("nano, its region at 160", nano),
            ("nano, whole slices at 320", on_whole_slices(nano, Path(folder), 320)),
        ):
            exact, _, _ = run_engine(Sam2Engine(checkpoint, device="cpu"), stack, reference)
            truth = dict.fromkeys(STRATEGIES, reference)
            for precision, attention in SETTINGS:
                engine = Sam2Engine(checkpoint, precision, attention, device="cpu")
                masks, seconds, _ = run_engine(engine, stack, reference)
                volume, _ = agreement(masks, exact)
                quality, _ = agreement(masks, truth)
                rows.append(
                    [name, f"{precision}, {attention} attention", f"{seconds:.1f}",
                     f"{volume:.4f}", f"{quality:.3f}"]
                )  # fmt: skip
    return markdown(
        "Trained weights: masks of each setting beside float32 with exact attention (phantom)",
        ("checkpoint", "setting", "seconds", "lowest Dice with exact", "lowest Dice with truth"),
        rows,
    )


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


def on_whole_slices(checkpoint: Checkpoint, folder: Path, size: int) -> Checkpoint:
    """A region's checkpoint made to look at whole slices, as official ones do."""
    lines = [
        line.replace("image_size: 160", f"image_size: {size}").replace(
            "feat_sizes: [10, 10]", f"feat_sizes: [{size // 16}, {size // 16}]"
        )
        for line in checkpoint.config.read_text().splitlines()
        if not line.strip().startswith("region_")
    ]
    config = folder / "whole.yaml"
    config.write_text("\n".join(lines))
    return replace(checkpoint, config=config)


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
        for run in runs:
            # It cannot start beside its prompt; its first frame is the prompted one then.
            first = lesion.prompts[0].slice
            reverse = run.slices[-1] < first
            length = abs(run.slices[-1] - first) + 1
            state = open_reference(predictor, stack, lesion, RunSettings())
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

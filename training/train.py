"""Train the embedded checkpoint: ``python -m training.train --out DIR --minutes N [--resume]``."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from training import crew, state
from training.crew import Crew
from training.generator import Batch
from training.loader import Loader, Order
from training.losses import Score
from training.rollout import DecoderTap, model_inputs, run_clip, run_slices
from training.schedule import SCHEDULES, SINGLE_CLIPS, Stage

SAVE_EVERY_S = 150.0
REPORT_EVERY = 100
_RANK_SEEDS = 500_000
"""More than a run has steps: processes that train together draw different batches."""

AHEAD = 4
"""Batches ordered ahead of their use, of each process that draws."""


class Tally:
    """Means of losses, Dice by slice distance and object decisions since the last report."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, name: str, values: list[float]) -> None:
        """Note values under a name."""
        self._sums[name].extend(values)

    def add_clip(self, scores: dict[int, Score], prompted: int, kind: str) -> None:
        """Note one clip batch's Dice by distance from the prompted frame."""
        for frame, score in scores.items():
            name = f"{kind} d{abs(frame - prompted):02d}" if kind == "box" else f"{kind} rest"
            self.add(name, score.dice[score.present].tolist())
            self.add("object", (score.found == score.present).float().tolist())

    def line(self) -> str:
        """One line of all means, then start over."""
        parts = [f"{k} {sum(v) / len(v):.3f}" for k, v in sorted(self._sums.items()) if v]
        self._sums.clear()
        return "  ".join(parts)


class Trainer:
    """Model, average, optimiser and the orders for batches."""

    def __init__(
        self,
        out: Path,
        progress: state.Progress,
        resume: bool = False,
        start: Path | None = None,
        with_others: Crew | None = None,
        device: str = "cpu",
    ) -> None:
        torch.manual_seed(progress.seed)
        self.out = out
        self.crew = with_others or Crew()
        self.device = torch.device(device)
        self.config = state.load_config()
        self.model = state.build_model(self.config).to(self.device)
        if start is not None:
            self.model.load_state_dict(load_file(start))
        self.average = state.Average.of(self.model)
        self.progress = progress
        content = state.load(out / "last.pt") if resume else None
        if content is not None:
            self.progress = state.Progress(**content["progress"])
            self.progress.minutes = progress.minutes
            self.model.load_state_dict(content["model"])
            self.average = state.Average(**content["average"]).to(self.device)
        self._enter_stage()
        if content is not None:
            self.optimiser.load_state_dict(content["optimiser"])
        self.tap = DecoderTap(self.model)
        self.tally = Tally()
        self.ordered = self.progress.step

    @property
    def share(self) -> float:
        """Share of the training time that is over."""
        return self.progress.elapsed_s / (60.0 * self.progress.minutes)

    @property
    def stage(self) -> Stage:
        """The present stage."""
        return SCHEDULES[self.progress.schedule].stages[self.progress.stage]

    def _enter_stage(self) -> None:
        """Set what learns in the present stage; start its optimiser."""
        freeze = self.stage.freeze
        # In evaluation mode SAM 2 reads its memories as the engine does; nothing here drops out.
        self.model.train(self.stage.batch_statistics)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(not (freeze and name.startswith("image_encoder.")))
        learning = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(learning, lr=1e-4, weight_decay=0.02)

    def _advance_stage(self) -> None:
        """Go over to the next stage when its time has come, from the averaged weights."""
        stage = SCHEDULES[self.progress.schedule].stage_at(self.share)
        if stage == self.progress.stage:
            return
        self.model.load_state_dict(self.average.values)
        self.crew.average_buffers(self.model)
        self.progress.stage = stage
        self._enter_stage()
        self.average = state.Average.of(self.model)

    def next_order(self) -> Order:
        """The next batch to draw; it depends on the seed and the step alone, stage apart."""
        stage, step = self.stage, self.ordered
        self.ordered += 1
        draw = torch.Generator().manual_seed(self.progress.seed * 1_000_003 + step)
        single = torch.rand((), generator=draw).item() < stage.singles
        frames = int(torch.randint(stage.least_frames, stage.most_frames + 1, (), generator=draw))
        clips = SINGLE_CLIPS if single else stage.clips
        size = int(self.config.model.image_size)
        seed = self.progress.seed * 1_000_003 + step + self.crew.rank * _RANK_SEEDS
        return Order(seed, clips, 1 if single else frames, size)

    def _loss(self, batch: Batch) -> torch.Tensor:
        """Run the model over a batch and note how well it went."""
        mean, std = (list(self.config.run[name]) for name in ("mean", "std"))
        draw = torch.Generator().manual_seed(self.progress.step)
        if batch.frames == 1:
            inputs = model_inputs(batch, "box", mean, std, draw)
            scores = run_slices(self.model, self.tap, batch, inputs, draw)
            for name, score in zip(("single", "corrected"), scores, strict=False):
                self.tally.add(name, score.dice.tolist())
            return torch.stack([score.loss for score in scores]).sum()
        chosen = torch.rand((), generator=draw).item()
        kind = "mask" if chosen < 0.23 else "click" if chosen < 0.3 else "box"
        inputs = model_inputs(batch, "mask" if kind == "mask" else "box", mean, std, draw)
        by_frame = run_clip(self.model, self.tap, batch, inputs, kind, draw)
        self.tally.add_clip(by_frame, batch.prompted, kind)
        return torch.stack([score.loss for score in by_frame.values()]).mean()

    def step(self, batch: Batch, seconds: float) -> None:
        """One step of the optimiser, begun ``seconds`` after the last one."""
        begin = time.monotonic()
        self._advance_stage()
        self.average.decay = self.stage.decay
        for group in self.optimiser.param_groups:
            group["lr"] = SCHEDULES[self.progress.schedule].rate_at(self.share)
        loss = self._loss(batch.to(self.device))
        self.optimiser.zero_grad(set_to_none=True)
        finite = bool(torch.isfinite(loss))
        if finite:
            loss.backward()  # type: ignore[no-untyped-call]
        elapsed_s = self.progress.elapsed_s + seconds + time.monotonic() - begin
        agreed = self.crew.average_gradients(self.model, finite, elapsed_s)
        if agreed is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self.average.update(self.model)
        self.tally.add(" loss", [loss.item()])
        self.progress.elapsed_s = elapsed_s if agreed is None else agreed
        self.progress.step += 1

    def save(self) -> None:
        """Write the checkpoint to go on from, and the averaged weights."""
        state.save(self.out / "last.pt", self.model, self.average, self.optimiser, self.progress)
        state.export(self.average, self.out / "nano.safetensors")


def run(trainer: Trainer, drawers: int = 1) -> None:
    """Train until the time is over, reporting and saving on the way."""
    saved = time.monotonic()
    first = trainer.crew.rank == 0
    with Loader(drawers) as loader:
        for _ in range(AHEAD * drawers):
            loader.order(trainer.next_order())
        begin = time.monotonic()
        while trainer.share < 1.0:
            loader.order(trainer.next_order())
            batch = loader.take()
            waited, begin = time.monotonic() - begin, time.monotonic()
            trainer.step(batch, waited)
            begin = time.monotonic()
            progress = trainer.progress
            if first and progress.step % REPORT_EVERY == 0:
                where = f"{progress.elapsed_s / 60:6.1f} min  step {progress.step:6d}"
                print(f"{where}  stage {progress.stage} {trainer.tally.line()}", flush=True)
            if first and time.monotonic() - saved > SAVE_EVERY_S:
                trainer.save()
                saved = time.monotonic()
    if first:
        trainer.save()


@dataclass(frozen=True)
class Options:
    """The command line; see `main`."""

    out: Path
    minutes: float
    seed: int
    threads: int
    drawers: int
    device: str
    start: Path | None
    resume: bool


def work(options: Options, with_others: Crew) -> None:
    """Train in one process."""
    torch.set_num_threads(options.threads)
    schedule = "whole" if options.start is None else "further"
    progress = state.Progress(options.seed, options.minutes, schedule)
    trainer = Trainer(
        options.out, progress, options.resume, options.start, with_others, options.device
    )
    run(trainer, options.drawers)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--minutes", type=float, required=True, help="training time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes that train together")
    parser.add_argument("--threads", type=int, default=1, help="of each of them")
    parser.add_argument("--drawers", type=int, default=1, help="processes that draw, of each")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda with --workers 1")
    parser.add_argument("--start", type=Path, help="weights (safetensors) to begin from")
    parser.add_argument("--resume", action="store_true", help="go on from DIR/last.pt")
    given = vars(parser.parse_args())
    workers = given.pop("workers")
    given["out"].mkdir(parents=True, exist_ok=True)
    crew.start(workers, partial(work, Options(**given)))


if __name__ == "__main__":
    main()

"""Train the embedded checkpoint: ``python -m training.train --out DIR --minutes N [--resume]``."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import torch
from torch import nn

from training import state
from training.generator import Batch
from training.loader import Loader, Order
from training.losses import Score
from training.rollout import DecoderTap, normalised, run_clip, run_slices
from training.schedule import SINGLE_CLIPS, STAGES, rate_at, stage_at

SAVE_EVERY_S = 150.0
REPORT_EVERY = 100
AHEAD = 4
"""Batches ordered ahead of their use."""


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

    def __init__(self, out: Path, progress: state.Progress, resume: bool) -> None:
        torch.manual_seed(progress.seed)
        self.out = out
        self.config = state.load_config()
        self.model = state.build_model(self.config)
        self.average = state.Average.of(self.model)
        self.progress = progress
        content = state.load(out / "last.pt") if resume else None
        if content is not None:
            self.progress = state.Progress(**content["progress"])
            self.progress.minutes = progress.minutes
            self.model.load_state_dict(content["model"])
            self.average = state.Average(**content["average"])
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

    def _enter_stage(self) -> None:
        """Set what learns in the present stage; start its optimiser."""
        freeze = STAGES[self.progress.stage].freeze
        # In evaluation mode SAM 2 reads its memories as the engine does; nothing here drops out.
        self.model.train(not freeze)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(not (freeze and name.startswith("image_encoder.")))
        learning = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(learning, lr=1e-4, weight_decay=0.02)

    def _advance_stage(self) -> None:
        """Go over to the next stage when its time has come, from the averaged weights."""
        stage = stage_at(self.share)
        if stage == self.progress.stage:
            return
        self.model.load_state_dict(self.average.values)
        refreeze = STAGES[stage].freeze != STAGES[self.progress.stage].freeze
        self.progress.stage = stage
        if refreeze:
            self._enter_stage()
            self.average = state.Average.of(self.model)

    def next_order(self) -> Order:
        """The next batch to draw; it depends on the seed and the step alone, stage apart."""
        stage, step = STAGES[self.progress.stage], self.ordered
        self.ordered += 1
        draw = torch.Generator().manual_seed(self.progress.seed * 1_000_003 + step)
        single = torch.rand((), generator=draw).item() < stage.singles
        frames = int(torch.randint(stage.least_frames, stage.most_frames + 1, (), generator=draw))
        clips = SINGLE_CLIPS if single else stage.clips
        size = int(self.config.model.image_size)
        return Order(self.progress.seed * 1_000_003 + step, clips, 1 if single else frames, size)

    def _loss(self, batch: Batch) -> torch.Tensor:
        """Run the model over a batch and note how well it went."""
        run = self.config.run
        inputs = normalised(batch.pictures, run.mean, run.std)
        draw = torch.Generator().manual_seed(self.progress.step)
        if batch.frames == 1:
            scores = run_slices(self.model, self.tap, batch, inputs, draw)
            for name, score in zip(("single", "corrected"), scores, strict=False):
                self.tally.add(name, score.dice.tolist())
            return torch.stack([score.loss for score in scores]).sum()
        chosen = torch.rand((), generator=draw).item()
        kind = "mask" if chosen < 0.23 else "click" if chosen < 0.3 else "box"
        by_frame = run_clip(self.model, self.tap, batch, inputs, kind, draw)
        self.tally.add_clip(by_frame, batch.prompted, kind)
        return torch.stack([score.loss for score in by_frame.values()]).mean()

    def step(self, batch: Batch) -> None:
        """One step of the optimiser."""
        self._advance_stage()
        self.average.decay = STAGES[self.progress.stage].decay
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.share)
        loss = self._loss(batch)
        self.optimiser.zero_grad(set_to_none=True)
        if torch.isfinite(loss):
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self.average.update(self.model)
        self.tally.add(" loss", [loss.item()])
        self.progress.step += 1

    def save(self) -> None:
        """Write the checkpoint to go on from, and the averaged weights."""
        state.save(self.out / "last.pt", self.model, self.average, self.optimiser, self.progress)
        state.export(self.average, self.out / "nano.safetensors")


def run(trainer: Trainer) -> None:
    """Train until the time is over, reporting and saving on the way."""
    saved = time.monotonic()
    with Loader() as loader:
        for _ in range(AHEAD):
            loader.order(trainer.next_order())
        while trainer.share < 1.0:
            begin = time.monotonic()
            loader.order(trainer.next_order())
            trainer.step(loader.take())
            progress = trainer.progress
            progress.elapsed_s += time.monotonic() - begin
            if progress.step % REPORT_EVERY == 0:
                where = f"{progress.elapsed_s / 60:6.1f} min  step {progress.step:6d}"
                print(f"{where}  stage {progress.stage} {trainer.tally.line()}", flush=True)
            if time.monotonic() - saved > SAVE_EVERY_S:
                trainer.save()
                saved = time.monotonic()
    trainer.save()


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--minutes", type=float, required=True, help="training time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on from DIR/last.pt")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    progress = state.Progress(seed=options.seed, minutes=options.minutes)
    run(Trainer(options.out, progress, options.resume))


if __name__ == "__main__":
    main()

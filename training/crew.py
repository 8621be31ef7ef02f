"""Several processes that train one model together, each on batches of its own.

Small models keep one core busy but not two: the threads of a step wait for each other. Two
processes of one thread each, whose gradients are averaged, keep both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import distributed, nn
from torch.multiprocessing.spawn import spawn


class Crew:
    """This process among the others; alone unless `enter` has been called.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    def enter(self, folder: str) -> None:
        """Meet the other processes through a file in ``folder``."""
        address = f"file://{Path(folder).resolve()}/meeting"
        distributed.init_process_group("gloo", address, rank=self.rank, world_size=self.size)

    def average(self, values: torch.Tensor) -> torch.Tensor:
        """The mean of all processes' float32 tensors of one shape."""
        if self.size > 1:
            distributed.all_reduce(values)
            values /= self.size
        return values

    def average_gradients(self, model: nn.Module, finite: bool, elapsed_s: float) -> float | None:
        """Give every process the mean gradient of those whose loss is finite.

        Returns the mean of all ``elapsed_s``, so that all change stages at one step, or None
        where no process has a finite loss.
        """
        learning = [p for p in model.parameters() if p.requires_grad]
        if self.size == 1:
            return elapsed_s if finite else None
        parts = [
            torch.zeros(p.numel()) if p.grad is None or not finite else p.grad.flatten()
            for p in learning
        ]
        flat = self.average(torch.cat([*parts, torch.tensor([float(finite), elapsed_s])]))
        share, elapsed = flat[-2].item(), flat[-1].item()
        start = 0
        for p in learning:
            p.grad = (flat[start : start + p.numel()] / max(share, 1e-6)).view_as(p)
            start += p.numel()
        return elapsed if share > 0 else None

    def average_buffers(self, model: nn.Module) -> None:
        """Give every process the mean of all running statistics."""
        for value in model.buffers():
            if self.size > 1 and value.is_floating_point():
                value.copy_(self.average(value.clone()))


def start(size: int, work: Callable[[Crew], None]) -> None:
    """Run ``work`` in ``size`` processes, each with its `Crew`; it must be importable.

    Raises what the first process to fail raised.
    """
    if size == 1:
        work(Crew())
        return
    with TemporaryDirectory() as folder:
        spawn(_enter, (size, folder, work), nprocs=size)  # type: ignore[no-untyped-call]


def _enter(rank: int, size: int, folder: str, work: Callable[[Crew], None]) -> None:
    crew = Crew(rank, size)
    crew.enter(folder)
    try:
        work(crew)
        distributed.barrier()
    finally:
        distributed.destroy_process_group()

"""Worker processes that draw batches ahead of the training loop."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.queues import Queue, SimpleQueue
from types import TracebackType
from typing import Any

import torch
from torch import multiprocessing

from training.generator import Batch, draw_batch


@dataclass(frozen=True)
class Order:
    """What the worker shall draw: the arguments of ``draw_batch``."""

    seed: int
    clips: int
    frames: int
    size: int


def _serve(orders: SimpleQueue[Any], batches: Queue[Any]) -> None:
    torch.set_num_threads(1)
    while (order := orders.get()) is not None:
        batch = draw_batch(order.seed, order.clips, order.frames, order.size)
        batches.put((batch.pictures, batch.masks, batch.seen, batch.boxes, batch.prompted))


class Loader:
    """Draws the ordered batches in other processes, by turns, and gives them in order."""

    def __init__(self, drawers: int = 1) -> None:
        context = multiprocessing.get_context("spawn")
        self._orders = [context.SimpleQueue() for _ in range(drawers)]
        self._batches = [context.Queue(6) for _ in range(drawers)]
        self._workers = [
            context.Process(target=_serve, args=queues, daemon=True)
            for queues in zip(self._orders, self._batches, strict=True)
        ]
        self._ordered = 0
        self._taken = 0

    def __enter__(self) -> Loader:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.terminate()
            worker.join()

    def order(self, order: Order) -> None:
        """Ask for one more batch."""
        self._orders[self._ordered % len(self._orders)].put(order)
        self._ordered += 1

    def take(self) -> Batch:
        """Wait for the next ordered batch."""
        batch = Batch(*self._batches[self._taken % len(self._batches)].get())
        self._taken += 1
        return batch

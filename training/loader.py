"""A worker process that draws batches ahead of the training loop."""

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
    """Draws the ordered batches in another process, in order."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._orders = context.SimpleQueue()
        self._batches = context.Queue(6)
        self._worker = context.Process(
            target=_serve, args=(self._orders, self._batches), daemon=True
        )

    def __enter__(self) -> Loader:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._worker.terminate()
        self._worker.join()

    def order(self, order: Order) -> None:
        """Ask for one more batch."""
        self._orders.put(order)

    def take(self) -> Batch:
        """Wait for the next ordered batch."""
        return Batch(*self._batches.get())

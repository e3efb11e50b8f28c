"""Telling that memory ran out, and which batch size would have fitted."""

from __future__ import annotations

import gc
import traceback
from typing import TYPE_CHECKING

from lrdesigner.child.failures import JobError

if TYPE_CHECKING:
    from lrdesigner.child.training import Training


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an exception says that memory ran out, on whatever device."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def ran_out_of_memory(error: JobError) -> bool:
    """Whether that is why a job could not go on."""
    return is_out_of_memory(error.__cause__)


def fitting_batch_size(training: Training, error: JobError) -> int:
    """The largest batch size, a half, quarter, ... of the one that was asked for, whose gradients fit; 0 for none.

    The failed update's tensors are let go first: its traceback holds them.
    """
    if error.__cause__ is not None:
        traceback.clear_frames(error.__cause__.__traceback__)
    size = training.settings.batch_size
    while (size := size // 2) >= 1:
        _let_go(training)
        if _fits(training, size):
            _let_go(training)
            return size
    return 0


def _fits(training: Training, size: int) -> bool:
    try:
        loss = training.loss(training.next_batch().first(size), f"a batch of {size}")
        if loss.requires_grad:
            training.precision.scaled(loss).backward()  # type: ignore[no-untyped-call]
    except (JobError, RuntimeError, MemoryError):
        return False
    return True


def _let_go(training: Training) -> None:
    import torch

    for optimizer in training.optimizers:
        optimizer.zero_grad(set_to_none=True)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

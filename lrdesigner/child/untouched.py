"""Computing with a model without leaving traces in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lrdesigner.child.randomness import random_state, restore_random

if TYPE_CHECKING:
    import torch
    from torch import nn


@contextlib.contextmanager
def untouched(model: nn.Module, device: torch.device) -> Iterator[Callable[[], None]]:
    """Whatever is computed here, buffers and random numbers are as before; what it gives sets these back meanwhile."""
    import torch

    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    drawn = random_state()
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    def back() -> None:
        for buffer, kept in buffers:
            buffer.data.copy_(kept)
        restore_random(drawn)
        if on_device is not None:
            torch.cuda.set_rng_state(on_device, device)

    try:
        with torch.no_grad():
            yield back
    finally:
        back()

"""Autocast and the gradient scaler of a trial in half precision; in float32 neither does anything."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.peers import ALONE, Alone
from lrdesigner.child.training_step import needs_closure

if TYPE_CHECKING:
    import torch
    from torch.optim import Optimizer


class MixedPrecision:
    """bfloat16 needs autocast alone; float16 a scaler too, which skips updates whose gradients are not finite."""

    def __init__(self, name: str, device: torch.device, peers: Alone = ALONE) -> None:
        import torch

        self._peers = peers
        self._dtype = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(name)
        self._device = device.type
        self._scaler: Any = None
        if name == "float16":
            with user_code(f"Making a gradient scaler for {device}"):
                self._scaler = torch.amp.GradScaler(device.type)

    @property
    def scales(self) -> bool:
        """Whether there is a gradient scaler."""
        return self._scaler is not None

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """What the forward pass and the loss are computed in."""
        import torch

        return contextlib.nullcontext() if self._dtype is None else torch.autocast(self._device, self._dtype)

    def scaled(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss that the backward pass starts from."""
        return loss if self._scaler is None else self._scaler.scale(loss)

    def unscale(self, optimizers: Sequence[Optimizer]) -> None:
        """Give the gradients their true size."""
        if self._scaler is None:
            return
        for optimizer in optimizers:
            if needs_closure(optimizer):
                raise JobError(
                    f"{type(optimizer).__name__} computes its loss again, which a gradient scaler does not allow; "
                    "train in float32 or bfloat16."
                )
            if _has_gradients(optimizer):  # the scaler refuses an optimizer that is frozen as a whole
                self._scaler.unscale_(optimizer)

    def step(self, optimizers: Sequence[Optimizer], update: Callable[[Sequence[Optimizer]], None]) -> bool:
        """Step the optimizers by `update`, all or none of them; True where a gradient is not finite: none."""
        if self._scaler is None:
            update(optimizers)
            return False
        moving = [optimizer for optimizer in optimizers if _has_gradients(optimizer)]
        if not moving:
            return False
        finite = self._peers.all(all(_finite(optimizer) for optimizer in moving))
        if finite:
            update(moving)
        self._scaler.update()
        return not finite


def _has_gradients(optimizer: Optimizer) -> bool:
    return any(p.grad is not None for group in optimizer.param_groups for p in group["params"])


def _finite(optimizer: Optimizer) -> bool:
    import torch

    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    own = [g.to_local() if hasattr(g, "to_local") else g for g in gradients]  # of a sharded one this process's part
    return bool(torch.stack([g.isfinite().all().to("cpu") for g in own]).all())

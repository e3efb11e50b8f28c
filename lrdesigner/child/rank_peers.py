"""What the processes that torchrun started for one trial do together, over torch.distributed."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.peers import Agreed, Alone, shares

if TYPE_CHECKING:
    import torch
    from torch import nn

PATIENCE = timedelta(days=30)
"""How long processes wait for each other: a pause may last, and whoever has died is noticed by torchrun."""


class Peers(Alone):
    """Processes that each train on a share of every batch; all of them call all of this, in the same order."""

    def __init__(self, *, sharded: bool) -> None:
        import torch
        import torch.distributed as dist

        self._sharded = sharded
        self.rank, self.count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        self._local = int(os.environ["LOCAL_RANK"])
        with user_code("Joining the processes of the trial"):
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
            self._talk = dist.new_group(backend="gloo", timeout=PATIENCE)

    def device(self, text: str) -> torch.device:
        """The GPU of this process, or the CPU; raises `JobError` where there are fewer GPUs than processes."""
        import torch

        device = super().device(text)
        if device.type == "mps":
            raise JobError("Several processes cannot train on mps; choose the device cpu, or one process.")
        if device.type != "cuda":
            return device
        there = torch.cuda.device_count()
        if there < self.count:
            raise JobError(
                f"{self.count} processes need a GPU each, but GPUs there: {there}; choose fewer processes, or the "
                "device cpu."
            )
        torch.cuda.set_device(self._local)
        return torch.device("cuda", self._local)

    def forward(self, exported: ModuleType, model: nn.Module) -> Callable[..., Any]:
        """Wrap or shard the model by the exported file; what the forward pass calls then."""
        made = self._made_for_several(exported)
        with user_code("FSDP2" if self._sharded else "DistributedDataParallel"):
            wrapped: Callable[..., Any] = made(model)
        share_buffers = getattr(exported, "share_buffers", None)
        if not self._sharded:
            return wrapped
        if share_buffers is None:
            return model

        def forward(*inputs: Any, **named: Any) -> Any:
            if model.training:
                share_buffers(model)
            return model(*inputs, **named)

        return forward

    def deal(self, draw: Callable[[], Any]) -> Any:
        """This process's share of a batch that the first process draws."""
        import torch.distributed as dist

        parts: list[Any] = list(shares(draw(), self.count)) if self.rank == 0 else [None] * self.count
        own: list[Any] = [None]
        with user_code("Sharing out a batch"):
            dist.scatter_object_list(own, parts, src=0, group=self._talk)
        return own[0]

    def mean(self, value: float) -> float:
        """The mean of a number over all processes."""
        return self._sum(value) / self.count

    def all(self, value: bool) -> bool:
        """Whether it holds in all processes."""
        return self._sum(float(value)) == self.count

    def agreed(self, value: Agreed) -> Agreed:
        """What the first process says."""
        return type(value)(self._sum(float(value) if self.rank == 0 else 0.0))

    def part(self) -> None:
        """Wait until all have come so far: nobody hangs up while another still computes."""
        self.all(True)

    def _sum(self, value: float) -> float:
        import torch
        import torch.distributed as dist

        total = torch.tensor(value, dtype=torch.float64)
        with user_code("Exchanging numbers between the processes"):
            dist.all_reduce(total, group=self._talk)
        return float(total)

    def _made_for_several(self, exported: ModuleType) -> Callable[..., Any]:
        name, target = ("shard", "fsdp") if self._sharded else ("wrap", "ddp")
        found = getattr(exported, name, None)
        if not callable(found):
            raise JobError(
                f"The exported file has no function {name}, which several processes need: export it for the target "
                f"{target}."
            )
        return found  # type: ignore[no-any-return]

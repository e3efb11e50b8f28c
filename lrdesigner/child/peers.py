"""What the processes of a trial do together; a trial in one process has nobody to ask."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from lrdesigner.child.failures import JobError
from lrdesigner.child.training_step import chosen_device

if TYPE_CHECKING:
    import torch
    from torch import nn

    from lrdesigner.child.data.batch import Batch

Agreed = TypeVar("Agreed", bool, int)


class Alone:
    """The only process of a trial."""

    count = 1
    rank = 0

    def device(self, text: str) -> torch.device:
        """The device of this process for the one that the request names."""
        return chosen_device(text)

    def forward(self, exported: ModuleType, model: nn.Module) -> Callable[..., Any]:
        """What the forward pass calls; to be made before the optimizers are."""
        return model

    def deal(self, draw: Callable[[], Any]) -> Any:
        """This process's share of the batch that `draw` gives."""
        return draw()

    def mean(self, value: float) -> float:
        """The mean of a number over all processes."""
        return value

    def all(self, value: bool) -> bool:
        """Whether it holds in all processes."""
        return value

    def agreed(self, value: Agreed) -> Agreed:
        """What the first process says, for what depends on the clock or on the parent."""
        return value


ALONE = Alone()


def shares(batch: Batch, count: int) -> list[Batch]:
    """A batch in so many parts, in order, whose lengths differ by one at most.

    Raises `JobError` for a batch with less samples than parts.
    """
    length = batch.size
    if length < count:
        raise JobError(
            f"A batch of {length} {'sample' if length == 1 else 'samples'} cannot be shared by {count} processes; "
            "choose a larger batch size, or fewer processes."
        )
    ends = [length * part // count for part in range(count + 1)]
    # A view would take the whole batch with it when it is sent.
    return [
        replace(batch.part(start, stop).copied(), weight=(stop - start) * count / length)
        for start, stop in itertools.pairwise(ends)
    ]

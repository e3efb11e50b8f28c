"""What the processes of a trial do together; a trial in one process has nobody to ask."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from lrdesigner.child.failures import JobError
from lrdesigner.child.training_step import chosen_device

if TYPE_CHECKING:
    import torch
    from torch import nn

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


class Share(tuple[Any, ...]):
    """One process's part of a batch, itself a batch of the same kind.

    `weight` is what its mean loss counts for in the mean over the processes: 1 where all parts are equally long.
    """

    weight: float = 1.0

    def __reduce__(self) -> tuple[Any, ...]:
        return _share, (tuple(self), self.weight)


def _share(parts: Sequence[Any], weight: float) -> Share:
    share = Share(parts)
    share.weight = weight
    return share


def weight_of(batch: Any) -> float:
    """What a batch's mean loss counts for, see `Share`."""
    return batch.weight if isinstance(batch, Share) else 1.0


def shares(batch: Sequence[Any], count: int) -> list[Share]:
    """A batch in so many parts, in order, whose lengths differ by one at most.

    Raises `JobError` for a batch with less samples than parts.
    """
    length = _length(batch)
    if length < count:
        raise JobError(
            f"A batch of {length} {'sample' if length == 1 else 'samples'} cannot be shared by {count} processes; "
            "choose a larger batch size, or fewer processes."
        )
    ends = [length * part // count for part in range(count + 1)]
    cuts = [slice(start, end) for start, end in itertools.pairwise(ends)]
    return [
        _share([_cut(part, cut, length) for part in batch], (cut.stop - cut.start) * count / length) for cut in cuts
    ]


def _length(part: Any) -> int:
    """The first dimension of the first tensor in it; 0 without one."""
    if hasattr(part, "shape"):
        return int(part.shape[0]) if len(part.shape) else 0
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, tuple | list) else ()
    return next((length for length in map(_length, inside) if length), 0)


def _cut(part: Any, cut: slice, length: int) -> Any:
    if isinstance(part, dict):
        return {key: _cut(value, cut, length) for key, value in part.items()}
    if isinstance(part, tuple | list):
        return type(part)([_cut(value, cut, length) for value in part])
    if hasattr(part, "shape") and len(part.shape) and part.shape[0] == length:
        return part[cut].clone()  # a view would take the whole batch with it when it is sent
    return part

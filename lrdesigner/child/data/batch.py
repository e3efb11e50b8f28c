"""What a model is given at once, and what it shall say to it; the data of a trial is made of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lrdesigner.child.pass_length import PassLength

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Batch:
    """Inputs by position and by name, and targets; those are None where the inputs hold them or none are needed.

    Values are tensors, or lists, tuples and mappings of them; what else a mapping holds is left as it is.
    `weight` is what its mean loss counts for in the mean over several processes, of which each has its part: 1 where
    all parts are equally long.
    """

    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    targets: Any = None
    weight: float = 1.0

    @property
    def size(self) -> int:
        """The number of samples: the first dimension of its first tensor."""
        return next((len(t) for t in tensors_in((self.positional, self.named)) if t.dim()), 0)

    @property
    def goal(self) -> Any:
        """What a loss of the user is given beside the output: the targets, else the batch itself."""
        if self.targets is not None:
            return self.targets
        return dict(self.named) if self.named else self.positional[0]

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return self._each(lambda tensor: tensor.to(device))

    def first(self, count: int) -> Batch:
        """Its first samples."""
        return self.part(0, count)

    def part(self, start: int, stop: int) -> Batch:
        """The samples from `start` to before `stop`."""
        size = self.size
        return self._each(lambda tensor: tensor[start:stop] if tensor.dim() and len(tensor) == size else tensor)

    def copied(self) -> Batch:
        """The same, in memory of its own."""
        return self._each(lambda tensor: tensor.clone())

    def told(self) -> str:
        """The shapes of its inputs, for a sentence."""
        parts = [_told(value) for value in self.positional]
        parts += [f"{name}= {_told(value)}" for name, value in self.named.items()]
        return " and ".join(parts)

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Batch:
        named, targets = _each(dict(self.named), change), _each(self.targets, change)
        return Batch(_each(self.positional, change), named, targets, self.weight)


@dataclass(frozen=True)
class TrialData:
    """What a trial trains on.

    `batches` never ends. `test` is held out; `classes` is None when not known; `loss(output, targets)` is the user's
    own. `evidence` is False where a falling loss says nothing about the model's task. `length` is of the data of the
    user: a pass over the program's own says nothing about a plan.
    """

    batches: Iterator[Batch]
    label: str
    test: Batch | None = None
    classes: int | None = None
    loss: Callable[[Any, Any], Any] | None = None
    evidence: bool = True
    length: PassLength = field(default_factory=PassLength)


def shuffled(count: int, batch_size: int, seed: int) -> Iterator[torch.Tensor]:
    """Endless choices of exactly `batch_size` samples: epochs in new orders, one after the other, none left out.

    A batch may hold the end of one epoch and the start of the next: a rest of one sample would break BatchNorm.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    order = torch.empty(0, dtype=torch.long)
    while True:
        while len(order) < batch_size:
            order = torch.cat([order, torch.randperm(count, generator=generator)])
        chosen, order = order[:batch_size], order[batch_size:]
        yield chosen


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """The tensors of a value, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from tensors_in(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from tensors_in(inner)


def told(tensor: torch.Tensor) -> str:
    """Shape and dtype, for a sentence."""
    return f"shape {tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def _told(value: Any) -> str:
    return " and ".join(told(tensor) for tensor in tensors_in(value)) or type(value).__name__


def _each(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _each(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_each(inner, change) for inner in value]
    if isinstance(value, tuple):
        return tuple(_each(inner, change) for inner in value)
    return value

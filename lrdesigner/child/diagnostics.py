"""What an update does to each param group: norms of gradients, weights and of the change that was really made.

All norms of an update come from the device in one transfer. The exact change needs a copy of the weights, but for that
update only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.norms import changed_by, fetched, norms_of

if TYPE_CHECKING:
    import torch
    from torch.optim import Optimizer

DECOUPLED = ("AdamW", "Muon", "Adafactor")
"""Optimizers of torch whose weight decay shrinks the weights beside the gradient; of others an option says so."""


class Watch:
    """Measures those updates for which `due` is true.

    Call `before` when the gradients have their true size, and `after` when the optimizers have stepped; then `measured`
    has what `GroupDiagnostics` says, by param group, and `weights` the weights as they were before.
    """

    def __init__(self, optimizers: Sequence[Optimizer], names: Sequence[str], due: Callable[[int], bool]) -> None:
        self.measured: dict[str, dict[str, Any]] | None = None
        self.weights: list[torch.Tensor] = []
        self._optimizers = optimizers
        self._names = names
        self._due = due
        self._gradients: list[torch.Tensor] = []
        self._with_gradient: list[bool] = []

    def before(self, update: int) -> None:
        """Keep the weights, and the norms of the gradients, of an update that is to be measured."""
        self.measured, self.weights = None, []
        if not self._due(update):
            return
        parameters = self.parameters
        self._with_gradient = [parameter.grad is not None for parameter in parameters]
        self._gradients = norms_of([parameter.grad for parameter in parameters if parameter.grad is not None])
        self.weights = [parameter.detach().clone() for parameter in parameters]

    def after(self, *, keep: bool = False) -> None:
        """Measure what the update did; `keep`: the weights before it are still wanted."""
        if not self.weights:
            return
        given = [old.clone() for old in self.weights] if keep else self.weights
        weights = norms_of(given)
        changes = norms_of(changed_by([parameter.detach() for parameter in self.parameters], list(given)))
        found = fetched([*weights, *changes, *self._gradients])
        count = len(weights)
        gradients = iter(found[2 * count :])
        rows = [
            (weight, change, next(gradients) if there else 0.0)
            for weight, change, there in zip(found[:count], found[count : 2 * count], self._with_gradient, strict=True)
        ]
        self.measured = dict(self._summed(rows))
        self.weights = self.weights if keep else []

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """Those of all param groups, in order."""
        return [parameter for _, group in self._groups() for parameter in group["params"]]

    def _groups(self) -> list[tuple[Optimizer, dict[str, Any]]]:
        return [(optimizer, group) for optimizer in self._optimizers for group in optimizer.param_groups]

    def _summed(self, rows: list[tuple[float, float, float]]) -> Iterator[tuple[str, dict[str, Any]]]:
        left = iter(rows)
        for name, (optimizer, group) in zip(self._names, self._groups(), strict=True):
            own = [(parameter, next(left)) for parameter in group["params"]]
            weight, change, gradient = (_norm([row[i] for _, row in own]) for i in range(3))
            silent = sum(p.numel() for p, (_, _, norm) in own if p.requires_grad and norm == 0)
            yield (
                name,
                {
                    "gradient_norm": gradient,
                    "weight_norm": weight,
                    "update_norm": change,
                    "decay_norm": _decay(optimizer, group, weight),
                    "numel": sum(p.numel() for p, _ in own if p.requires_grad),
                    "without_gradient": silent,
                },
            )


def _decay(optimizer: Optimizer, group: dict[str, Any], weight: float | None) -> float | None:
    """The norm of decoupled weight decay, lr x decay x weights; None where decay is part of the gradient."""
    decoupled = type(optimizer).__name__ in DECOUPLED or bool(group.get("decoupled_weight_decay"))
    rate, decay = group.get("lr"), group.get("weight_decay")
    if not decoupled or weight is None or rate is None or decay is None:
        return None
    found = float(rate) * float(decay) * weight
    return found if math.isfinite(found) else None


def _norm(norms: list[float]) -> float | None:
    """That of several tensors as of one; None where it is not finite."""
    found = math.hypot(*norms)
    return found if math.isfinite(found) else None

"""At some moments of a trial: how far each group's rate is from the one that would raise the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.critical_rate import Moved, critical_factors
from lrdesigner.child.untouched import untouched

if TYPE_CHECKING:
    import torch

    from lrdesigner.child.data.batch import Batch
    from lrdesigner.child.training import Training


def moments(updates: int, wanted: int) -> frozenset[int]:
    """So many updates, evenly spread over a run.

    >>> sorted(moments(100, 4))
    [12, 37, 62, 87]
    """
    return frozenset(int((place + 0.5) * updates / wanted) for place in range(wanted)) if wanted else frozenset()


def critical_rates(
    training: Training,
    groups: Mapping[str, Sequence[str]],
    batches: Sequence[Batch],
    step: int,
    rates: Mapping[str, float],
) -> list[dict[str, Any]]:
    """The fields of a `CriticalRate` for each group of the design and for all at once, after an update was measured.

    `groups` tells the param groups of each; the loss is that of `batches`.
    """
    moved = _moved(training, training.watch.weights)
    parts = {name: [m for part in own for m in moved.get(part, ())] for name, own in groups.items()}
    with untouched(training.model, training.device) as back:

        def loss() -> float:
            back()
            values = [float((training.loss(batch, f"step {step}") * batch.weight).item()) for batch in batches]
            return training.peers.mean(sum(values) / len(values))

        found = critical_factors(loss, parts)
    names = {**groups, "": [part for own in groups.values() for part in own]}
    return [
        {
            "step": step,
            "group": name,
            "scheduled": max((rates[part] for part in names[name] if part in rates), default=0.0),
            "factor": critical.factor,
            "largest_tried": critical.largest_tried,
            "evaluations": critical.evaluations,
        }
        for name, critical in found.items()
    ]


def _moved(training: Training, before: Sequence[torch.Tensor]) -> dict[str, list[Moved]]:
    left = iter(before)
    return {
        name: [Moved(parameter, next(left), parameter.detach().clone()) for parameter in parameters]
        for name, parameters in training.groups.members
    }

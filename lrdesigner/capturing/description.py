"""Live optimizers and schedulers as plain data, as the child's side tells them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class LiveGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """One param group. `parameters` are first names in the model; `strangers` counts tensors that it does not have.

    `options` has every plain value, also what schedulers put there. `lanes` has, by track (lr, weight_decay, momentum,
    beta1, beta2), the place of its values. A lr that is `rounded` is a tensor of fewer digits than numbers have.
    """

    name: str
    parameters: tuple[str, ...]
    strangers: int
    options: dict[str, Any]
    lanes: dict[str, int]
    rounded: bool = False


class LiveOptimizer(Struct, frozen=True, forbid_unknown_fields=True):
    """One optimizer. `type` is a name of `torch.optim`, or, if not `in_torch`, an import path.

    `arguments` are the names that its constructor takes.
    """

    type: str
    in_torch: bool
    arguments: tuple[str, ...]
    groups: tuple[LiveGroup, ...]


class LiveScheduler(Struct, frozen=True, forbid_unknown_fields=True):
    """One scheduler with its plain attributes, and those inside it. It is stepped after each `every`-th update."""

    type: str
    optimizer: int
    attributes: dict[str, Any]
    children: tuple[LiveScheduler, ...] = ()
    every: int = 1


class LiveObjects(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything but the inventory and the source.

    The run has `steps` steps, which is a guess if not `steps_known`; the schedulers have been stepped after `done`
    updates. `values` are those at the `measured` steps from `first` on, one alone where nothing moves; of what is no
    number at some step, those before it.
    """

    optimizers: tuple[LiveOptimizer, ...]
    schedulers: tuple[LiveScheduler, ...]
    steps: int
    steps_known: bool
    done: int
    first: int
    measured: int
    remarks: tuple[str, ...] = ()
    values: tuple[tuple[float, ...], ...] = ()

"""Copies of live optimizers and schedulers that can be stepped: nothing big is copied, nothing live is touched."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lrdesigner.child.randomness import random_state, restore_random

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


class CannotBeCopiedError(Exception):
    """A scheduler holds something, such as a generator, that a step of the copy would use up."""


class Twins:
    """The copies. Parameters and buffers are the very same tensors, and no copy ever writes into one.

    The optimizers' state stays behind: no step of an optimizer is made. Raises `CannotBeCopiedError`.
    """

    def __init__(self, model: nn.Module, optimizers: Sequence[Optimizer], schedulers: Sequence[Any]) -> None:
        held = [tensor for optimizer in optimizers for group in optimizer.param_groups for tensor in group["params"]]
        kept = [*model.parameters(), *model.buffers(), *held]
        self._memo: dict[int, Any] = {id(tensor): tensor for tensor in kept}
        self.optimizers = [self._optimizer(optimizer) for optimizer in optimizers]
        self.schedulers = [self._copied(scheduler) for scheduler in schedulers]

    def _optimizer(self, optimizer: Optimizer) -> Any:
        twin = object.__new__(type(optimizer))
        vars(twin).update(vars(optimizer))
        self._memo[id(optimizer)] = twin
        groups = [{} for _ in optimizer.param_groups]  # type: list[dict[str, Any]]
        self._memo[id(optimizer.param_groups)] = groups
        for group, copied in zip(optimizer.param_groups, groups, strict=True):
            self._memo[id(group)] = copied
            copied.update({key: list(v) if key == "params" else self._copied(v) for key, v in group.items()})
        state: dict[Any, Any] = defaultdict(dict)
        self._memo[id(optimizer.state)] = state
        # `_opt_called`: torch warns of schedulers that are stepped before their optimizer.
        vars(twin).update(param_groups=groups, state=state, defaults=dict(optimizer.defaults), _opt_called=True)
        return twin

    def _copied(self, thing: Any) -> Any:
        """A deep copy; of what cannot be copied as a whole, part by part, and the rest is shared."""
        attempt = dict(self._memo)
        try:
            copied = copy.deepcopy(thing, attempt)
        except Exception:  # locks, files, loaders, generators: whatever a person's scheduler holds
            return self._by_parts(thing)
        self._memo = attempt
        return copied

    def _by_parts(self, thing: Any) -> Any:
        if id(thing) in self._memo:
            return self._memo[id(thing)]
        if hasattr(thing, "__next__"):
            raise CannotBeCopiedError(f"it holds a {type(thing).__name__}, which cannot be copied")
        if isinstance(thing, list | tuple):
            return type(thing)(self._copied(item) for item in thing) if type(thing) in (list, tuple) else thing
        if isinstance(thing, dict):
            return {key: self._copied(value) for key, value in thing.items()}
        if not _is_scheduler(thing):
            return thing
        twin = self._memo[id(thing)] = object.__new__(type(thing))
        vars(twin).update({name: self._copied(value) for name, value in vars(thing).items()})
        return twin


def _is_scheduler(thing: Any) -> bool:
    return hasattr(thing, "__dict__") and callable(getattr(thing, "step", None))


def rewound(twins: Twins) -> Twins | None:
    """The same twins taken back to step 0, as their schedulers began; None where these cannot be.

    Whether they really are where they began shows when they come by the present again.
    """
    try:
        for optimizer in twins.optimizers:
            for group in optimizer.param_groups:
                _fill(group, "lr", group.get("initial_lr", group["lr"]))
        for scheduler in twins.schedulers:
            _rewind(scheduler)
    except Exception:  # a person's scheduler
        return None
    return twins


def _rewind(scheduler: Any) -> None:
    children = getattr(scheduler, "_schedulers", None)
    if children is None:
        scheduler.last_epoch = -1
        scheduler._initial_step()  # noqa: SLF001 - what the constructor of every scheduler of torch does
        return
    if not hasattr(scheduler, "_milestones"):  # a chain
        for child in children:
            _rewind(child)
        return
    scheduler.last_epoch = 0
    for child in children:
        if getattr(child, "_schedulers", None) is None:
            child.last_epoch, child._step_count = -1, 1  # noqa: SLF001
    first = sum(milestone <= 0 for milestone in scheduler._milestones)  # noqa: SLF001
    _rewind(children[first])


def _fill(group: dict[str, Any], key: str, value: Any) -> None:
    if hasattr(group[key], "fill_"):
        group[key].fill_(value)
    else:
        group[key] = value


@contextmanager
def untouched(optimizers: Sequence[Optimizer], schedulers: Sequence[Any]) -> Iterator[list[str]]:
    """Leaves random numbers as they were, and live groups too if a person's function wrote into them.

    The list, at the end, names what had to be put back.
    """
    drawn = random_state()
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    before = [{key: _kept(value) for key, value in group.items() if key != "params"} for group in groups]
    reached = [getattr(scheduler, "last_epoch", None) for scheduler in schedulers]
    put_back: list[str] = []
    try:
        yield put_back
    finally:
        restore_random(drawn)
        for group, values in zip(groups, before, strict=True):
            for key in [key for key in values if not _same(group.get(key), values[key])]:
                put_back.append(key)
                _fill(group, key, values[key])
        for scheduler, last in zip(schedulers, reached, strict=True):
            if getattr(scheduler, "last_epoch", None) != last:
                put_back.append("last_epoch")
                scheduler.last_epoch = last


def _kept(value: Any) -> Any:
    return value.detach().clone() if hasattr(value, "detach") else copy.copy(value)


def _same(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:  # somebody's __eq__
        return a is b

"""What live schedulers make of their groups: how far they are, how long they last, and the values at every step."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lrdesigner.child.failures import reason
from lrdesigner.child.twins import CannotBeCopiedError, Twins, rewound

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

MOST_MEASURED = 100_000
"""Steps that are measured; of longer runs the first ones."""
MOST_VALUES = 4_000_000
SAME = 1e-9
_TOTALS = ("total_steps", "num_training_steps", "max_steps", "max_iters", "t_total", "T_max", "total_iters")
_PHASES = ("num_warmup_steps", "num_stable_steps", "num_decay_steps")  # transformers' warm-up, stable, decay


class Timed(NamedTuple):
    """A scheduler and after how many optimizer updates it is stepped."""

    scheduler: Any
    every: int


def follows_metric(scheduler: Any) -> bool:
    """Whether it is torch's or transformers' scheduler that a metric steers, which has no values by itself."""
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    return isinstance(scheduler, ReduceLROnPlateau) or type(scheduler).__name__ == "GreedyLR"


def told_the_time(scheduler: Any) -> bool:
    """Whether it is one of timm's: a function of the time, which it is told at each step and does not remember."""
    return callable(getattr(scheduler, "step_update", None)) and hasattr(scheduler, "t_in_epochs")


def _advance(scheduler: Any, time: int) -> None:
    """A step of a scheduler, which is its `time`th."""
    if not told_the_time(scheduler):
        scheduler.step()
    elif scheduler.t_in_epochs:
        scheduler.step(time)
    else:
        scheduler.step_update(time)


def done_of(timed: Sequence[Timed]) -> int:
    """Updates after which the schedulers stand where they stand; metrics aside."""
    return max((_epoch(one.scheduler) * one.every for one in timed if not follows_metric(one.scheduler)), default=0)


def _epoch(scheduler: Any) -> int:
    children = getattr(scheduler, "_schedulers", None) or ()
    own = getattr(scheduler, "last_epoch", None)
    if isinstance(own, int):
        return max(own, 0)
    return max((_epoch(child) for child in children), default=0)


def length_of(one: Timed) -> int:
    """Updates that a schedule was made for, by what it knows; 0 if it does not say."""
    return one.every * _steps_of(one.scheduler)


def _steps_of(scheduler: Any) -> int:
    """The length that a scheduler was made for, in its own steps; 0 if it does not say."""
    children = getattr(scheduler, "_schedulers", None)
    milestones = getattr(scheduler, "_milestones", None)
    if children and milestones is not None:
        last = max(milestones, default=0)
        return last + (_steps_of(children[-1]) or last)
    if children:
        return max(_steps_of(child) for child in children)
    named = {name: value for source in _namespaces(scheduler) for name, value in source.items()}
    phases = [value for name in _PHASES if isinstance(value := named.get(name), int)]
    if len(phases) == len(_PHASES):
        return sum(phases)
    if told_the_time(scheduler) and isinstance(initial := named.get("t_initial"), int):
        before = named.get("warmup_t", 0) if named.get("warmup_prefix") else 0
        return initial + int(before)
    lengths = [value for name in _TOTALS if isinstance(value := named.get(name), int) and value > 0]
    return lengths[0] if lengths else 0


def scopes_of(functions: Iterable[Any]) -> list[Mapping[str, Any]]:
    """The module-level names around each function."""
    return [getattr(function, "__globals__", {}) for function in functions]


def _namespaces(scheduler: Any) -> Iterator[Mapping[str, Any]]:
    """A scheduler's attributes, and the named values that its functions know: of partials and of closures.

    Of a file that this program has written the length of the plan is known too.
    """
    functions = getattr(scheduler, "lr_lambdas", None) or ()
    yield from ({"total_steps": scope.get("TOTAL_STEPS")} for scope in scopes_of(functions) if "DESIGN" in scope)
    for function in functions:
        yield getattr(function, "keywords", None) or {}
        code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None) or ()
        if code is not None:
            yield dict(_filled(zip(code.co_freevars, cells, strict=True)))
    yield vars(scheduler)


def _filled(cells: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue


class Measured(NamedTuple):
    """Per optimizer and group, by track, the place of its values, which are those at `known` steps from `first` on."""

    lanes: list[list[dict[str, int]]]
    values: list[list[float]]
    first: int
    known: int
    remarks: list[str]


def measured(model: nn.Module, optimizers: Sequence[Optimizer], timed: Sequence[Timed], total: int) -> Measured:
    """The values at every step of a run of `total` steps, from step 0 if the schedulers can be taken back to it."""
    stepped = [one for one in timed if not follows_metric(one.scheduler)]
    groups = sum(len(optimizer.param_groups) for optimizer in optimizers)
    count = max(min(total, MOST_MEASURED, MOST_VALUES // max(groups, 1)), 1) if stepped else 1
    schedulers, every = [one.scheduler for one in stepped], [one.every for one in stepped]
    done, remarks = done_of(stepped), list[str]()

    def twins() -> Twins | None:
        try:
            return Twins(model, optimizers, schedulers)
        except CannotBeCopiedError as error:
            remarks.append(f"A scheduler could not be copied and so not be stepped: {error}.")
            return None

    live = twins()
    if live is None:
        return Measured(*_joined(_run(Twins(model, optimizers, ()), [], 0, 1, [])), done, 1, remarks)
    first, rows = done, _run(live, every, done, max(count - done, 1), remarks)
    again = twins() if done else None
    if again is not None and rewound(again):
        from_start = _run(again, every, 0, count, [])
        if _agree(from_start, rows, done):
            first, rows = 0, from_start
    remarks += _not_finite(rows, first)
    if count < total and stepped:
        remarks.append(f"The schedulers were stepped {count:,} times, the run has {total:,} steps.")
    known = max((len(row) for found in rows for tracks in found for row in tracks.values()), default=0)
    return Measured(*_joined(rows), first, known, remarks)


Rows = list[list[dict[str, "array[float]"]]]


def _run(twins: Twins, every: Sequence[int], start: int, count: int, remarks: list[str]) -> Rows:
    """Values of every track at `count` steps from `start` on; less where a scheduler gives up."""
    kept = [[_GroupRows(group) for group in optimizer.param_groups] for optimizer in twins.optimizers]
    groups = [group for found in kept for group in found]
    for scheduler, interval in zip(twins.schedulers, every, strict=True):
        if told_the_time(scheduler):
            _advance(scheduler, start // interval)
    for step in range(start, start + count):
        for group in groups:
            group.keep()
        try:
            for scheduler, interval in zip(twins.schedulers, every, strict=True):
                if (step + 1) % interval == 0:
                    _advance(scheduler, (step + 1) // interval)
        except Exception as error:  # a person's scheduler, or one of torch that is at its end
            if step + 1 < start + count:
                name = type(scheduler).__name__
                remarks.append(f"A {name} could not be stepped beyond step {step:,}: {reason(error)}")
            break
    return [[group.rows() for group in found] for found in kept]


class _Row:
    """Values of one track. What stays the same object is only counted: most tracks never move."""

    __slots__ = ("_last", "_still", "_values")

    def __init__(self) -> None:
        self._values, self._last, self._still = array("d"), object(), 0

    def keep(self, value: Any) -> None:
        if value is self._last and type(value) is float:
            self._still += 1
            return
        self.values()
        self._last = value
        self._values.append(float(value))

    def values(self) -> array[float]:
        if self._still:
            self._values.extend([self._values[-1]] * self._still)
            self._still = 0
        return self._values


class _GroupRows:
    """The tracks of one param group."""

    def __init__(self, group: dict[str, Any]) -> None:
        self._group = group
        self._plain = {key: _Row() for key in ("lr", "weight_decay", "momentum") if group.get(key) is not None}
        betas = group.get("betas")
        both = betas is not None and len(betas) == 2
        self._betas = {"beta1": _Row(), "beta2": _Row()} if both else {}

    def keep(self) -> None:
        for key, row in self._plain.items():
            row.keep(self._group[key])
        for value, row in zip(self._group["betas"] if self._betas else (), self._betas.values(), strict=True):
            row.keep(value)

    def rows(self) -> dict[str, array[float]]:
        return {name: row.values() for name, row in (self._plain | self._betas).items()}


def _not_finite(rows: Rows, first: int) -> Iterator[str]:
    for place, tracks in enumerate([tracks for found in rows for tracks in found], 1):
        for name, row in tracks.items():
            wrong = next((step for step, value in enumerate(row, first) if not math.isfinite(value)), None)
            if wrong is not None:
                yield f"The {name} of param group {place} is no finite number at step {wrong:,}; what is before counts."


def _agree(from_start: Rows, rows: Rows, done: int) -> bool:
    """Whether what began at step 0 comes by the same values from step `done` on."""
    for found, real in zip(from_start, rows, strict=True):
        for tracks, others in zip(found, real, strict=True):
            for name, values in others.items():
                again = tracks[name][done:] if name in tracks else values[:0]
                most = max((abs(value) for value in values), default=0.0)
                if len(again) < len(values):
                    return False
                if any(abs(a - b) > SAME * most for a, b in zip(again, values, strict=False)):
                    return False
    return True


def _joined(rows: Rows) -> tuple[list[list[dict[str, int]]], list[list[float]]]:
    """The rows with equal values kept once; a row ends before what is no finite number; one that rests is one value."""
    places: dict[bytes, int] = {}
    values: list[list[float]] = []

    def place(row: array[float]) -> int:
        ends = next((index for index, value in enumerate(row) if not math.isfinite(value)), len(row))
        kept = row[:ends]
        if len(set(kept)) == 1:
            kept = kept[:1]
        key = kept.tobytes()
        if key not in places:
            places[key] = len(values)
            values.append(kept.tolist())
        return places[key]

    return [[{name: place(row) for name, row in tracks.items()} for tracks in found] for found in rows], values

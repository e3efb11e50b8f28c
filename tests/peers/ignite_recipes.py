"""The handlers of pytorch-ignite as schedules of ours: parameters as theirs, a node back.

Their values are absolute and the same for every group. `lr` is the base value of the group that follows the node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, takewhile
from typing import Any, Literal

from peers.recipe_parts import in_turn, line, part, steps

from lrdesigner.schedules import Absolute, Anneal, Keyframe, Keyframes, Repeat, Segment
from lrdesigner.schedules import Sequence as InTurn

Wave = Literal["triangle", "line", "cosine"]


def linear_cyclical(*, monotonic: bool = False, **parameters: Any) -> Any:
    """`LinearCyclicalScheduler`; `updates`: how long the run is, where no cycle is like the one before."""
    return _cyclical("line" if monotonic else "triangle", **parameters)


def cosine_annealing(**parameters: Any) -> Any:
    """`CosineAnnealingScheduler`; `updates` as above."""
    return _cyclical("cosine", **parameters)


def _cyclical(
    wave: Wave,
    *,
    start_value: float,
    end_value: float,
    cycle_size: int,
    cycle_mult: float = 1.0,
    start_value_mult: float = 1.0,
    end_value_mult: float = 1.0,
    warmup_duration: int = 0,
    updates: int,
) -> Any:
    """One cycle again and again; cycle after cycle where they change, as theirs are cut to whole updates each time."""
    cycles = _cycles(
        wave, start_value, end_value, cycle_size, warmup_duration, cycle_mult, start_value_mult, end_value_mult
    )
    if cycle_mult == start_value_mult == end_value_mult == 1:
        return Repeat(InTurn(tuple(next(cycles)[1])), steps(cycle_size + warmup_duration))
    begun = takewhile(lambda cycle: cycle[0] < updates, cycles)
    return InTurn(tuple(chain.from_iterable(parts for _, parts in begun)))


def _cycles(
    wave: Wave,
    start: float,
    end: float,
    size: int,
    warmup: int,
    mult: float,
    start_mult: float,
    end_mult: float,
) -> Iterator[tuple[int, list[Segment]]]:
    """Each cycle: the update at which it begins, and its parts."""
    begin = 0
    while True:
        if size == 0:
            raise ZeroDivisionError("ignite divides by the length of a cycle that was multiplied to nothing")
        again = start * start_mult
        parts = [*_wave(wave, start, end, size), part(line(Absolute(end), Absolute(again), warmup), warmup)]
        yield begin, [part for part in parts if part.length.value > 0]
        begin += size + warmup
        start, end, size, warmup = again, end * end_mult, int(size * mult), int(warmup * mult)


def _wave(wave: Wave, start: float, end: float, size: int) -> list[Segment]:
    if wave == "cosine":
        return [part(Anneal(Absolute(start), Absolute(end), "cosine", steps(size)), size)]
    if wave == "line":
        return [part(line(Absolute(start), Absolute(end), size), size)]
    turn = size // 2  # the last update before the middle or on it; a middle between two updates is passed by
    last, first = (start + (end - start) * share for share in (2 * turn / size, 2 * (size - turn - 1) / size))
    return [
        part(line(Absolute(start), Absolute(last), turn), turn + 1),
        part(line(Absolute(first), Absolute(start), size - turn - 1), size - turn - 1),
    ]


def piecewise_linear(*, lr: float, milestones_values: Sequence[tuple[int, float]]) -> Keyframes:
    """`PiecewiseLinear`. A milestone given twice is a jump: a key on the update before ends the line to it."""
    keys: dict[int, float] = {}
    for milestone, value in milestones_values:
        if milestone in keys and milestone > 0:
            reached = keys.pop(milestone)
            before, base = next(reversed(keys.items()), (-1, reached))
            keys.setdefault(milestone - 1, base + (reached - base) * (milestone - 1 - before) / (milestone - before))
        keys[milestone] = value / lr
    return Keyframes(tuple(Keyframe(steps(milestone), value) for milestone, value in keys.items()))


def concatenated(schedules: Sequence[Any], durations: Sequence[int]) -> Any:
    """`ConcatScheduler`: one duration fewer than schedules."""
    return in_turn(*map(part, schedules, durations), last=schedules[-1])


def with_warmup(
    after: Any, first_value: float, *, warmup_start_value: float, warmup_duration: int, warmup_end_value: float | None
) -> Any:
    """`create_lr_scheduler_with_warmup` before a schedule whose first value is given.

    The warm-up arrives with its last update; if that is the first value of what follows, this is not repeated.
    """
    end = first_value if warmup_end_value is None else warmup_end_value
    up = line(Absolute(warmup_start_value), Absolute(end), warmup_duration - 1)
    return in_turn(part(up, warmup_duration), last=after, skip=1 if end == first_value else 0)

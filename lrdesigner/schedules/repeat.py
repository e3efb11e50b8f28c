"""How a schedule repeats: in cycles of one length by remainder, in growing cycles one after the other."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner.expressions.emit import number
from lrdesigner.numbers import exact
from lrdesigner.schedules.breaks import FOR_EVER, MOST_LISTED, MOST_OFFSETS, Breaks, Pattern, joined
from lrdesigner.schedules.code_writer import CodeWriter, literal
from lrdesigner.schedules.composites import Repeat, children_of
from lrdesigner.schedules.formulas import steps_of
from lrdesigner.schedules.handle_kinds import end_of, length, level
from lrdesigner.schedules.length import MOST_STEPS, Span
from lrdesigner.schedules.level import factor_of, level_words
from lrdesigner.schedules.shape import Factors, Part, Shape, ShapeHandle, Steps

MOST_CYCLES = 700
"""Growing cycles that fill the longest run: 1.05 times as long each, from a first one of one step."""

_FEW_CYCLES = 32
"""Up to so many equal cycles the breakpoints of each are told by themselves."""


def _starts(node: Repeat, span: Span) -> tuple[int, ...]:
    """First step of each cycle, and the step after the last one; only for growing cycles, as far as the run goes."""
    return _growing(
        steps_of(node, "cycle", span), node.growth, min(node.cycles or MOST_CYCLES, MOST_CYCLES), span.horizon
    )


@lru_cache(maxsize=256)
def _growing(first: int, growth: float, most: int, horizon: int) -> tuple[int, ...]:
    """In exact arithmetic on the growth as it is written: 1.15 times 190 steps are 218.5, which is rounded up."""
    over, under = Fraction(repr(growth)).as_integer_ratio()
    starts, times, per = [0], 1, 1
    while len(starts) <= most and (starts[-1] <= horizon or len(starts) < 3):
        length = min((2 * first * times + per) // (2 * per), MOST_STEPS)
        starts.append(min(starts[-1] + length, 2 * MOST_STEPS))
        times, per = times * over, per * under
    return tuple(starts)


class _RepeatBehaviour:
    """Every cycle asks the child about the same local steps."""

    def evaluate(self, node: Repeat, steps: Steps, span: Span) -> Factors:
        if node.growth == 1.0:
            length = steps_of(node, "cycle", span)
            cycle, local = np.divmod(steps, length)
            child = _child(node, local, span.part(length))
        else:
            cycle, child = self._in_growing(node, steps, span)
        floor = factor_of(node.floor, span)
        with np.errstate(all="ignore"):
            factors = floor + (np.float_power(node.decay, cycle) - floor) * child
            if _may_dip(node, floor):
                factors = np.maximum(factors, 0.0)
        if node.cycles:
            factors = np.where(cycle >= node.cycles, floor, factors)
        return np.where(np.isfinite(factors), factors, np.nan)

    def write(self, node: Repeat, span: Span, writer: CodeWriter) -> list[str]:
        floor = factor_of(node.floor, span)
        if node.growth == 1.0:
            length = steps_of(node, "cycle", span)
            lines = [f"cycle, step = divmod(step, {number(length)})"] if node.decay != 1.0 or node.cycles else []
            if node.cycles:
                lines += [f"if cycle >= {number(node.cycles)}:", f"    return {number(floor)}"]
            argument = "step" if lines else f"step % {number(length)}"
            call = writer.call(node.schedule, span.part(length), argument, length - 1)
            return [*lines, f"return {_height(node, floor, call)}"]
        starts = _starts(node, span)
        lines = []
        for cycle, (start, end) in enumerate(pairwise(starts)):
            last = end == starts[-1] and not _ends(node, starts)
            argument = f"step - {number(start)}" if start else "step"
            until = (span.run_steps if writer.last is None else writer.last) if last else end - 1
            call = writer.call(node.schedule, span.part(end - start), argument, until - start)
            line = f"return {_height(node, floor, call, cycle)}"
            lines += [line] if last else [f"if step < {number(end)}:", f"    {line}"]
        return [*lines, f"return {number(floor)}"] if _ends(node, starts) else lines

    def _in_growing(self, node: Repeat, steps: Steps, span: Span) -> tuple[Any, Factors]:
        starts = np.array(_starts(node, span), dtype=np.int64)
        cycle = np.searchsorted(starts, steps, side="right") - 1
        acting = len(starts) - (1 if _ends(node, starts) else 2)  # the last cycle goes on, or the floor takes over
        cycle = np.clip(cycle, 0, acting)
        child = np.zeros(steps.shape, dtype=np.float64)
        for number_ in np.unique(cycle).tolist():
            if number_ + 1 < len(starts):
                here = cycle == number_
                length = int(starts[number_ + 1] - starts[number_])
                child[here] = _child(node, steps[here] - starts[number_], span.part(length))
        return cycle, child


def _ends(node: Repeat, starts: Any) -> bool:
    """Whether the floor takes over after the last of these cycles."""
    return bool(node.cycles) and len(starts) - 1 == node.cycles


def _may_dip(node: Repeat, floor: float) -> bool:
    """Whether a cycle can be lower than the floor: there a part that rises above 1 would lead below 0."""
    return floor > 0 and (node.decay < 1 or floor > 1)


def _height(node: Repeat, floor: float, call: str, cycle: int | None = None) -> str:
    """floor + (decay ** cycle - floor) * child, in the order in which it is computed with arrays."""
    text = _unlimited(node, floor, call, cycle)
    return f"max({text}, 0.0)" if _may_dip(node, floor) else text


def _unlimited(node: Repeat, floor: float, call: str, cycle: int | None) -> str:
    if node.decay == 1.0 or cycle == 0:
        if floor == 0:
            return call
        return f"{number(floor)} + {literal(1.0 - floor)} * {call}"
    base = number(node.decay)
    power = f"{base}**cycle" if cycle is None else f"{base}**{cycle}"
    if floor == 0:
        return f"{power} * {call}"
    return f"{number(floor)} + ({power} - {number(floor)}) * {call}"


def _child(node: Repeat, steps: Any, span: Span) -> Factors:
    from lrdesigner.schedules.registry import shape_of

    return shape_of(node.schedule).behaviour.evaluate(node.schedule, steps, span)


def _breaks(node: Repeat, span: Span) -> Breaks:
    from lrdesigner.schedules.registry import shape_of

    shape = shape_of(node.schedule)
    if node.growth == 1.0:
        return _equal_breaks(node, span)
    starts = _starts(node, span)
    parts = [
        shape.breaks(node.schedule, span.part(end - start)).moved(start, start, end) for start, end in pairwise(starts)
    ]
    return joined([Breaks(points=starts), *parts])


def _equal_breaks(node: Repeat, span: Span) -> Breaks:
    """Of a few cycles those of each; of many a pattern, with the lowest and highest places of one cycle."""
    from lrdesigner.schedules.registry import shape_of

    length = steps_of(node, "cycle", span)
    own = shape_of(node.schedule).breaks(node.schedule, span.part(length))
    cycles = span.horizon // length + 1
    if node.cycles:
        cycles = min(cycles, node.cycles)
    if own.patterns and cycles <= _FEW_CYCLES:
        starts = range(0, cycles * length, length)
        return joined([Breaks(points=(*starts, cycles * length)), *(own.moved(s, s, s + length) for s in starts)])
    end = length * node.cycles + 1 if node.cycles else FOR_EVER
    offsets = own.offsets(length)
    turns = _turns(node, offsets, span.part(length)) if len(offsets) > MOST_OFFSETS else ()
    rough = own.rough or any(pattern.count(0, length) > MOST_LISTED for pattern in own.patterns)
    pattern = Pattern(0, length, offsets, end=end, turns=turns)
    return Breaks(patterns=(pattern,), rough=((0, end),) if rough else ())


def _turns(node: Repeat, offsets: tuple[int, ...], span: Span) -> tuple[int, ...]:
    """In each of some parts of a cycle where it is lowest and highest."""
    places = np.array(offsets, dtype=np.int64)
    before = _child(node, np.maximum(places - 1, 0), span)
    after = _child(node, places, span)
    low, high = np.minimum(before, after), np.maximum(before, after)
    groups = [part for part in np.array_split(np.arange(len(places)), MOST_OFFSETS // 4) if len(part)]
    found = {int(part[pick(side[part])]) for part in groups for pick, side in ((np.argmin, low), (np.argmax, high))}
    return tuple(sorted({0, *(offsets[place] for place in found)}))


def _parts(node: Repeat, span: Span) -> tuple[Part, ...]:
    length, floor = steps_of(node, "cycle", span), factor_of(node.floor, span)
    room = 1.0 - floor
    return (
        Part(
            index=0,
            schedule=node.schedule,
            span=span.part(length),
            origin=0,
            first=0,
            end=length,
            factor=lambda step, factor: floor + room * factor,
            child_factor=lambda step, factor: (factor - floor) / room if room else math.nan,
        ),
    )


def _describe(node: Repeat, span: Span) -> str:
    from lrdesigner.schedules.registry import shape_of

    length = steps_of(node, "cycle", span)
    words = f"every {length:,} steps again: {shape_of(node.schedule).describe(node.schedule, span.part(length))}"
    if node.growth != 1.0:
        words += f"; each cycle {exact(node.growth)} times as long"
    if node.decay != 1.0:
        words += f"; each {exact(node.decay)} times as high"
    if node.cycles:
        words += f"; after {node.cycles:,} cycles {level_words(node.floor)}"
    return words


def _handles(node: Repeat) -> tuple[ShapeHandle, ...]:
    cycle = length("cycle", "cycle ends")
    return (cycle,) if node.cycles == 1 else (cycle, level("decay", "second cycle", at=end_of("cycle")))


REPEAT = Shape(
    node=Repeat,
    title="Repeat",
    family="composition",
    behaviour=_RepeatBehaviour(),
    describe=_describe,
    breaks=_breaks,
    children=children_of,
    with_child=lambda node, index, child: replace(node, schedule=child),
    parts=_parts,
    handles=_handles,
)

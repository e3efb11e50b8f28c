"""Edits of a curve's keys, as pure functions. Bounds of values are looked at where the field is set, not here."""

from __future__ import annotations

import math
from itertools import count

import numpy as np
from msgspec.structs import replace

from lrdesigner.errors import UserError
from lrdesigner.schedules.keyframe_curve import Curve, curve_of, evaluate_curve
from lrdesigner.schedules.keyframes import LEAST_IN_LOG, MOST_KEYS, MOST_VALUE, Keyframe, Keyframes
from lrdesigner.schedules.length import Span, length_like, resolve


def insert_key(node: Keyframes, span: Span, step: int, factor: float | None = None) -> Keyframes:
    """With a key at this step, on the curve or at `factor`, that goes on as the stretch does in which it lies.

    A bezier is cut in two that draw the same curve; smooth stretches beside it are drawn anew, through the new key.
    Where a key is already, it gets the factor.
    """
    order = in_time(node, span)
    steps = [resolve(node.keys[index].at, span) for index in order]
    if step in steps:
        return move_key(node, span, order[steps.index(step)], factor=factor)
    if len(node.keys) >= MOST_KEYS:
        raise UserError(f"A curve has at most {MOST_KEYS:,} keys.")
    curve = curve_of(node, span)
    value = float(evaluate_curve(curve, node, np.array([step]))[0]) if factor is None else factor
    place = sum(other < step for other in steps)
    if place == 0:
        first = node.keys[order[0]]
        return replace(node, keys=(Keyframe(length_like(first.at, step, span), value, first.then), *node.keys))
    before = node.keys[order[place - 1]]
    like = node.keys[order[place]].at if steps[place - 1] == 0 and place < len(steps) else before.at
    new = Keyframe(length_like(like, step, span), value, before.then)
    if place == len(steps):
        before = replace(before, leave=None, arrive=None)
    elif before.then == "bezier":
        u = (step - steps[place - 1]) / int(curve.lengths[place - 1])
        before, new = _cut(node, curve, place - 1, u, before, new)
    keys = list(node.keys)
    keys[order[place - 1] : order[place - 1] + 1] = [before, new]
    return replace(node, keys=tuple(keys))


def move_key(
    node: Keyframes, span: Span, index: int, step: int | None = None, factor: float | None = None
) -> Keyframes:
    """With one key at another step, or value, or both; it keeps its place in the list and the unit of its time.

    Where another key is, it stops beside it. The control points beside it go along with its value.
    """
    key, keys = node.keys[index], list(node.keys)
    if factor is not None and factor != key.value:
        before = _before(node, span, index)
        if before is not None:
            old = keys[before]
            keys[before] = replace(old, arrive=carried(node, old.arrive, key.value, factor))
        key = replace(key, value=factor, leave=carried(node, key.leave, key.value, factor))
    if step is not None:
        free = _free_step(node, span, index, max(step, 0))
        if free != resolve(key.at, span):
            key = replace(key, at=length_like(key.at, free, span))
    keys[index] = key
    return replace(node, keys=tuple(keys)) if tuple(keys) != node.keys else node


def remove_key(node: Keyframes, span: Span, index: int) -> Keyframes:
    """Without one key; raises `UserError` for the only one."""
    if len(node.keys) == 1:
        raise UserError("A curve needs at least one key.")
    keys, before = list(node.keys), _before(node, span, index)
    if before is not None and keys[before].then == keys[index].then == "bezier":
        keys[before] = replace(keys[before], arrive=keys[index].arrive)
    del keys[index]
    return replace(node, keys=tuple(keys))


def in_time(node: Keyframes, span: Span) -> list[int]:
    """Indices of the keys that count, in order of time."""
    last = {resolve(key.at, span): index for index, key in enumerate(node.keys)}
    return [last[step] for step in sorted(last)]


def _before(node: Keyframes, span: Span, index: int) -> int | None:
    """Index of the key before one that counts; None for the first, and for one that has no effect."""
    order = in_time(node, span)
    place = order.index(index) if index in order else 0
    return order[place - 1] if place else None


def _free_step(node: Keyframes, span: Span, index: int, wanted: int) -> int:
    """The step nearest to `wanted` where no other key is; of two, the one that it came from."""
    taken = {resolve(key.at, span) for other, key in enumerate(node.keys) if other != index}
    side = 1 if resolve(node.keys[index].at, span) > wanted else -1
    tried = (step for by in count() for step in (wanted + side * by, wanted - side * by))
    return next(step for step in tried if step >= 0 and step not in taken)


def carried(node: Keyframes, control: float | None, old: float, new: float) -> float | None:
    """A control point beside a key whose value changes: by as much, in log space by the same ratio."""
    if control is None:
        return None
    return bounded(node, control * (new / old) if node.space == "log" else control + new - old)


def bounded(node: Keyframes, value: float) -> float:
    """The nearest value that a control point may have."""
    return min(max(value, LEAST_IN_LOG if node.space == "log" else 0.0), MOST_VALUE)


def _cut(
    node: Keyframes, curve: Curve, row: int, u: float, before: Keyframe, new: Keyframe
) -> tuple[Keyframe, Keyframe]:
    """Both halves of a bezier, by de Casteljau; where `new` lies beside the curve they are bent towards it."""
    b, c, d = (float(column[row]) for column in (curve.b, curve.c, curve.d))
    one, two, end = b / 3, c / 3 + 2 * b / 3, b + c + d  # heights of the points over that of the key before
    first, middle, last = one * u, one + (two - one) * u, two + (end - two) * u
    left, right = first + (middle - first) * u, middle + (last - middle) * u
    on_curve = left + (right - left) * u
    log = node.space == "log"
    off = (math.log(bounded(node, new.value) / before.value) if log else new.value - before.value) - on_curve

    def value(height: float) -> float:
        return bounded(node, before.value * math.exp(min(height, 700.0)) if log else before.value + height)

    return (
        replace(before, leave=value(first), arrive=value(left + off)),
        replace(new, leave=value(right + off), arrive=value(last)),
    )

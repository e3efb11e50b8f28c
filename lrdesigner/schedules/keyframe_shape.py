"""The registry's entry of keyframes: computed, written as Python, with its breaks and words."""

from __future__ import annotations

import math

import numpy as np

from lrdesigner.expressions.emit import number
from lrdesigner.numbers import rate
from lrdesigner.schedules.breaks import FOR_EVER, MOST_LISTED, MOST_OFFSETS, Breaks, Pattern, thinned
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.key_handles import key_handles
from lrdesigner.schedules.keyframe_curve import Curve, curve_of, evaluate_curve, may_fall_below_0, placed
from lrdesigner.schedules.keyframes import Keyframes
from lrdesigner.schedules.length import Span
from lrdesigner.schedules.shape import Factors, Shape, Steps


class _KeyframesBehaviour:
    """Looks up the stretch of each step; the same in arrays and in Python."""

    def evaluate(self, node: Keyframes, steps: Steps, span: Span) -> Factors:
        return evaluate_curve(curve_of(node, span), node, steps)

    def write(self, node: Keyframes, span: Span, writer: CodeWriter) -> list[str]:
        curve = curve_of(node, span)
        if len(curve.starts) == 1:
            return [f"return {number(float(curve.values[0]))}"]
        words = "First step and factor" if curve.degree == 0 else "First step, length, factor and coefficients"
        rows = writer.table(f"{words} of each stretch.", "tuple[tuple[float, ...], ...]", _rows(curve))
        lines = [*_folding(curve, node), f"rows = {rows}"]
        lines.append("row = rows[bisect.bisect_right(rows, step, key=operator.itemgetter(0)) - 1]")
        if curve.degree == 0:
            return [*lines, "return row[1]"]
        lines += [f"begin, length, value, {'b' if curve.degree == 1 else 'b, c, d'} = row"]
        lines += ["u = (step - begin) / length"]
        p = "u * b" if curve.degree == 1 else "u * (b + u * (c + u * d))"
        if node.space == "log":
            return [*lines, f"return value * math.exp({p})"]
        return [*lines, f"return max(value + {p}, 0.0)" if may_fall_below_0(curve, node) else f"return value + {p}"]


def _folding(curve: Curve, node: Keyframes) -> list[str]:
    """Statements that bring `step` between the first key and the last one, as far as the curve repeats."""
    first, length = curve.first, number(curve.length)
    lines = [f"step = max(step, {number(first)})"] if first else []
    back = f"{number(first)} + " if first else ""
    counted = f"(step - {number(first)})" if first else "step"
    if node.end == "repeat":
        lines += [f"step = {back}{counted} % {length}" if first else f"step %= {length}"]
    elif node.end == "ping-pong":
        twice = number(2 * curve.length)
        lines += [f"step = {counted} % {twice}" if first else f"step %= {twice}"]
        lines += [f"step = {back}min(step, {twice} - step)"]
    return lines


def _rows(curve: Curve) -> tuple[str, ...]:
    columns = [curve.starts, curve.values]
    if curve.degree:
        columns = [curve.starts, curve.lengths, curve.values, curve.b]
    if curve.degree == 3:
        columns += [curve.c, curve.d]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return ("(", *(f"    ({', '.join(number(cell) for cell in row)})," for row in rows), ")")


# Corners and jumps.


def _breaks(node: Keyframes, span: Span) -> Breaks:
    curve = curve_of(node, span)
    points = {*curve.starts.tolist(), *_turns(node, span, curve)}
    if node.end in ("repeat", "ping-pong") and curve.length:
        return _repeated(node, span, curve, points)
    if node.end == "slope" and node.space == "linear" and float(curve.b[-1]) < 0:
        to_0 = float(curve.values[-1]) / -float(curve.b[-1])
        if math.isfinite(to_0) and to_0 < FOR_EVER / 2:
            points.add(int(curve.starts[-1]) + math.ceil(to_0))
    return Breaks(points=tuple(sorted(points)))


def _turns(node: Keyframes, span: Span, curve: Curve) -> set[int]:
    """Steps on both sides of each turn of a bezier between two keys; the other stretches only rise or fall."""
    found: set[int] = set()
    for index, (start, key) in enumerate(placed(node, span)[:-1]):
        if key.then == "bezier":
            b, c, d = (float(column[index]) for column in (curve.b, curve.c, curve.d))
            for root in _roots(3 * d, 2 * c, b):
                at = start + root * float(curve.lengths[index])
                found |= {math.floor(at), math.ceil(at)}
    return found


def _roots(a: float, b: float, c: float) -> list[float]:
    """Where a * u * u + b * u + c is 0, for u from 0 to 1, in the way that loses no digits."""
    root = b * b - 4 * a * c
    if root < 0:
        return []
    q = -(b + math.copysign(math.sqrt(root), b)) / 2
    found = [q / a] if a else []
    found += [c / q] if q else []
    return [u for u in found if 0 < u < 1]


def _repeated(node: Keyframes, span: Span, curve: Curve, points: set[int]) -> Breaks:
    """The same again and again; many keys that come back more often than can be listed are looked at as they come."""
    first, period = curve.first, curve.length
    offsets = {point - first for point in points}
    if node.end == "ping-pong":
        # On the way back a jump is one step later than its mirror image.
        period = 2 * curve.length
        offsets |= {(period - offset + late) % period for offset in offsets for late in (0, 1)}
    found = tuple(sorted(offsets - {period}))
    extremes = {int(curve.starts[pick(curve.values)]) - first for pick in (np.argmin, np.argmax)} - {period}
    pattern = Pattern(first, period, found, first=first, turns=tuple(sorted(extremes | set(thinned(found)))))
    many = len(found) > MOST_OFFSETS and pattern.count(first, span.horizon) > MOST_LISTED
    return Breaks(patterns=(pattern,), rough=((first, FOR_EVER),) if many else ())


_ENDS = {
    "hold": "",
    "slope": ", then on with its slope",
    "repeat": ", again and again",
    "ping-pong": ", back and forth",
}


def _describe(node: Keyframes, span: Span) -> str:
    found = [key.value for _, key in placed(node, span)]
    if len(found) == 1:
        return f"1 key of {rate(found[0])}"
    words = f"{len(found):,} keys from {rate(found[0])} to {rate(found[-1])}"
    return words + (", in log space" if node.space == "log" else "") + _ENDS[node.end]


KEYFRAMES = Shape(
    node=Keyframes,
    title="Keyframes",
    family="free",
    behaviour=_KeyframesBehaviour(),
    breaks=_breaks,
    describe=_describe,
    handles=key_handles,
)

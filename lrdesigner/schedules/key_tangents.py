"""The control points beside the keys of a bezier: where they are, also the automatic ones, and how they are moved."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from lrdesigner.schedules.key_edits import bounded, in_time
from lrdesigner.schedules.keyframe_curve import Curve, curve_of
from lrdesigner.schedules.keyframes import Keyframes
from lrdesigner.schedules.length import Span

Side = Literal["leave", "arrive"]


@dataclass(frozen=True, slots=True)
class Control:
    """The control point of a key on one side of it, `away` steps from it: a third of the way to its neighbour.

    `at` is its local step, not whole; `key` the key's index. An automatic one is where a smooth curve has it.
    """

    key: int
    side: Side
    at: float
    away: float
    factor: float
    automatic: bool


def controls_of(node: Keyframes, span: Span, indices: Collection[int]) -> tuple[Control, ...]:
    """Those of some keys, in order of time: where a bezier arrives at them, and where one leaves them."""
    curve, order = curve_of(node, span), in_time(node, span)
    return tuple(found for row in range(len(order) - 1) for found in _of_stretch(node, curve, order, row, indices))


def move_control(node: Keyframes, span: Span, key: int, side: Side, factor: float, linked: bool = True) -> Keyframes:
    """With a key's control point at a factor; linked, the one on its other side goes along so that the slope is one.

    >>> from lrdesigner.schedules import Keyframe, Keyframes, Length, Span
    >>> places = [(0, 0.2), (30, 0.5), (90, 0.1)]
    >>> keys = tuple(Keyframe(Length(step, "steps"), value, "bezier") for step, value in places)
    >>> found = move_control(Keyframes(keys), Span(90, 90, 9), 1, "leave", 0.7).keys
    >>> found[1].leave, round(found[0].arrive, 12)
    (0.7, 0.4)
    """
    both = {control.side: control for control in controls_of(node, span, (key,))}
    if side not in both or not math.isfinite(factor):
        return node
    values: dict[Side, float | None] = {side: bounded(node, factor)}
    other: Side = "arrive" if side == "leave" else "leave"
    if linked and other in both:
        rise = _height(node, bounded(node, factor)) - _height(node, node.keys[key].value)
        opposite = _height(node, node.keys[key].value) - rise * both[other].away / both[side].away
        values[other] = bounded(node, math.exp(min(opposite, 700.0)) if node.space == "log" else opposite)
    return _with_controls(node, span, key, values)


def release_controls(node: Keyframes, span: Span, key: int, sides: Collection[Side] = ("leave", "arrive")) -> Keyframes:
    """With a key's control points where a smooth curve has them."""
    return _with_controls(node, span, key, dict.fromkeys(sides))


def _of_stretch(
    node: Keyframes, curve: Curve, order: list[int], row: int, indices: Collection[int]
) -> Iterator[Control]:
    before, after = order[row], order[row + 1]
    key = node.keys[before]
    if key.then != "bezier":
        return
    start, third = int(curve.starts[row]), float(curve.lengths[row]) / 3
    leave, arrive = curve.b[row] / 3, curve.c[row] / 3 + 2 * curve.b[row] / 3  # heights over that of the key before
    if before in indices:
        factor = key.leave if key.leave is not None else _over(node, key.value, float(leave))
        yield Control(before, "leave", start + third, third, factor, key.leave is None)
    if after in indices:
        factor = key.arrive if key.arrive is not None else _over(node, key.value, float(arrive))
        yield Control(after, "arrive", start + 2 * third, third, factor, key.arrive is None)


def _with_controls(node: Keyframes, span: Span, key: int, values: dict[Side, float | None]) -> Keyframes:
    keys, order = list(node.keys), in_time(node, span)
    if "leave" in values:
        keys[key] = replace(keys[key], leave=values["leave"])
    place = order.index(key) if key in order else 0
    if "arrive" in values and place:
        before = order[place - 1]
        keys[before] = replace(keys[before], arrive=values["arrive"])
    return replace(node, keys=tuple(keys)) if tuple(keys) != node.keys else node


def _height(node: Keyframes, factor: float) -> float:
    return math.log(factor) if node.space == "log" else factor


def _over(node: Keyframes, factor: float, height: float) -> float:
    return bounded(node, factor * math.exp(min(height, 700.0)) if node.space == "log" else factor + height)

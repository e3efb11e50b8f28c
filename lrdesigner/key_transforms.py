"""Several keys of a curve moved as one: stretched about a point, shifted, or set, offset and scaled by numbers.

What is here says where keys shall be; `TrackKeys.put` and `put_keys` then find whole steps that no two keys share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from lrdesigner.curve_handles import HandleEdit
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.handle_values import Precision
from lrdesigner.numbers import exact, parse_number, scaled
from lrdesigner.schedule_edits import Path, node_at, set_node_fields
from lrdesigner.schedules import Keyframes, Length, Span, resolve
from lrdesigner.schedules.key_edits import bounded, in_time
from lrdesigner.schedules.key_sets import put_keys
from lrdesigner.schedules.keyframes import LEAST_IN_LOG, MOST_VALUE
from lrdesigner.schedules.length import MOST_STEPS, parse_amount, parse_length
from lrdesigner.track_keys import KeyPoint, TrackKeys
from lrdesigner.tracks import Slot, track_of
from lrdesigner.tree_edits import span_at

Places = dict[int, tuple[float, float]]
"""For keys by their place in the list: a step, not rounded, and a value."""

Mode = Literal["set", "offset", "scale"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Scales the plane about a point that stays: `across` in time, `along` in values, of their logarithms if `log`.

    A value that has no logarithm stays where it is.

    >>> Stretch(100, 1.0, across=0.5, along=2.0).place(200, 1.25)
    (150.0, 1.5)
    >>> Stretch(0, 1.0, along=2.0, log=True).place(200, 0.01)[1]
    0.0001
    """

    step: float
    value: float
    across: float = 1.0
    along: float = 1.0
    log: bool = False

    def place(self, step: float, value: float) -> tuple[float, float]:
        """Where a point goes."""
        return self.step + (step - self.step) * self.across, self.of_value(value)

    def of_value(self, value: float) -> float:
        """Where a value goes; the very same where nothing is scaled."""
        if self.along == 1.0 or not math.isfinite(value):
            return value
        if not self.log:
            return self.value + (value - self.value) * self.along
        if value <= 0 or self.value <= 0:
            return value
        return float(f"{self.value * (value / self.value) ** self.along:.15g}")


@dataclass(frozen=True, slots=True)
class Shift:
    """Moves the plane: in time by steps, in values by a difference, or by a ratio if `log`."""

    steps: float = 0.0
    value: float = 0.0
    log: bool = False

    def place(self, step: float, value: float) -> tuple[float, float]:
        """Where a point goes."""
        return step + self.steps, self.of_value(value)

    def of_value(self, value: float) -> float:
        """Where a value goes. `value` of the shift is a ratio if `log`, where 0 means none."""
        if self.log:
            return value * self.value if self.value else value
        return value + self.value


@dataclass(frozen=True, slots=True)
class Amount:
    """What is done to several numbers: set to one, offset by one, or scaled by one."""

    mode: Mode
    number: float

    def of(self, value: float) -> float:
        """What becomes of a value.

        >>> Amount("scale", 3).of(0.1), Amount("offset", -0.1).of(0.3), Amount("set", 2).of(7)
        (0.3, 0.2, 2)
        """
        if self.mode == "set":
            return self.number
        if self.mode == "scale":
            return value if self.number == 1 else scaled(value, self.number)
        return value if self.number == 0 else float(f"{value + self.number:.14g}")


def read_time(mode: Mode, text: str, span: Span) -> Amount:
    """What a person typed for times: a length, signed for an offset, or the factor of a scale; raises `UserError`.

    >>> read_time("offset", "-2 epochs", Span(450, 450, 45)), read_time("scale", "1/2", Span(450, 450, 45))
    (Amount(mode='offset', number=-90), Amount(mode='scale', number=0.5))
    """
    if mode == "scale":
        return _read_factor(text)
    if mode == "set":
        length = parse_length(text)
        if length.unit == "rest":
            raise UserError("Write a number of steps, epochs or %, not the rest.")
        return Amount(mode, resolve(length, span))
    amount, unit = parse_amount(text.replace("\N{MINUS SIGN}", "-"))
    steps = resolve(Length(abs(amount), unit), span)
    return Amount(mode, -steps if amount < 0 else steps)


def read_value(mode: Mode, text: str) -> Amount:
    """What a person typed for values: a number, or a formula such as 1/3; raises `UserError`."""
    return _read_factor(text) if mode == "scale" else Amount(mode, parse_number(text.strip().removeprefix("+")))


def _read_factor(text: str) -> Amount:
    bare = text.strip()
    return Amount("scale", parse_number(bare[1:] if bare[:1] in ("*", "x", "\N{MULTIPLICATION SIGN}") else bare))


def places_of(points: Iterable[KeyPoint], transform: Stretch | Shift) -> Places:
    """Where a transformation puts points of a track."""
    return {point.index: transform.place(point.step, point.value) for point in points}


def transformed(
    keys: TrackKeys, indices: Collection[int], transform: Stretch | Shift, precision: Precision = "normal"
) -> HandleEdit:
    """The edit that transforms some keys as they are seen on the track's plane, with their control points.

    Values that change are rounded as of a handle that is dragged, steps are whole; no two keys come to one step.
    """
    points = [point for point in keys.points if point.index in indices]
    places = places_of(points, transform)
    taken = {point.step for point in keys.points} - {point.step for point in points}
    whole: Mapping[int, float] = {point.index: point.step for point in points}
    if any(places[index][0] != step for index, step in whole.items()):  # else a key past the end stays there
        whole = spaced({index: step for index, (step, _) in places.items()}, taken, keys.bounds)
    put = keys.put({index: (whole[index], value) for index, (_, value) in places.items()}, precision)
    node = replace(keys.node, keys=put.arguments[-1]["keys"])
    steps = {point.index: point.step for point in points}

    def of_factor(index: int, factor: float) -> float:
        local = steps[index] - keys.run_step(0)
        value = transform.of_value(keys.value_of(local, factor))
        found = keys.factor_of(steps[index], max(value, 0.0)) if math.isfinite(value) else math.nan
        return float(f"{found:.4g}") if math.isfinite(found) else factor

    if isinstance(transform, Stretch) and transform.along != 1.0:
        node = _with_controls(keys.node, node, keys.span, indices, of_factor)
    return keys.replaced("Move" if isinstance(transform, Shift) else "Scale", len(points), node)


def spaced(
    wanted: Mapping[int, float], taken: Collection[int], bounds: tuple[int, int] = (0, MOST_STEPS)
) -> dict[int, int]:
    """The nearest whole steps for keys that come in this order in time, each after the one before and on none taken.

    >>> spaced({0: 3.2, 1: 3.4, 2: 3.6}, {4})
    {0: 3, 1: 5, 2: 6}
    """
    low, high = bounds
    found: dict[int, int] = {}
    least = low
    for index, step in wanted.items():
        least = max(math.floor(min(step, high) + 0.5), least)
        while least in taken:
            least += 1
        found[index], least = least, least + 1
    most = high
    for index in reversed(found):
        if found[index] <= most:
            break
        while most in taken:
            most -= 1
        found[index], most = most, most - 1
    return found


def change_keys(
    design: Design,
    group: int,
    slot: Slot,
    path: Path,
    indices: Collection[int],
    time: Amount | None = None,
    value: Amount | None = None,
) -> Design:
    """Set, offset or scale the times (in steps) and factors of some keys of the curve at a path.

    Times are set by putting the first of the keys there, the others at the distance that they had; they are scaled from
    the first of them on, factors from 0 on. Nothing to do gives the same design. Raises `UserError` for a time before
    the curve begins, and for a factor that cannot be.
    """
    schedule = track_of(design.group(group), slot).schedule
    node = node_at(schedule, path)
    span = span_at(schedule, path, design.plan.span_for(track_of(design.group(group), slot).base))
    changed = changed_keys(node, span, indices, time, value)
    return design if changed is node else set_node_fields(design, group, slot, path, {"keys": changed.keys})


def changed_keys(
    node: Keyframes, span: Span, indices: Collection[int], time: Amount | None = None, value: Amount | None = None
) -> Keyframes:
    """`change_keys` of a node."""
    steps = {index: resolve(node.keys[index].at, span) for index in in_time(node, span) if index in indices}
    if not steps:
        return node
    if value is not None:
        _refuse_values(node, steps, value)
    wanted: Mapping[int, float] = _retimed(steps, time) if time is not None else steps
    factors = {index: node.keys[index].value for index in steps}
    if value is not None:
        factors = {index: value.of(factor) for index, factor in factors.items()}
    live = {resolve(node.keys[index].at, span) for index in in_time(node, span)}
    whole = spaced(wanted, live - set(steps.values()))
    put = put_keys(node, span, {index: (whole[index], factors[index]) for index in steps})
    if value is not None and value.mode == "scale":
        put = _with_controls(node, put, span, indices, lambda _, factor: value.of(factor))
    return put


def _retimed(steps: Mapping[int, int], time: Amount) -> Mapping[int, float]:
    first = min(steps.values())
    match time.mode:
        case "set":
            found = {index: time.number + step - first for index, step in steps.items()}
        case "offset":
            found = {index: step + time.number for index, step in steps.items()}
        case "scale":
            if time.number < 0:
                raise UserError(f"Time can be scaled by 0 and more, not by {exact(time.number)}.")
            found = {index: first + (step - first) * time.number for index, step in steps.items()}
    if min(found.values()) < 0:
        raise UserError(f"The first key would be {exact(-min(found.values()))} steps before the curve begins.")
    if not max(found.values()) <= MOST_STEPS:
        raise UserError("The last key would be later than any run is long.")
    return found


def _refuse_values(node: Keyframes, indices: Iterable[int], value: Amount) -> None:
    least = LEAST_IN_LOG if node.space == "log" else 0.0
    for index in indices:
        factor = value.of(node.keys[index].value)
        if not least <= factor <= MOST_VALUE:
            above = "at least 0" if least == 0 else "above 0, in log space,"
            words = f"it must be {above} and at most {exact(MOST_VALUE)}"
            raise UserError(f"The value of key {index + 1} would be {exact(factor)}; {words}.")


def _with_controls(
    before: Keyframes,
    after: Keyframes,
    span: Span,
    indices: Collection[int],
    of_factor: Callable[[int, float], float],
) -> Keyframes:
    """With the control points beside some keys where these would go themselves; in the same order of keys only.

    `put_keys` takes them along by as much as their keys move, which would bend what is scaled.
    """
    order = in_time(before, span)
    if in_time(after, span) != order:
        return after
    keys = list(after.keys)
    for index, following in zip(order, [*order[1:], None], strict=True):
        leave, arrive = before.keys[index].leave, before.keys[index].arrive
        if leave is not None and index in indices:
            keys[index] = replace(keys[index], leave=bounded(after, of_factor(index, leave)))
        if arrive is not None and following is not None and following in indices:
            keys[index] = replace(keys[index], arrive=bounded(after, of_factor(following, arrive)))
    return replace(after, keys=tuple(keys)) if tuple(keys) != after.keys else after

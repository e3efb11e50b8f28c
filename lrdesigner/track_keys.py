"""The keys of a curve drawn by hand, several at once, in the units of its track: steps of the run and values."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lrdesigner.curve_handles import HandleEdit
from lrdesigner.document import Group, Plan
from lrdesigner.errors import UserError
from lrdesigner.handle_values import Precision, settled
from lrdesigner.schedule_edits import Path, node_at, set_node_fields
from lrdesigner.schedules import Keyframes, Span, resolve, shape_of
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.schedules.key_edits import in_time, insert_key
from lrdesigner.schedules.key_sets import equal_to_neighbour, put_keys, remove_keys, set_interpolation
from lrdesigner.schedules.keyframes import Interpolation
from lrdesigner.schedules.shape import Part
from lrdesigner.tracks import Slot, track_of


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """A key on the track's plane. `index` is its place in the node; its value is NaN where nothing shows it."""

    index: int
    step: int
    value: float


@dataclass(frozen=True)
class TrackKeys:
    """The keys of the `Keyframes` node at `path` in a track's schedule; raises `UserError` where there is none.

    >>> from lrdesigner.demos import demo_design
    >>> TrackKeys(demo_design().groups[0], "lr", demo_design().plan, ())
    Traceback (most recent call last):
    lrdesigner.errors.UserError: That part of the schedule is no curve drawn by hand.
    """

    group: Group
    slot: Slot
    plan: Plan
    path: Path

    def __post_init__(self) -> None:
        if not isinstance(node_at(track_of(self.group, self.slot).schedule, self.path), Keyframes):
            raise UserError("That part of the schedule is no curve drawn by hand.")

    @cached_property
    def node(self) -> Keyframes:
        """The curve."""
        found = node_at(track_of(self.group, self.slot).schedule, self.path)
        assert isinstance(found, Keyframes)
        return found

    @cached_property
    def chain(self) -> tuple[Part, ...]:
        """The parts that lead to the curve, outermost first; a segment without steps ends the chain."""
        return self._placed[0]

    @property
    def span(self) -> Span:
        """Where the curve runs."""
        return self._placed[1]

    @property
    def base(self) -> float:
        """Base value of the track."""
        return track_of(self.group, self.slot).base

    @cached_property
    def points(self) -> tuple[KeyPoint, ...]:
        """The keys that count, in order of time; those past the end of their segment too."""
        steps = {index: resolve(self.node.keys[index].at, self.span) for index in in_time(self.node, self.span)}
        return tuple(
            KeyPoint(index, self.run_step(step), self.value_of(step, self.node.keys[index].value))
            for index, step in steps.items()
        )

    def run_step(self, step: int) -> int:
        """The step of the run at one of the curve's own."""
        return step + sum(part.origin for part in self.chain)

    def value_of(self, step: int, factor: float) -> float:
        """The value of the track where the curve has this factor at one of its own steps."""
        for part in reversed(self.chain):
            step += part.origin
            factor = part.factor(step, factor)
        return self.base * factor if math.isfinite(factor) else math.nan

    def factor_of(self, step: int, value: float) -> float:
        """The factor that the curve must have for a value of the track at a step of the run; NaN where none does."""
        factor = value / self.base if self.base else math.nan
        for part in self.chain:
            factor = part.child_factor(step, factor)
            step -= part.origin
        return factor

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """The first and the last step of the run at which a key can be put."""
        low, high, origin = 0, FOR_EVER, 0
        for part in self.chain:
            low, high = max(low, origin + part.first), min(high, origin + part.end)
            origin += part.origin
        return max(low, origin), max(min(high, self.plan.total_steps), low)

    def put(self, places: Mapping[int, tuple[float, float]], precision: Precision = "exact") -> HandleEdit:
        """Puts keys at other steps and values; what does not differ from where a key is stays as it is.

        Factors are rounded as the precision says. Steps are whole, within the curve's part of the run.
        """
        now = {point.index: point for point in self.points}
        local = {index: self._local(now[index], *place, precision) for index, place in places.items() if index in now}
        changed = put_keys(self.node, self.span, local, self.bounds[1] - self.run_step(0))
        return self._edit("Move", len(places), changed)

    def insert(self, step: float, value: float | None = None, precision: Precision = "exact") -> tuple[HandleEdit, int]:
        """Adds a key at a step, on the curve or at a value, or gives the value to the one there; and its index."""
        low, high = self.bounds
        whole = min(max(math.floor(step + 0.5), low), high)
        at = whole - self.run_step(0)
        factor = None if value is None else self.factor_of(whole, value)
        if factor is not None:
            factor = _rounded(factor, precision) if math.isfinite(factor) else None
        changed = insert_key(self.node, self.span, at, factor)
        index = next(i for i in in_time(changed, self.span) if resolve(changed.keys[i].at, self.span) == at)
        return self._edit("Add" if len(changed.keys) > len(self.node.keys) else "Move", 1, changed), index

    def remove(self, indices: Collection[int]) -> HandleEdit:
        """Removes keys; raises `UserError` where none would be left."""
        return self._edit("Remove", len(indices), remove_keys(self.node, self.span, indices))

    def interpolate(self, indices: Collection[int], then: Interpolation) -> HandleEdit:
        """Draws the stretches after keys in another way."""
        return self._edit("Interpolate", len(indices), set_interpolation(self.node, indices, then))

    def equalise(self, indices: Collection[int], direction: Literal[-1, 1]) -> HandleEdit:
        """Gives keys the value of the one before (-1) or after (+1) them."""
        return self._edit("Level", len(indices), equal_to_neighbour(self.node, self.span, indices, direction))

    def replaced(self, verb: str, count: int, node: Keyframes) -> HandleEdit:
        """Another edit of `count` of its keys, in the same words as those above."""
        return self._edit(verb, count, node)

    @cached_property
    def _placed(self) -> tuple[tuple[Part, ...], Span]:
        track = track_of(self.group, self.slot)
        schedule, span = track.schedule, self.plan.span_for(track.base)
        chain: list[Part] = []
        for index in self.path:
            shape = shape_of(schedule)
            part = next((part for part in shape.parts(schedule, span) if part.index == index), None)
            if part is None:
                return tuple(chain), span.part(0)
            chain.append(part)
            schedule, span = part.schedule, part.span
        return tuple(chain), span

    def _local(self, now: KeyPoint, step: float, value: float, precision: Precision) -> tuple[int, float]:
        key, whole = self.node.keys[now.index], now.step
        if math.isfinite(step) and step != now.step:
            whole = min(max(math.floor(step + 0.5), self.bounds[0]), self.bounds[1])
        local = whole - self.run_step(0)
        if not math.isfinite(value) or value == now.value or math.isclose(value, now.value, rel_tol=1e-13):
            return local, key.value if whole == now.step else self._kept(key.value, now, whole)
        factor = self.factor_of(whole, max(value, 0.0))
        if not math.isfinite(factor):
            return local, key.value
        return local, _rounded(factor, precision)

    def _kept(self, factor: float, now: KeyPoint, step: int) -> float:
        """The factor at another step that leaves the value as it is: the same, but in a product."""
        found = self.factor_of(step, now.value)
        return (
            factor
            if not math.isfinite(found) or math.isclose(found, factor, rel_tol=1e-12)
            else _rounded(found, "exact")
        )

    def _edit(self, verb: str, count: int, node: Keyframes) -> HandleEdit:
        what = "a key" if count == 1 else f"{count} keys"
        arguments = (self.group.id, self.slot, self.path, {"keys": node.keys})
        return HandleEdit(f"{verb} {what} of {self.group.name}", set_node_fields, arguments)


def _rounded(factor: float, precision: Precision) -> float:
    return settled(factor, precision) if factor > 0 else 0.0

"""Keys that are dragged together: how far they may go, and where each of them then is."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lrdesigner.curve_handles import HandleEdit
from lrdesigner.handle_values import Precision, notched_in, within
from lrdesigner.schedules import Field
from lrdesigner.track_keys import KeyPoint, TrackKeys

Scale = Literal["ratio", "amount"]
"""How the value of one key tells those of the others: on a log axis by its ratio, on a linear one by its amount."""

_FACTOR = Field(name="factor", title="Factor", kind="number", help="", default=1.0, above=0.0)


@dataclass(frozen=True)
class KeyMove:
    """The keys `indices` of a track move as its key `grabbed` does, which is one of them."""

    keys: TrackKeys
    grabbed: int
    indices: Collection[int]

    @cached_property
    def moving(self) -> tuple[KeyPoint, ...]:
        """What moves."""
        return tuple(point for point in self.keys.points if point.index in self.indices)

    @cached_property
    def point(self) -> KeyPoint:
        """The key that is held."""
        return next(point for point in self.moving if point.index == self.grabbed)

    def to(
        self, step: float, value: float, scale: Scale, precision: Precision = "normal", *, between: bool = False
    ) -> HandleEdit:
        """The held key goes there, or as near as may be; `between`: no key passes one that does not move."""
        by = self._possible(math.floor(step - self.point.step + 0.5) if math.isfinite(step) else 0, between)
        if len(self.moving) == 1:
            return self.keys.put({self.grabbed: (self.point.step + by, value)}, precision)
        value = self._rounded(value, precision)
        places = {point.index: (point.step + by, self._value(point, value, scale)) for point in self.moving}
        return self.keys.put(places)

    def nudged(self, axis: str, direction: int, scale: Scale, precision: Precision = "normal") -> HandleEdit:
        """One step, with `snap` one epoch; or one notch of the held key's factor."""
        if axis == "step":
            by = self.keys.plan.steps_per_epoch if precision == "snap" else 1
            return self.to(self.point.step + direction * by, self.point.value, scale)
        factor = self.keys.node.keys[self.grabbed].value
        notched = notched_in(_FACTOR, factor, direction, precision)
        value = self.keys.value_of(self.point.step - self.keys.run_step(0), within(_FACTOR, notched))
        return self.to(self.point.step, value, scale, "exact")

    def _possible(self, by: int, between: bool) -> int:
        """As many steps as all of them can go."""
        steps, (low, high) = [point.step for point in self.moving], self.keys.bounds
        least, most = min(low - min(steps), 0), max(high - max(steps), 0)
        if between:
            still = [point.step for point in self.keys.points if point.index not in self.indices]
            for step in steps:
                least = max(least, max((other + 1 - step for other in still if other < step), default=least))
                most = min(most, min((other - 1 - step for other in still if other > step), default=most))
        return min(max(by, least), most)

    def _rounded(self, value: float, precision: Precision) -> float:
        """The value that the held key would come to have alone: what the others follow."""
        if value == self.point.value or not math.isfinite(value):
            return self.point.value
        alone = self.keys.put({self.grabbed: (self.point.step, value)}, precision).arguments[-1]["keys"]
        return self.keys.value_of(self.point.step - self.keys.run_step(0), alone[self.grabbed].value)

    def _value(self, point: KeyPoint, value: float, scale: Scale) -> float:
        before = self.point.value
        if point is self.point or value == before:
            return value if point is self.point else point.value
        if scale == "amount":
            return max(point.value + value - before, 0.0)
        return point.value * (value / before) if before > 0 else point.value

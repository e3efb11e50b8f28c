"""The control points of a bezier as handles: they move up and down, and stay at a third of the way."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from lrdesigner.curve_handles import Axis, HandleEdit
from lrdesigner.handle_values import Precision, notched_in, settled
from lrdesigner.numbers import rate
from lrdesigner.schedules import Field
from lrdesigner.schedules.key_tangents import Control, controls_of, move_control, release_controls
from lrdesigner.track_keys import TrackKeys

_FACTOR = Field(name="factor", title="Factor", kind="number", help="", default=1.0, above=0.0)


@dataclass(frozen=True, slots=True)
class ControlHandle:
    """One control point. `linked`: that on the other side of the key goes along, so that the curve has no corner."""

    keys: TrackKeys
    control: Control
    linked: bool = True

    @property
    def name(self) -> str:
        """Path of the curve, number of the key, and the side."""
        path = "".join(f"{index}." for index in self.keys.path)
        return f"{path}key {self.control.key} {self.control.side}"

    @property
    def group(self) -> int:
        """Id of the group."""
        return self.keys.group.id

    @property
    def axes(self) -> Literal["value"]:
        """Up and down only."""
        return "value"

    @property
    def step(self) -> float:
        """Step of the run, not whole."""
        return self.control.at + self.keys.run_step(0)

    @property
    def value(self) -> float:
        """Value of the track."""
        return self.keys.value_of(round(self.control.at), self.control.factor)

    @property
    def may_be_zero(self) -> bool:
        """Control points may."""
        return True

    @property
    def key(self) -> None:
        """None: it is no key, but beside one."""

    @property
    def title(self) -> str:
        """Which one it is."""
        way = "leaves" if self.control.side == "leave" else "arrives at"
        return f"{way} key {self.control.key + 1}"

    @property
    def amount(self) -> str:
        """Its value, or that it is automatic."""
        return f"{rate(self.value)}{' (automatic)' if self.control.automatic else ''}"

    @property
    def text(self) -> str:
        """Title, epoch, step and value."""
        epoch = self.step / self.keys.plan.steps_per_epoch
        return f"{self.title} · epoch {epoch:,.4g} · step {round(self.step):,} · {self.amount}"

    def moved(self, step: float, value: float, precision: Precision = "normal") -> HandleEdit:
        """The edit that puts it at a value; the step is not looked at."""
        if math.isclose(value, self.value, rel_tol=1e-12):
            return self._edit(self.control.factor)
        factor = self.keys.factor_of(round(self.step), max(value, 0.0))
        return self._edit(settled(factor, precision) if factor > 0 else factor)

    def nudged(self, direction: int, precision: Precision = "normal", axis: Axis = "value") -> HandleEdit:
        """One notch up or down."""
        if axis == "step":
            return self._edit(self.control.factor)
        return self._edit(notched_in(_FACTOR, self.control.factor, direction, precision))

    def released(self) -> HandleEdit:
        """The edit that makes it automatic again, and the one that is linked to it."""
        keys, control = self.keys, self.control
        node = release_controls(
            keys.node, keys.span, control.key, ("leave", "arrive") if self.linked else (control.side,)
        )
        return keys.replaced("Smooth", 1, node)

    def _edit(self, factor: float) -> HandleEdit:
        keys, control = self.keys, self.control
        if factor == control.factor:
            return keys.replaced("Bend at", 1, keys.node)
        node = move_control(keys.node, keys.span, control.key, control.side, factor, self.linked)
        return keys.replaced("Bend at", 1, node)


def control_handles(keys: TrackKeys, indices: Collection[int]) -> tuple[ControlHandle, ...]:
    """Those of some keys that lie in the run and have a place on the track's plane."""
    found = (ControlHandle(keys, control) for control in controls_of(keys.node, keys.span, indices))
    return tuple(one for one in found if 0 <= one.step <= keys.plan.total_steps and math.isfinite(one.value))

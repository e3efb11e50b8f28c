"""Handles on the nodes of a track's schedule, in the track's own units: steps of the run, values of the option."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace

from lrdesigner.curves import breakpoints
from lrdesigner.document import Design, Group, Plan
from lrdesigner.errors import UserError
from lrdesigner.handle_values import (
    LOWEST,
    Precision,
    nearest_line,
    next_line,
    notched_in,
    settled,
    settled_in,
    shortest,
    whole_step,
    within,
)
from lrdesigner.numbers import rate
from lrdesigner.placed_handles import PlacedHandle
from lrdesigner.schedule_edits import Path, set_node_fields
from lrdesigner.schedules import Absolute, Field, fields_of
from lrdesigner.schedules.handle_kinds import factor_at
from lrdesigner.schedules.shape import Node
from lrdesigner.tracks import TRACK_KINDS, Slot, moves, option_of, slots_of, track_of

Axis = Literal["step", "value"]

_TOLERANCE: dict[Precision, float] = {"normal": 5e-3, "fine": 5e-5, "snap": 5e-3, "exact": 1e-12}


@dataclass(frozen=True, slots=True)
class HandleEdit:
    """An edit as the store takes it: `store.commit(label, edit, *arguments)`."""

    label: str
    edit: Callable[..., Design]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class KeyRef:
    """A key of a curve drawn by hand: the path of the curve in the track's schedule, and the key's index."""

    path: Path
    index: int


@dataclass(frozen=True)
class Scene:
    """What the handles of one track have in common."""

    group: Group
    slot: Slot
    plan: Plan

    @cached_property
    def base(self) -> float:
        """Base value of the track."""
        return track_of(self.group, self.slot).base

    @cached_property
    def lines(self) -> list[int]:
        """Steps of interest beside the epochs: the corners of every track of the group, the first of those in a row."""
        tracks = [track_of(self.group, slot) for slot in slots_of(self.group) if moves(self.group, slot)]
        found = np.unique(np.concatenate([breakpoints(track, self.plan) for track in tracks]))
        return [int(step) for step in found[np.diff(found, prepend=-2) > 1]]

    @property
    def unit(self) -> str:
        """What a value is: "lr", "weight decay", "momentum"."""
        if self.slot == "lr":
            return "lr"
        option = option_of(self.group, self.slot)
        fields = fields_of(type(self.group.options))
        title = next((field.title for field in fields if field.name == option), TRACK_KINDS[self.slot].title)
        return title.lower()


@dataclass(frozen=True, slots=True)
class CurveHandle:
    """One handle of one node."""

    scene: Scene
    placed: PlacedHandle

    @property
    def name(self) -> str:
        """Path of the node and name of the handle."""
        return self.placed.name

    @property
    def group(self) -> int:
        """Id of the group."""
        return self.scene.group.id

    @property
    def axes(self) -> Literal["step", "value", "both"]:
        """What its shape says; without a base value nothing can be dragged up or down."""
        handle = self.placed.handle
        if handle.value is None or self.scene.base == 0:
            return "step"
        return "value" if handle.step is None else "both"

    @property
    def step(self) -> int:
        """Step of the run."""
        return self.placed.step

    @property
    def value(self) -> float:
        """Value of the track there."""
        return self.scene.base * self.placed.factor

    @property
    def may_be_zero(self) -> bool:
        """Levels may."""
        return True

    @property
    def key(self) -> KeyRef | None:
        """The key that it stands for, if its node is a curve drawn by hand."""
        index = self.placed.handle.key
        return None if index is None else KeyRef(self.placed.path, index)

    @property
    def title(self) -> str:
        """What the shape calls it."""
        return self.placed.handle.title

    @property
    def amount(self) -> str:
        """The track's value."""
        return f"{self.scene.unit} {rate(self.value)}"

    @property
    def text(self) -> str:
        """Title, epoch, step and value."""
        epoch = self.step / self.scene.plan.steps_per_epoch
        return f"{self.title} · epoch {epoch:,.4g} · step {self.step:,} · {self.amount}"

    def moved(self, step: float, value: float, precision: Precision = "normal") -> HandleEdit:
        """The fields of its node for this step and value, rounded and within their bounds."""
        fields: dict[str, Any] = {}
        if self.axes != "value" and math.isfinite(step):
            fields |= self._step_fields(self._settled_step(step, precision))
        if self.axes != "step" and math.isfinite(value) and not self._holds(value):
            fields |= self._value_fields(value / self.scene.base, precision, fields)
        return self._edit(fields)

    def nudged(self, direction: int, precision: Precision = "normal", axis: Axis = "value") -> HandleEdit:
        """One step, or to the next line; one notch of the field, or of the value where that is not the field."""
        if axis == "step":
            return self._edit(self._step_fields(self._next_step(direction, precision)) if self.axes != "value" else {})
        return self._edit(self._notched(direction, precision) if self.axes != "step" else {})

    def _settled_step(self, step: float, precision: Precision) -> int:
        plan = self.scene.plan
        if precision == "snap" and whole_step(step, plan.total_steps) != self.step:
            return nearest_line(step, plan.total_steps, plan.steps_per_epoch, self.scene.lines)
        return whole_step(step, plan.total_steps)

    def _next_step(self, direction: int, precision: Precision) -> int:
        plan = self.scene.plan
        if precision == "snap":
            return next_line(self.step, direction, plan.total_steps, plan.steps_per_epoch, self.scene.lines)
        return whole_step(self.step + direction, plan.total_steps)

    def _holds(self, value: float) -> bool:
        return math.isclose(value, self.value, rel_tol=1e-9) or max(value, 0.0) == self.value

    def _step_fields(self, step: int) -> dict[str, Any]:
        placed = self.placed
        if step == self.step or placed.handle.step is None:
            return {}
        fields = placed.handle.step(placed.node, placed.span, placed.local_step(step))
        return fields if self._possible(fields) else {}

    def _value_fields(self, factor: float, precision: Precision, changed: dict[str, Any]) -> dict[str, Any]:
        """For a factor of the track, of the node with the fields that a sideways drag has `changed` already."""
        placed = self.placed
        node = replace(placed.node, **changed)
        at = placed.handle.at(node, placed.span) if changed else placed.at
        if at is None:
            return {}
        local = placed.local_factor(placed.step + at - placed.at, max(factor, 0.0))
        if not math.isfinite(local):
            return {}
        return self._rounded(node, at, local, precision)

    def _rounded(self, node: Any, at: int, factor: float, precision: Precision) -> dict[str, Any]:
        handle, span = self.placed.handle, self.placed.span
        assert handle.value is not None
        fields = handle.value(node, span, at, factor)
        if not fields:
            return {}
        ((name, found),) = fields.items()
        field = _field(node, name)
        if not isinstance(found, (float, int, Absolute)):  # a key of many
            return handle.value(node, span, at, settled(factor, precision) if factor > 0 else 0.0)
        if self._drives_the_factor(node, at, factor):
            rounded = {name: _with(found, settled_in(field, _number(found), precision))}
            return rounded if _fit(node, rounded) else fields
        if precision == "snap":
            factor = settled(factor, precision)
            fields = handle.value(node, span, at, factor)
            if not fields:
                return {}
            found = fields[name]

        def good(amount: float) -> bool:
            rounded = {name: _with(found, within(field, amount))}
            if not _fit(node, rounded):
                return False
            return abs(factor_at(replace(node, **rounded), span, at) - factor) <= _TOLERANCE[precision] * abs(factor)

        return {name: _with(found, within(field, shortest(_number(found), precision, good)))}

    def _notched(self, direction: int, precision: Precision) -> dict[str, Any]:
        placed = self.placed
        assert placed.handle.value is not None
        factor = factor_at(placed.node, placed.span, placed.at)
        fields = placed.handle.value(placed.node, placed.span, placed.at, factor)
        for name, found in fields.items():
            if isinstance(found, (float, int, Absolute)) and self._drives_the_factor(placed.node, placed.at, factor):
                old = getattr(placed.node, name)
                scale = placed.span.base if isinstance(old, Absolute) and _number(old) == 0 else 1.0
                field = _field(placed.node, name)
                notched = {name: _with(old, notched_in(field, _number(old), direction, precision) * scale)}
                return notched if _fit(placed.node, notched) else {}
        if factor < LOWEST and direction < 0:
            return {}  # further down nobody sees it
        wanted = notched_in(_POSITIVE, max(factor, LOWEST), direction, precision)
        rough = self._rounded(placed.node, placed.at, wanted, "normal")
        if self._leads(rough, factor, direction):
            return rough
        finer = self._rounded(placed.node, placed.at, wanted, "fine")  # the notch was smaller than the rounding
        return finer if self._leads(finer, factor, direction) else {}

    def _leads(self, fields: dict[str, Any], factor: float, direction: int) -> bool:
        """Whether the factor goes in a direction with these fields; also where there are none."""
        placed = self.placed
        return (factor_at(replace(placed.node, **fields), placed.span, placed.at) - factor) * direction >= 0

    def _drives_the_factor(self, node: Any, at: int, factor: float) -> bool:
        """Whether the field is the factor itself, so that it is the field that is rounded. One look might be chance."""
        handle, span = self.placed.handle, self.placed.span
        assert handle.value is not None
        for looked_at in (factor, 0.5 * factor + 0.125):
            fields = handle.value(node, span, at, looked_at)
            if not all(_is_the_factor(found, looked_at, span.base) for found in fields.values()):
                return False
        return True

    def _possible(self, fields: dict[str, Any]) -> bool:
        """Numbers that a step drives stay within their bounds; lengths have none."""
        numbers = {name: value for name, value in fields.items() if isinstance(value, float)}
        return all(within(_field(self.placed.node, name), value) == value for name, value in numbers.items())

    def _edit(self, fields: dict[str, Any]) -> HandleEdit:
        names = [_field(self.placed.node, name).title for name in fields]
        title = " and ".join(names) or self.title[0].upper() + self.title[1:]
        arguments = (self.group, self.scene.slot, self.placed.path, fields)
        return HandleEdit(f"{title} of {self.scene.group.name}", set_node_fields, arguments)


_POSITIVE = Field(name="factor", title="Factor", kind="number", help="", default=1.0, above=0.0)


def _field(node: Node, name: str) -> Field:
    return next(field for field in fields_of(type(node)) if field.name == name)


def _fit(node: Node, fields: dict[str, Any]) -> bool:
    """Whether the node can have these: one level of a clamp must not pass the other."""
    try:
        replace(node, **fields)
    except UserError:
        return False
    return True


def _number(value: Any) -> float:
    return value.absolute if isinstance(value, Absolute) else float(value)


def _with(like: Any, number: float) -> Any:
    return Absolute(number) if isinstance(like, Absolute) else number


def _is_the_factor(found: Any, factor: float, base: float) -> bool:
    """Whether a field is the factor itself, so that it is the field that is rounded."""
    wanted = factor * base if isinstance(found, Absolute) else factor
    return math.isclose(_number(found), wanted, rel_tol=1e-9, abs_tol=1e-15)

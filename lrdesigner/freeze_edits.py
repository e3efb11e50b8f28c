"""Edits of the stretches in which a group is frozen, by steps of the run: pure functions Design -> Design.

A stretch is named by its place in `group.freeze`. Starts and lengths keep their unit.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from lrdesigner.document import Design, Freeze, Plan
from lrdesigner.edits import set_freeze
from lrdesigner.errors import UserError
from lrdesigner.schedules import REST, Length, in_unit, length_like, resolve
from lrdesigner.tracks import Stretch

Edge = Literal["start", "end"]

MOST_STRETCHES = 100
"""More than anybody draws; a file may hold more."""


def stretch_of(part: Freeze, plan: Plan) -> Stretch:
    """First frozen step and one past the last, within the run; the same twice for a stretch that holds no step."""
    total = plan.total_steps
    start = min(resolve(part.start, plan.span), total)
    if part.length.unit == "rest":
        return start, total
    return start, min(resolve(part.start, plan.span) + resolve(part.length, plan.span), total)


def add_stretch(design: Design, group: int, start: int, end: int) -> Design:
    """Freeze a group from step `start` until before `end`, in epochs where these are whole; up to the end of the run
    it lasts the rest."""
    start, end = _ordered(start, end, design.plan.total_steps)
    freeze = design.group(group).freeze
    if len(freeze) >= MOST_STRETCHES:
        raise UserError(f"A group is frozen in at most {MOST_STRETCHES} stretches.")
    length = REST if end == design.plan.total_steps and start > 0 else _length(end - start, design.plan)
    return set_freeze(design, group, (*freeze, Freeze(_length(start, design.plan), length)))


def move_stretch(design: Design, group: int, index: int, start: int) -> Design:
    """Let a stretch begin at another step; it lasts as long as before, as far as the run has room for it.

    One that lasts to the end of the run gets longer or shorter, since its end stays there.
    """
    part, plan = design.group(group).freeze[index], design.plan
    first, end = stretch_of(part, plan)
    room = plan.total_steps - (1 if part.length.unit == "rest" else end - first)
    return _with(design, group, index, replace(part, start=_start(part, min(max(start, 0), max(room, 0)), plan)))


def resize_stretch(design: Design, group: int, index: int, edge: Edge, step: int) -> Design:
    """Put one edge of a stretch at another step; the other edge stays, and one step is left between them.

    The end, put at the end of the run, makes the stretch last the rest of it.
    """
    part, plan = design.group(group).freeze[index], design.plan
    start, end = stretch_of(part, plan)
    if edge == "start":
        step = min(max(step, 0), max(end - 1, 0))
        length = part.length if part.length.unit == "rest" else length_like(part.length, end - step, plan.span)
        changed = replace(part, start=_start(part, step, plan), length=length)
        return design if step == start else _with(design, group, index, changed)
    step = max(min(step, plan.total_steps), start + 1)
    if step == end:
        return design
    if step >= plan.total_steps and start > 0:
        return _with(design, group, index, replace(part, length=REST))
    like = part.length if part.length.unit != "rest" else _length(step - start, plan)
    return _with(design, group, index, replace(part, length=length_like(like, step - start, plan.span)))


def remove_stretch(design: Design, group: int, index: int) -> Design:
    """Let a group train in a stretch again, unless another one covers it."""
    freeze = design.group(group).freeze
    return set_freeze(design, group, (*freeze[:index], *freeze[index + 1 :]))


def _ordered(start: int, end: int, total: int) -> Stretch:
    first, last = sorted((min(max(start, 0), total), min(max(end, 0), total)))
    if first == last:
        raise UserError("A frozen stretch holds at least one step of the run.")
    return first, last


def _length(steps: int, plan: Plan) -> Length:
    return in_unit(steps, "steps" if steps % plan.steps_per_epoch else "epochs", plan.span)


def _start(part: Freeze, step: int, plan: Plan) -> Length:
    """In the unit that it has; a start of 0 steps has none yet."""
    if part.start.unit == "rest" or part.start.value == 0:
        return part.start if step == 0 and part.start.unit != "rest" else _length(step, plan)
    return length_like(part.start, step, plan.span)


def _with(design: Design, group: int, index: int, part: Freeze) -> Design:
    freeze = design.group(group).freeze
    if part == freeze[index]:
        return design
    return set_freeze(design, group, (*freeze[:index], part, *freeze[index + 1 :]))

"""Findings about the values of a hyperparameter over the run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.curves import first_impossible, looks_at_every_step, track_factors
from lrdesigner.document import Design, Freeze, Group, Plan, Track
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.findings.mending import SMALL_START, first_that, started_above_zero, with_whole_cycles
from lrdesigner.findings.moving import Grouped, Moving, Place, moving, places
from lrdesigner.numbers import rate
from lrdesigner.param_groups import trained_groups
from lrdesigner.plot_points import plot_points
from lrdesigner.schedule_edits import replace_node
from lrdesigner.schedules import FEEDBACK_NODES, Constant, Expression, Multiplicative, has_formula
from lrdesigner.tracks import TRACK_KINDS, Lane, always_frozen, lane_of


def impossible_values(design: Grouped) -> Iterator[Finding]:
    """A value that is negative, not a finite number, or for a beta or momentum 1 or more; the export refuses it."""
    for track in moving(design):
        found = first_impossible(track.track, design.plan, TRACK_KINDS[track.slot].below)
        if found is not None and not always_frozen(track.group, design.plan):
            yield track.finding(
                "rate-impossible",
                "error",
                f"The {track.title} is {impossible_words(*found)}.",
                field=_formula_of(track),
            )


def partly_checked(design: Grouped) -> Iterator[Finding]:
    """A formula over a run so long that only some of its steps were looked at."""
    for track in moving(design):
        if has_formula(track.track.schedule) and not looks_at_every_step(track.track, design.plan):
            formula = "its formula" if track.slot == "lr" else f"the formula of {track.title}"
            yield track.finding(
                "rate-partly-checked",
                "info",
                f"The run is so long that {formula} was checked at some steps only; verify checks them all.",
                field=_formula_of(track),
            )


def _formula_of(track: Moving) -> str:
    return "formula" if isinstance(track.track.schedule, Expression | Multiplicative) else ""


def impossible_words(step: int, factor: float) -> str:
    """What is wrong with a factor, and where."""
    if factor < 0:
        return f"negative at step {step:,} (factor {rate(factor)})"
    if math.isfinite(factor):
        return f"1 or more at step {step:,} (factor {rate(factor)})"
    return f"not a finite number at step {step:,}"


def first_update_at_zero(design: Grouped) -> Iterator[Finding]:
    """A warm-up that starts at 0: the first update changes nothing."""
    for track in _rates(design):
        course = _course(track.track, design.plan)
        if course.first == 0 and course.highest > 0 and not _frozen_at_first(track.group, design.plan):
            at, fix = _small_start(track, design.plan)
            yield track.finding(
                "first-update-zero",
                "warning",
                "The first update has a learning rate of 0, so it changes nothing.",
                fix=fix,
                at=at,
                field="start" if at else "",
            )


def _small_start(track: Moving, plan: Plan) -> tuple[Place | None, Fix | None]:
    """The node that begins at 0, and the fix that lets it begin a little higher, if that is all there is to it."""
    for place in reversed(places(track.track, plan)):
        node = started_above_zero(place.node) if place.first == 0 else None
        if node is not None:
            schedule = replace_node(track.track.schedule, place.path, node)
            if track_factors(replace(track.track, schedule=schedule), plan, [0])[0] > 0:
                return place, track.fix(f"Start at {rate(SMALL_START)} of the peak", place, node)
    return None, None


def zero_for_the_whole_run(design: Design) -> Iterator[Finding]:
    """A rate that never is anything but 0, though the group is not frozen."""
    trained = trained_groups(design)
    for track in _rates(design):
        if _course(track.track, design.plan).highest == 0:
            freeze = partial(edits.set_freeze, group=track.group.id, freeze=(Freeze(),))
            others = any(other.group.id != track.group.id for other in trained)
            yield track.finding(
                "rate-zero",
                "warning",
                "The lr is 0 for the whole run, so the group never learns; freeze it, or give it a rate.",
                fix=Fix(f"Freeze {track.group.name}", freeze) if others else None,
                field="factor" if isinstance(track.track.schedule, Constant) else "",
            )


def rises_at_the_end(design: Grouped) -> Iterator[Finding]:
    """A cycle that the end of the run cuts off: training ends at a high rate after it had come down."""
    for track in _rates(design):
        if isinstance(track.track.schedule, FEEDBACK_NODES):
            continue
        course = _course(track.track, design.plan)
        if course.rises:
            at, fix = _cycles_that_fit(track, design.plan)
            yield track.finding(
                "rises-at-the-end",
                "warning",
                f"The lr was down to {rate(course.lowest)} at step {course.lowest_at:,}, but the run ends at "
                f"{rate(course.last)}.",
                fix=fix,
                at=at,
            )


def _cycles_that_fit(track: Moving, plan: Plan) -> tuple[Place | None, Fix | None]:
    """The node whose cycles the end of the run cuts off, and the fix that lets the last one end with it."""

    def falls(place: Place, node: Any) -> bool:
        schedule = replace_node(track.track.schedule, place.path, node)
        return not _course(replace(track.track, schedule=schedule), plan).rises

    for place in places(track.track, plan):
        if place.end == plan.total_steps:
            node = first_that(with_whole_cycles(place), partial(falls, place))
            if node is not None:
                return place, track.fix("Let the last cycle end with the run", place, node)
    return None, None


def _rates(design: Grouped) -> Iterator[Moving]:
    """The rates that can be and are not frozen all the time."""
    for track in moving(design):
        if (
            track.slot == "lr"
            and first_impossible(track.track, design.plan) is None
            and not always_frozen(track.group, design.plan)
        ):
            yield track


def _frozen_at_first(group: Group, plan: Plan) -> bool:
    frozen = lane_of(group, "lr", plan).frozen
    return bool(frozen) and frozen[0][0] == 0


@dataclass(frozen=True, slots=True)
class _Course:
    """A curve in few numbers. `lowest`: where it had come down to half of what it was before, infinite if nowhere.

    `next` is the value after the last one that is used: a cycle that ends with the run has one of the two low.
    """

    first: float
    highest: float
    lowest: float
    lowest_at: int
    last: float
    next: float

    @property
    def rises(self) -> bool:
        """Whether it ends high after it had come down."""
        return min(self.last, self.next) > max(0.1 * self.highest, 2 * self.lowest)


@lru_cache(maxsize=1024)
def _course(track: Track, plan: Plan) -> _Course:
    points = plot_points(Lane(track), plan, 0, plan.total_steps)
    used = points.values[:-1]
    fallen = np.where(used < 0.5 * np.maximum.accumulate(used), used, np.inf)
    low = int(fallen.argmin())
    return _Course(
        first=float(used[0]),
        highest=float(used.max()),
        lowest=float(fallen[low]),
        lowest_at=int(points.steps[low]),
        last=float(used[-1]),
        next=float(points.values[-1]),
    )


RATE_CHECKS = (impossible_values, partly_checked, first_update_at_zero, rises_at_the_end)

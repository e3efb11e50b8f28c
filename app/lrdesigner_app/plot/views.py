"""What the plot can show: each track, and the product of rate and weight decay; with what each is made of."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lrdesigner.curves import lane_values
from lrdesigner.document import Design, Group, Plan
from lrdesigner.plot_points import PlotPoints, plot_points
from lrdesigner.schedules import depends_on_base
from lrdesigner.schedules.breaks import sorted_once
from lrdesigner.tracks import Lane, Slot, lane_of, slots_of

View = Literal["lr", "weight_decay", "momentum", "beta2", "lr_wd"]

VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True, slots=True)
class ViewKind:
    """A view: the slots whose values are multiplied, its words, and whether it begins on a log axis.

    `from_zero`: a linear axis begins at 0; values near 1 would be a flat line there.
    """

    title: str
    noun: str
    slots: tuple[Slot, ...]
    log: bool
    from_zero: bool = True


KINDS = MappingProxyType[View, ViewKind](
    {
        "lr": ViewKind("Learning rate", "rate", ("lr",), log=True),
        "weight_decay": ViewKind("Weight decay", "weight decay", ("weight_decay",), log=False),
        "momentum": ViewKind("Momentum", "momentum", ("momentum",), log=False, from_zero=False),
        "beta2": ViewKind("Beta 2", "beta 2", ("beta2",), log=False, from_zero=False),
        "lr_wd": ViewKind("lr × wd", "rate times weight decay", ("lr", "weight_decay"), log=True),
    }
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one curve draws: the product of some lanes of a group."""

    lanes: tuple[Lane, ...]

    def values(self, plan: Plan, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """At each step."""
        found = lane_values(self.lanes[0], plan, steps)
        for lane in self.lanes[1:]:
            found = found * lane_values(lane, plan, steps)
        return found

    def scales(self, other: Drawn) -> bool:
        """Whether the curve is the other one times a number."""
        return len(self.lanes) == len(other.lanes) and all(
            lane.frozen == was.frozen
            and lane.track.schedule == was.track.schedule
            and not depends_on_base(lane.track.schedule)
            for lane, was in zip(self.lanes, other.lanes, strict=True)
        )

    def points(self, plan: Plan, first: int, last: int, columns: int) -> PlotPoints:
        """As many as a plot needs between two steps."""
        found = [plot_points(lane, plan, first, last, columns) for lane in self.lanes]
        if len(found) == 1:
            return found[0]
        steps = sorted_once(np.concatenate([points.steps for points in found]))
        return PlotPoints(steps, self.values(plan, steps))


def has_view(group: Group, view: View) -> bool:
    """Whether the group's optimizer has what the view shows."""
    return set(KINDS[view].slots) <= set(slots_of(group))


def views_of(design: Design) -> tuple[View, ...]:
    """Those that some group has."""
    return tuple(view for view in VIEWS if any(has_view(group, view) for group in design.groups))


def drawn_of(group: Group, view: View, plan: Plan) -> Drawn | None:
    """What a view draws of a group; None where it has no such thing."""
    if not has_view(group, view):
        return None
    return Drawn(tuple(lane_of(group, slot, plan) for slot in KINDS[view].slots))


def slot_of(view: View) -> Slot | None:
    """The track that a view is about; None for a product."""
    return None if view == "lr_wd" else view

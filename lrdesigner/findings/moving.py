"""What the checks of schedules walk over: each hyperparameter that moves, and each node of its schedule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

from lrdesigner.document import Design, Group, Plan, Track
from lrdesigner.edits import set_track
from lrdesigner.findings.finding import Finding, Fix, Severity
from lrdesigner.identity import Same
from lrdesigner.places import Place as DesignPlace
from lrdesigner.schedule_edits import Path, node_at, replace_node
from lrdesigner.schedules import Product, Repeat, Sequence, Span, shape_of
from lrdesigner.tracks import Slot, moves, option_of, slots_of, track_of


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a schedule: how to get to it, and when it acts, in steps of the run.

    Its own step 0 is step `origin`; it acts from `first` up to before `end`, of a repeated one in its first cycle.
    `grows`: later cycles are longer, so that what has no effect in the first one may have some in them.
    """

    node: Any
    span: Span
    path: tuple[int, ...] = ()
    origin: int = 0
    first: int = 0
    end: int = 0
    words: str = ""
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Moving:
    """One hyperparameter of one group that has a schedule; the lr always has."""

    group: Group
    slot: Slot
    track: Track

    @property
    def title(self) -> str:
        """Its name in a sentence: lr, weight decay, momentum, beta1 ..."""
        return (option_of(self.group, self.slot) or self.slot).replace("_", " ")

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        place: Place | None = None,
        fix: Fix | None = None,
        *,
        at: Place | None = None,
        field: str = "",
        keys: tuple[int, ...] = (),
    ) -> Finding:
        """A finding about this group; with a place the message says first which track and which part of it.

        It is mended at `at`, without that at the place, in a field of the node there or, without one, of the group.
        """
        shown = at or place
        where = [part for part in ("" if self.slot == "lr" else self.title, place.words if place else "") if part]
        text = f"{', '.join(where)}: {message}" if place and where else message
        return Finding(
            code=code,
            severity=severity,
            where=self.group.name,
            message=text[:1].upper() + text[1:],
            group=self.group.id,
            fix=fix,
            place=DesignPlace(
                group=self.group.id,
                slot=self.slot,
                path=shown.path if shown else (),
                keys=keys,
                field=field,
                steps=(shown.first, shown.end) if shown else None,
            ),
        )

    def place_of(self, path: Path, plan: Plan) -> Place | None:
        """The place of a node of it that acts within the run."""
        return next((place for place in places(self.track, plan) if place.path == path), None)

    def fix(self, label: str, place: Place, node: Any) -> Fix:
        """A fix that puts another node at a place."""
        return Fix(label, partial(_with_node, group=self.group.id, slot=self.slot, place=place, node=node))


def _with_node(design: Design, group: int, slot: Slot, place: Place, node: Any) -> Design:
    schedule = track_of(design.group(group), slot).schedule
    if node_at(schedule, place.path) != place.node:  # it was changed since it was looked at
        return design
    return set_track(design, group, slot, replace_node(schedule, place.path, node))


class Grouped(Protocol):
    """What a check of schedules may look at: groups and the run. A design is this, and so is one group by itself."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups, in order."""

    @property
    def plan(self) -> Plan:
        """The run."""


@dataclass(frozen=True, slots=True)
class Alone:
    """One group by itself; what a check says of it holds as long as the group and the run are these."""

    groups: tuple[Group]
    plan: Plan


def moving(design: Grouped) -> Iterator[Moving]:
    """Every track that moves, group by group."""
    for group in design.groups:
        yield from _tracks(Same(group))


@lru_cache(maxsize=1024)
def _tracks(same: Same[Group]) -> tuple[Moving, ...]:
    group = same.value
    return tuple(Moving(group, slot, track_of(group, slot)) for slot in slots_of(group) if moves(group, slot))


def each_place(design: Grouped) -> Iterator[tuple[Moving, Place]]:
    """Every node of every track that moves."""
    for track in moving(design):
        for place in places(track.track, design.plan):
            yield track, place


@lru_cache(maxsize=1024)
def places(track: Track, plan: Plan) -> tuple[Place, ...]:
    """Every node of a schedule that acts within the run, the whole of it first."""
    return tuple(_places(Place(track.schedule, plan.span_for(track.base), end=plan.total_steps)))


def _places(place: Place) -> Iterator[Place]:
    yield place
    for part in shape_of(place.node).parts(place.node, place.span):
        first = max(place.origin + part.first, place.first)
        end = min(place.origin + part.end, place.end)
        if first < end:
            yield from _places(
                Place(
                    node=part.schedule,
                    span=part.span,
                    path=(*place.path, part.index),
                    origin=place.origin + part.origin,
                    first=first,
                    end=end,
                    words=_words(place, part.index),
                    grows=place.grows or (isinstance(place.node, Repeat) and place.node.growth > 1),
                )
            )


def _words(parent: Place, index: int) -> str:
    match parent.node:
        case Sequence():
            own = f"segment {index + 1}"
        case Product():
            own = f"factor {index + 1}"
        case _:
            return parent.words
    return f"{parent.words}, {own}" if parent.words else own

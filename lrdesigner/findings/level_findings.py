"""Findings about the levels of a schedule: floors that change the ratio of groups, or lie above the peak."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from lrdesigner.checked import replaced
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.findings.mending import with_fields
from lrdesigner.findings.moving import Grouped, Moving, Place, each_place, moving, places
from lrdesigner.numbers import rate, scaled
from lrdesigner.param_groups import trained_groups
from lrdesigner.schedule_edits import node_at, replace_node
from lrdesigner.schedules import Absolute, Anneal, Field, fields_of
from lrdesigner.schedules.level import factor_of, level_like, level_words
from lrdesigner.tracks import slots_of, track_of

_CEILINGS = ("ceiling", "highest")
_FLOORS = ("floor", "lowest", "low")


def absolute_levels(design: Design) -> Iterator[Finding]:
    """A level that does not follow the group's base value, beside groups or layers of another base value."""
    for track in moving(design):
        found = [
            (place, field, level)
            for place in places(track.track, design.plan)
            for field, level in _levels(place.node)
            if isinstance(level, Absolute) and level.absolute > 0 and track.track.base > 0
        ]
        lowest = _lowest_layer(design, track) if found else None
        if not found or (lowest is None and not _other_bases(design, track)):
            continue
        place, field, level = found[0]
        relative = _as_fractions(track, [place for place, _, _ in found])
        label = f"Make it {rate(factor_of(level, place.span))} of the peak"
        yield track.finding(
            "floor-absolute",
            "warning",
            f"{field.title} is {level_words(level)}: there {_lost_ratio(level, lowest)}.",
            place,
            track.fix(label, places(track.track, design.plan)[0], relative) if relative else None,
            field=field.name,
        )


def _lowest_layer(design: Design, track: Moving) -> float | None:
    """The base lr of the lowest layer of a group; None where all of it has one."""
    if track.slot != "lr" or track.group.layer_decay is None:
        return None
    bases = {part.group.lr.base for part in trained_groups(design) if part.group.id == track.group.id}
    return min(bases) if len(bases) > 1 else None


def _lost_ratio(level: Absolute, lowest: float | None) -> str:
    if lowest is None:
        return "the groups lose the ratio of their base values"
    rises = f", and the lowest rises to it from {rate(lowest)}" if level.absolute > lowest else ""
    return f"the layers lose the ratio of their rates{rises}"


def _as_fractions(track: Moving, absolute: list[Place]) -> Any:
    """The track's schedule with these nodes' levels as fractions; None where one cannot be."""
    schedule: Any = track.track.schedule
    try:
        for place in absolute:
            node = node_at(schedule, place.path)
            changes = {
                field.name: scaled(factor_of(level, place.span), 1.0)
                for field, level in _levels(node)
                if isinstance(level, Absolute)
            }
            schedule = replace_node(schedule, place.path, replaced(node, **changes))
    except UserError:
        return None
    return schedule


def levels_above_the_peak(design: Grouped) -> Iterator[Finding]:
    """A floor or another level above the base value, where the curve should only come down to it."""
    for track, place in each_place(design):
        for field, level in _levels(place.node):
            floor, absolute = field.name in _FLOORS, isinstance(level, Absolute)
            if track.track.base == 0 or factor_of(level, place.span) <= 1 or not (floor or absolute):
                continue
            if field.name in _CEILINGS or isinstance(place.node, Anneal):  # SWALR goes up as well as down
                continue
            yield track.finding(
                "floor-above-peak",
                "error" if absolute else "warning",
                f"{field.title} is {level_words(level)}, above the base value {rate(track.track.base)}."
                if absolute
                else f"{field.title} is {level_words(level)} times the base value, so it is above the peak.",
                place,
                _lowered(track, place, field, level),
                field=field.name,
            )


def _lowered(track: Moving, place: Place, field: Field, level: Any) -> Fix | None:
    """The level at the peak."""
    node = with_fields(place.node, **{field.name: level_like(level, 1.0, place.span)})
    return track.fix("Lower it to the peak", place, node) if node is not None else None


def _levels(node: Struct) -> Iterator[tuple[Field, Any]]:
    for field in fields_of(type(node)):
        if field.kind == "level":
            yield field, getattr(node, field.name)


def _other_bases(design: Design, track: Moving) -> bool:
    """Whether another group has another base value in the same place."""
    return any(
        track.slot in slots_of(group) and track_of(group, track.slot).base != track.track.base
        for group in design.groups
        if group.id != track.group.id
    )


LEVEL_CHECKS = (levels_above_the_peak,)

"""Findings about single shapes: whether they have the time that they need, and what in them has no effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from lrdesigner.findings.finding import Finding
from lrdesigner.findings.moving import Grouped, Place, each_place
from lrdesigner.schedules import REST, Keyframes, Length, MultiStep, Span, resolve, shape_of
from lrdesigner.schedules.keyframe_curve import colliding


def shapes_cut_off(design: Grouped) -> Iterator[Finding]:
    """A shape that would arrive only after its segment, or the run, has ended."""
    for track, place in each_place(design):
        if _arrives_in_time(place, place.node):
            continue
        arrives, fix = place.origin + _arrival(place.node, place.span), None
        if "length" in place.node.__struct_fields__ and _arrives_in_time(place, replace(place.node, length=REST)):
            fix = track.fix("Let it last the rest", place, replace(place.node, length=REST))
        yield track.finding(
            "shape-cut-off",
            "warning",
            f"{shape_of(place.node).title} would arrive at step {arrives:,}, but {_what_ends(place, design)} ends at "
            f"{place.end:,}.",
            place,
            fix,
            field="length" if "length" in place.node.__struct_fields__ else "",
        )


def _arrives_in_time(place: Place, node: Any) -> bool:
    return place.origin + _arrival(node, place.span) <= place.end


def _arrival(node: Any, span: Span) -> int:
    """The local step at which a shape with an end reaches it; 0 for the others."""
    shape = shape_of(node)
    if shape.family != "ramp" and "length" not in node.__struct_fields__:
        return 0
    return max(shape.breaks(node, span).points, default=0)


def milestones_never_reached(design: Grouped) -> Iterator[Finding]:
    """A milestone at which the run, or the segment, is over."""
    for track, place in each_place(design):
        if not isinstance(place.node, MultiStep) or place.grows:
            continue
        reached, late = _by_when(place, place.node.milestones)
        if late:
            step = place.origin + resolve(late[0], place.span)
            yield track.finding(
                "milestone-never-reached",
                "warning",
                f"The milestone at {late[0]} is step {step:,}, where {_what_ends(place, design)} is over.",
                place,
                track.fix("Remove what is never reached", place, replace(place.node, milestones=tuple(reached)))
                if reached
                else None,
                field="milestones",
            )


def _by_when(place: Place, milestones: tuple[Length, ...]) -> tuple[list[Length], list[Length]]:
    """The milestones that a node comes to, and those that it does not."""
    reached: list[Length] = []
    late: list[Length] = []
    for milestone in milestones:
        (reached if place.origin + resolve(milestone, place.span) < place.end else late).append(milestone)
    return reached, late


def _what_ends(place: Place, design: Grouped) -> str:
    return "the run" if place.end == design.plan.total_steps else "this part"


def keys_on_one_step(design: Grouped) -> Iterator[Finding]:
    """Keyframes that another one on the same step hides."""
    for track, place in each_place(design):
        looked_at = isinstance(place.node, Keyframes) and not place.grows
        hidden = colliding(place.node, place.span) if looked_at else ()
        if hidden:
            kept = tuple(key for index, key in enumerate(place.node.keys) if index not in hidden)
            numbers = ", ".join(str(index + 1) for index in hidden)
            yield track.finding(
                "keys-on-one-step",
                "warning",
                f"Key {numbers} has no effect: a later one is on the same step."
                if len(hidden) == 1
                else f"Keys {numbers} have no effect: later ones are on the same steps.",
                place,
                track.fix("Remove what has no effect", place, replace(place.node, keys=kept)),
                field="keys",
                keys=tuple(hidden),
            )


SHAPE_CHECKS = (shapes_cut_off, milestones_never_reached, keys_on_one_step)

"""Findings about the schedules of weight decay, momentum and betas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lrdesigner import edits
from lrdesigner.document import Group
from lrdesigner.findings.finding import Finding, Fix
from lrdesigner.findings.moving import Grouped, moving
from lrdesigner.optimizers import optimizer_name
from lrdesigner.tracks import TRACK_KINDS, Slot, option_of


def schedules_of_nothing(design: Grouped) -> Iterator[Finding]:
    """A schedule multiplies its option; times 0 it is 0 for ever."""
    for track in moving(design):
        if track.slot != "lr" and track.track.base == 0:
            yield track.finding(
                "track-on-zero",
                "warning",
                f"The {track.title} is 0, so its schedule moves nothing; set a {track.title}, or let it stay.",
                fix=_stay(track.group, track.slot, track.title),
                field=option_of(track.group, track.slot) or "",
            )


def schedules_without_option(design: Grouped) -> Iterator[Finding]:
    """A schedule of something that the optimizer does not have."""
    for group in design.groups:
        for kind in TRACK_KINDS.values():
            if option_of(group, kind.slot) is None and getattr(group, kind.slot) is not None:
                title = kind.title.lower()
                yield Finding(
                    code="track-without-option",
                    severity="warning",
                    where=group.name,
                    message=f"{optimizer_name(group.options)} has no {title}, so the schedule of it does nothing.",
                    group=group.id,
                    fix=_stay(group, kind.slot, title),
                )


def _stay(group: Group, slot: Slot, title: str) -> Fix:
    return Fix(f"Stop moving the {title}", partial(edits.set_track, group=group.id, slot=slot, schedule=None))


TRACK_CHECKS = (schedules_of_nothing, schedules_without_option)

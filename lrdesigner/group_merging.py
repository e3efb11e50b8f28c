"""Making one group of two."""

from __future__ import annotations

from msgspec.structs import replace

from lrdesigner.document import Design, Group, Pin, Rule
from lrdesigner.errors import UserError
from lrdesigner.following import follow


def merge_groups(design: Design, into: int, gone: int) -> Design:
    """Give the pins and rules of one group, and the rest if it takes it, to another, and remove it.

    The other keeps its settings. Groups that followed the one that goes follow the other, and keep their base lr.
    """
    if into == gone:
        raise UserError(f"{design.group(into).name!r} cannot be merged with itself.")
    kept, lost = design.group(into), design.group(gone)
    followers = [group.id for group in design.groups if _follows(group, lost.id) and group.id != into]
    groups = [
        replace(group, follow=None) if _follows(group, lost.id) else group
        for group in design.groups
        if group.id != lost.id
    ]
    design = replace(
        design,
        groups=tuple(groups),
        remainder=kept.id if design.remainder == lost.id else design.remainder,
        pins=tuple(Pin(pin.path, into) if pin.group == gone else pin for pin in design.pins),
        rules=tuple(Rule(rule.name, into, rule.where) if rule.group == gone else rule for rule in design.rules),
    )
    for follower in followers:
        design = follow(design, follower, into)
    return design


def _follows(group: Group, leader: int) -> bool:
    return group.follow is not None and group.follow.leader == leader

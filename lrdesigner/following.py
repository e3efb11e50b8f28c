"""Groups that follow another's lr schedule: their track is the leader's, with a scaled base."""

from __future__ import annotations

from msgspec.structs import replace

from lrdesigner.checked import replaced
from lrdesigner.document import Design, Follow, Group
from lrdesigner.errors import UserError
from lrdesigner.numbers import scaled


def followed(design: Design) -> Design:
    """The design with the lr of every follower as it follows from its leader; itself where they already hold."""
    groups = tuple(_following(design, group) for group in design.groups)
    same = all(new is old for new, old in zip(groups, design.groups, strict=True))
    return design if same else replace(design, groups=groups)


def leader_of(design: Design, group: Group) -> Group:
    """The group whose lr schedule this one has: its leader, or itself."""
    return group if group.follow is None else design.group(group.follow.leader)


def followers_of(design: Design, group: int) -> tuple[Group, ...]:
    """The groups that follow this one, in design order."""
    return tuple(other for other in design.groups if other.follow is not None and other.follow.leader == group)


def follow(design: Design, group: int, leader: int, scale: float | None = None) -> Design:
    """Let a group follow another's lr schedule, with `scale` times its base; by default the base lr stays as it is.

    Whoever followed the group now follows the leader, and who is told to follow a follower follows its leader.
    """
    old, first = design.group(group), leader_of(design, design.group(leader))
    if first.id == group:
        raise UserError(f"{old.name!r} cannot follow {design.group(leader).name!r}, which has its schedule from it.")
    ratio = scaled(old.lr.base, 1 / first.lr.base) if scale is None else scale
    new = replaced(Follow(first.id, 1.0), scale=ratio)
    if old.follow == new:
        return design
    groups = []
    for other in design.groups:
        if other.id == group:
            other = replace(other, follow=new)
        elif other.follow is not None and other.follow.leader == group:
            other = replace(other, follow=Follow(first.id, scaled(other.lr.base, 1 / first.lr.base)))
        groups.append(other)
    return followed(replace(design, groups=tuple(groups)))


def unfollow(design: Design, group: int) -> Design:
    """Give a group a schedule of its own again: the one that it shows now."""
    old = design.group(group)
    if old.follow is None:
        return design
    return replace(design, groups=tuple(replace(g, follow=None) if g.id == group else g for g in design.groups))


def without_leader(design: Design, group: int) -> Design:
    """The design in which nobody follows this group any more; the followers keep what they show."""
    return replace(
        design,
        groups=tuple(
            replace(other, follow=None) if other.follow is not None and other.follow.leader == group else other
            for other in design.groups
        ),
    )


def _following(design: Design, group: Group) -> Group:
    if group.follow is None:
        return group
    leader = design.group(group.follow.leader)
    track = replace(leader.lr, base=scaled(leader.lr.base, group.follow.scale))
    return group if group.lr == track else replace(group, lr=track)


def with_group(design: Design, group: Group) -> Design:
    """The design with another state of one of its groups, which its followers follow; itself where it is the same."""
    if any(old is group for old in design.groups):
        return design
    return followed(replace(design, groups=tuple(group if old.id == group.id else old for old in design.groups)))

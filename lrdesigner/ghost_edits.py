"""Going back to curves of an earlier state of the design, without the rest of it."""

from __future__ import annotations

from msgspec.structs import replace

from lrdesigner.document import Design, Follow, Group
from lrdesigner.following import followed
from lrdesigner.optimizers import option_value, with_option
from lrdesigner.tracks import TRACK_KINDS, option_of


def revert_curves(design: Design, earlier: Design) -> Design:
    """The design with the curves that its groups had in `earlier`; itself where they are the same.

    Of each group that both have: the lr with its base, the schedules of the other tracks and the options that these
    multiply, as far as the optimizer of now has them, when it is frozen, and whose lr it follows. Members, optimizers,
    names, layer decay and the plan stay as they are; a group that is new keeps its curves.

    >>> from lrdesigner import edits
    >>> from lrdesigner.document import Model, new_design
    >>> before = new_design(Model())
    >>> after = edits.rename_group(edits.set_base_lr(before, 1, 0.5), 1, "all")
    >>> revert_curves(after, before).group(1).lr.base, revert_curves(after, before).group(1).name
    (0.001, 'all')
    """
    known = {group.id: group for group in earlier.groups}
    groups = tuple(_reverted(group, known[group.id]) if group.id in known else group for group in design.groups)
    following = {group.id for group in groups if group.follow is not None}
    groups = tuple(_without_lost_leader(group, {other.id for other in groups} - following) for group in groups)
    if all(new == old for new, old in zip(groups, design.groups, strict=True)):
        return design
    return followed(replace(design, groups=groups))


def _reverted(group: Group, earlier: Group) -> Group:
    options, schedules = group.options, {}
    for kind in TRACK_KINDS.values():
        slot, option = kind.slot, option_of(group, kind.slot)
        if slot == "lr" or option is None or option != option_of(earlier, slot):
            continue
        schedules[slot] = getattr(earlier, slot)
        options = with_option(options, option, option_value(earlier.options, option))
    return replace(group, lr=earlier.lr, freeze=earlier.freeze, follow=earlier.follow, options=options, **schedules)


def _without_lost_leader(group: Group, leaders: set[int]) -> Group:
    """A group whose leader is gone, or follows another one by now, keeps the curve that it has."""
    follow: Follow | None = group.follow
    return group if follow is None or follow.leader in leaders else replace(group, follow=None)

"""Going back to earlier curves: these come back whole, and nothing else does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrdesigner import edits
from lrdesigner.curves import lane_values
from lrdesigner.document import Design, Freeze
from lrdesigner.following import follow, unfollow
from lrdesigner.ghost_edits import revert_curves
from lrdesigner.schedules import Constant, Cosine, Length, Linear
from lrdesigner.tracks import lane_of, slots_of


def _values(design: Design, group: int) -> list[NDArray[np.float64]]:
    steps, found = np.arange(0, design.plan.total_steps, 7), design.group(group)
    return [lane_values(lane_of(found, slot, design.plan), design.plan, steps) for slot in slots_of(found)]


def test_every_curve_comes_back_and_name_and_members_stay(design: Design) -> None:
    head = design.groups[0].id
    now = edits.set_base_lr(design, head, 0.25)
    now = edits.set_schedule(now, head, Cosine(0.1))
    now = edits.set_track(now, head, "weight_decay", Linear(1.0, 0.0))
    now = edits.set_option(now, head, "weight_decay", 0.7)
    now = edits.set_freeze(now, head, (Freeze(length=Length(1, "epochs")),))
    now = edits.rename_group(now, head, "renamed")
    back = revert_curves(now, design)
    assert all(np.array_equal(a, b) for a, b in zip(_values(back, head), _values(design, head), strict=True))
    assert back.group(head).name == "renamed"
    assert back.pins is now.pins
    assert revert_curves(back, design) is back


def test_a_group_that_is_new_keeps_its_curve_and_one_that_is_gone_stays_gone(design: Design) -> None:
    removed = next(group.id for group in design.groups if group.id != design.remainder)
    now = edits.add_group(edits.remove_group(design, removed), "new")
    new = now.groups[-1].id
    now = edits.set_base_lr(now, new, 0.125)
    back = revert_curves(now, design)
    assert [group.id for group in back.groups] == [group.id for group in now.groups]
    assert new == removed or back.group(new).lr.base == 0.125


def test_what_another_optimizer_does_not_have_is_left_out(design: Design) -> None:
    head = design.groups[0].id
    earlier = edits.set_track(design, head, "beta2", Constant(0.9))
    now = edits.set_optimizer(earlier, head, "SGD")
    back = revert_curves(now, earlier)
    assert type(back.group(head).options) is type(now.group(head).options)
    assert back.group(head).lr == earlier.group(head).lr


def test_who_followed_follows_again_and_nobody_follows_a_follower(design: Design) -> None:
    first, second = (group.id for group in design.groups[:2])
    earlier = follow(design, second, first, 0.5)
    now = edits.set_base_lr(unfollow(earlier, second), second, 0.3)
    assert revert_curves(now, earlier).group(second).follow == earlier.group(second).follow
    now = edits.add_group(unfollow(earlier, second), "third")
    third = now.groups[-1].id
    now = follow(now, third, second, 2.0)
    back = revert_curves(now, earlier)
    assert back.group(third).follow is None
    assert back.group(third).lr == now.group(third).lr

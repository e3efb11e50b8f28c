"""Control points of beziers, and keys that are dragged together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.control_handles import control_handles
from lrdesigner.document import Design, Group, Model, Plan, Track
from lrdesigner.key_moves import KeyMove
from lrdesigner.schedules import (
    REST,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    Segment,
    Sequence,
    Span,
    factors,
)
from lrdesigner.schedules.key_tangents import controls_of, move_control, release_controls
from lrdesigner.schedules.keyframes import Interpolation, Space
from lrdesigner.track_keys import TrackKeys

SPAN = Span(450, 450, 45)
PLAN = Plan(epoch=45, epochs=10)
BASE = 2e-3


def curve(*places: tuple[int, float], then: Interpolation = "bezier", space: Space = "linear") -> Keyframes:
    return Keyframes(tuple(Keyframe(Length(float(step), "steps"), value, then) for step, value in places), space)


def keys_of(schedule: Any, path: tuple[int, ...] = ()) -> TrackKeys:
    return TrackKeys(Group(7, "head", lr=Track(BASE, schedule)), "lr", PLAN, path)


def applied(keys: TrackKeys, edit: Any) -> TrackKeys:
    design: Design = edit.edit(Design(Model(), PLAN, (keys.group,), 7), *edit.arguments)
    return TrackKeys(design.group(7), "lr", PLAN, keys.path)


spaces: st.SearchStrategy[Space] = st.sampled_from(["linear", "log"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=3, max_size=6), spaces)
def test_automatic_control_points_made_explicit_draw_the_same_curve(heights: list[int], space: Space) -> None:
    node = curve(*((60 * place, height / 1000) for place, height in enumerate(heights)), space=space)
    fixed = node
    for control in controls_of(node, SPAN, range(len(heights))):
        fixed = move_control(fixed, SPAN, control.key, control.side, control.factor, linked=False)
    assert all(not control.automatic for control in controls_of(fixed, SPAN, range(len(heights))))
    steps = np.arange(451)
    assert factors(fixed, steps, SPAN) == pytest.approx(factors(node, steps, SPAN), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1000), st.sampled_from(["leave", "arrive"]), spaces)
def test_a_linked_control_point_keeps_the_curve_without_a_corner(height: int, side: Any, space: Space) -> None:
    node = curve((0, 0.3), (60, 0.5), (240, 0.4), space=space)
    node = move_control(node, SPAN, 1, side, 0.4 + height / 5000)
    both = {control.side: control for control in controls_of(node, SPAN, (1,))}
    own = np.log(0.5) if space == "log" else 0.5
    rise = {way: (np.log(c.factor) if space == "log" else c.factor) - own for way, c in both.items()}
    assert rise["leave"] / both["leave"].away == pytest.approx(-rise["arrive"] / both["arrive"].away, rel=1e-9)


def test_unlinked_the_other_side_stays_and_released_both_are_automatic() -> None:
    node = curve((0, 0.3), (60, 0.5), (240, 0.4))
    broken = move_control(node, SPAN, 1, "leave", 0.9, linked=False)
    assert (broken.keys[1].leave, broken.keys[0].arrive) == (0.9, None)
    assert release_controls(move_control(node, SPAN, 1, "leave", 0.9), SPAN, 1) == node


def test_only_beziers_have_control_points_and_the_ends_one_each() -> None:
    node = curve((0, 0.3), (60, 0.5), (240, 0.4))
    assert [(control.key, control.side) for control in controls_of(node, SPAN, range(3))] == [
        (0, "leave"), (1, "arrive"), (1, "leave"), (2, "arrive"),
    ]  # fmt: skip
    assert controls_of(curve((0, 0.3), (60, 0.5), then="smooth"), SPAN, range(2)) == ()


def test_a_control_point_is_dragged_on_the_plane_of_the_track() -> None:
    schedule = Sequence((Segment(Linear(), Length(30.0, "steps")), Segment(curve((0, 1.0), (60, 0.5)), REST)))
    keys = keys_of(schedule, (1,))
    leave, arrive = control_handles(keys, (0, 1))
    assert (leave.name, leave.step, arrive.step) == ("1.key 0 leave", 50.0, 70.0)
    after = applied(keys, leave.moved(leave.step, 1.2e-3))
    assert after.node.keys[0].leave == pytest.approx(0.6)
    assert "(automatic)" in leave.text
    assert "(automatic)" not in control_handles(after, (0,))[0].text
    again = control_handles(after, (0,))[0]
    assert applied(after, again.moved(again.step, again.value)).node == after.node
    assert applied(after, again.released()).node == keys.node


def test_the_arrow_keys_move_a_control_point_by_a_notch() -> None:
    keys = keys_of(curve((0, 1.0), (60, 0.5)))
    leave = control_handles(keys, (0,))[0]
    assert applied(keys, leave.nudged(-1)).node.keys[0].leave == pytest.approx(0.99)


@settings(max_examples=80, deadline=None)
@given(st.sets(st.sampled_from(range(4)), min_size=2), st.integers(-300, 500), st.integers(100, 3000))
def test_keys_that_move_together_keep_their_distances_and_ratios(chosen: set[int], to: int, height: int) -> None:
    keys = keys_of(curve((10, 1.0), (60, 0.5), (100, 0.4), (200, 0.1), then="linear"))
    held = min(chosen)
    value = BASE * height / 1000
    after = applied(keys, KeyMove(keys, held, chosen).to(to, value, "ratio"))
    before, now = ({p.index: p for p in k.points} for k in (keys, after))
    steps = {now[index].step - before[index].step for index in chosen}
    assert len(steps) == 1 or len({p.step for p in now.values()}) == 4  # gave way to one that stays
    ratios = [now[index].value / before[index].value for index in chosen]
    assert ratios == pytest.approx([ratios[0]] * len(chosen), rel=1e-9)
    assert all(0 <= point.step <= PLAN.total_steps for point in now.values())
    assert all(now[index] == before[index] for index in now if index not in chosen)


def test_on_a_linear_axis_they_move_by_the_same_amount_and_not_below_nothing() -> None:
    keys = keys_of(curve((10, 1.0), (60, 0.5), (100, 0.1), then="linear"))
    after = applied(keys, KeyMove(keys, 0, {0, 1, 2}).to(10, 0.7 * BASE, "amount"))
    assert [key.value for key in after.node.keys] == pytest.approx([0.7, 0.2, 0.0])


def test_kept_between_no_key_passes_one_that_does_not_move() -> None:
    keys = keys_of(curve((10, 1.0), (60, 0.5), (100, 0.4), (200, 0.1), then="linear"))
    move = KeyMove(keys, 1, {1, 2})
    assert [p.step for p in applied(keys, move.to(300, keys.points[1].value, "ratio", between=True)).points] == [
        10, 159, 199, 200,
    ]  # fmt: skip
    free = applied(keys, move.to(300, keys.points[1].value, "ratio"))
    assert [(p.index, p.step) for p in free.points] == [(0, 10), (3, 200), (1, 300), (2, 340)]


def test_the_arrow_keys_move_all_of_them_by_the_notch_of_one() -> None:
    keys = keys_of(curve((10, 1.0), (60, 0.5), (100, 0.4), then="linear"))
    move = KeyMove(keys, 1, {0, 1})
    assert [key.value for key in applied(keys, move.nudged("value", 1, "ratio")).node.keys] == [
        pytest.approx(1.02), 0.51, 0.4,
    ]  # fmt: skip
    assert [p.step for p in applied(keys, move.nudged("step", -1, "ratio", "snap")).points] == [0, 50, 100]
    assert [p.step for p in applied(keys, move.nudged("step", 1, "ratio")).points] == [11, 61, 100]


def test_a_smooth_curve_never_overshoots_its_keys() -> None:
    node = replace(curve((0, 0.1), (10, 0.9), (200, 1.0), (210, 0.2), then="smooth"))
    drawn = factors(node, np.arange(451), SPAN)
    for (low, a), (high, b) in zip([(0, 0.1), (10, 0.9), (200, 1.0)], [(10, 0.9), (200, 1.0), (210, 0.2)], strict=True):
        inside = drawn[low : high + 1]
        assert inside.min() >= min(a, b) - 1e-12
        assert inside.max() <= max(a, b) + 1e-12

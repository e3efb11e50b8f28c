"""Edits of several keys at once: on the curve's own steps, and on the track's plane through what is around it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.curves import lane_values
from lrdesigner.document import Design, Group, Model, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.optimizers import AdamWOptions
from lrdesigner.schedules import (
    REST,
    Clamp,
    Constant,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    Product,
    Repeat,
    Segment,
    Sequence,
    Span,
    factors,
    resolve,
)
from lrdesigner.schedules.key_edits import in_time
from lrdesigner.schedules.key_sets import equal_to_neighbour, put_keys, remove_keys, set_interpolation
from lrdesigner.schedules.keyframe_curve import colliding
from lrdesigner.schedules.keyframes import Interpolation
from lrdesigner.track_keys import TrackKeys
from lrdesigner.tracks import lane_of

SPAN = Span(450, 450, 45)
PLAN = Plan(epoch=45, epochs=10)
BASE = 2e-3


def at(step: float, value: float, then: Interpolation = "linear", **controls: float) -> Keyframe:
    return Keyframe(Length(float(step), "steps"), value, then, **controls)


@st.composite
def curves(draw: st.DrawFn) -> Keyframes:
    """Keys in any order of the list, with controls, in any unit; no two at one step."""
    steps = draw(st.lists(st.integers(0, 200), min_size=1, max_size=8, unique=True))
    value = st.integers(1, 1000).map(lambda n: n / 1000)
    kind, control = st.sampled_from(["hold", "linear", "smooth", "bezier"]), st.one_of(st.none(), value)
    units = st.sampled_from(["steps", "epochs"])
    keys = (
        Keyframe(Length(step / 45 if (unit := draw(units)) == "epochs" else float(step), unit), *rest)
        for step in steps
        for rest in [(draw(value), draw(kind), draw(control), draw(control))]
    )
    return Keyframes(tuple(keys), draw(st.sampled_from(["linear", "log"])))


def places_of(node: Keyframes) -> dict[int, tuple[int, float]]:
    return {index: (resolve(key.at, SPAN), key.value) for index, key in enumerate(node.keys)}


@st.composite
def moves(draw: st.DrawFn) -> tuple[Keyframes, dict[int, tuple[int, float]]]:
    node = draw(curves())
    chosen = draw(st.sets(st.sampled_from(range(len(node.keys))), min_size=1))
    place = st.tuples(st.integers(-20, 230), st.integers(1, 2000).map(lambda n: n / 1000))
    return node, {index: draw(place) for index in chosen}


@settings(max_examples=150, deadline=None)
@given(moves(), st.sampled_from([None, 230]))
def test_no_two_keys_share_a_step_wherever_some_are_put(moved: Any, last: int | None) -> None:
    node, places = moved
    found = put_keys(node, SPAN, places, last)
    assert not colliding(found, SPAN)
    steps = [resolve(key.at, SPAN) for key in found.keys]
    assert min(steps) >= 0
    for index, key in enumerate(found.keys):
        assert key.at.unit == node.keys[index].at.unit
        if index not in places:
            assert (key.at, key.value, key.leave) == (
                node.keys[index].at,
                node.keys[index].value,
                node.keys[index].leave,
            )
        else:
            assert key.value == places[index][1]
            assert abs(steps[index] - max(places[index][0], 0)) <= len(node.keys)
            assert last is None or steps[index] <= last


@settings(max_examples=100, deadline=None)
@given(curves(), st.data())
def test_keys_put_where_they_are_are_the_very_same(node: Keyframes, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(range(len(node.keys)))))
    assert put_keys(node, SPAN, {index: places_of(node)[index] for index in chosen}) is node


@settings(max_examples=100, deadline=None)
@given(moves())
def test_where_only_values_change_the_order_of_time_stays_and_the_way_back_leads_back(moved: Any) -> None:
    node, places = moved
    node = replace(node, space="linear")
    found = put_keys(node, SPAN, {index: (places_of(node)[index][0], factor) for index, (_, factor) in places.items()})
    assert in_time(found, SPAN) == in_time(node, SPAN)
    assert [key.at for key in found.keys] == [key.at for key in node.keys]
    back = put_keys(found, SPAN, {index: places_of(node)[index] for index in places})
    assert [key.value for key in back.keys] == [key.value for key in node.keys]


@settings(max_examples=60, deadline=None)
@given(curves(), st.integers(1, 200))
def test_all_keys_moved_by_as_much_draw_the_same_curve_later(node: Keyframes, by: int) -> None:
    found = put_keys(node, SPAN, {index: (step + by, value) for index, (step, value) in places_of(node).items()})
    steps = np.arange(200)
    assert factors(found, steps + by, SPAN) == pytest.approx(factors(node, steps, SPAN), rel=1e-12)


def test_a_key_that_passes_others_takes_its_control_points_along() -> None:
    node = Keyframes((at(0, 1.0, "bezier", leave=0.9, arrive=0.6), at(50, 0.5, "bezier", leave=0.4), at(100, 0.1)))
    found = put_keys(node, SPAN, {1: (150, 0.6)})
    assert [key.value for key in found.keys] == [1.0, 0.6, 0.1]
    assert (found.keys[0].leave, found.keys[0].arrive) == (0.9, None)
    assert found.keys[2].arrive == pytest.approx(0.7)
    assert (found.keys[1].leave, found.keys[1].arrive) == (pytest.approx(0.5), None)


def test_keys_pushed_against_others_stop_beside_them_in_their_order() -> None:
    node = Keyframes((at(0, 1.0), at(10, 0.8), at(20, 0.6), at(100, 0.1)))
    found = put_keys(node, SPAN, {1: (100, 0.8), 2: (100, 0.6)})
    assert [resolve(key.at, SPAN) for key in found.keys] == [0, 99, 101, 100]
    bounded = put_keys(node, SPAN, {1: (450, 0.8), 2: (450, 0.6)}, last=450)
    assert [resolve(key.at, SPAN) for key in bounded.keys] == [0, 449, 450, 100]


def test_values_that_cannot_be_become_the_nearest_and_no_number_changes_nothing() -> None:
    node = Keyframes((at(0, 1.0), at(10, 0.8)), "log")
    found = put_keys(node, SPAN, {0: (0, -1.0), 1: (10, float("nan"))})
    assert [key.value for key in found.keys] == [1e-300, 0.8]
    assert put_keys(replace(node, space="linear"), SPAN, {0: (0, 1e9)}).keys[0].value == 1e6


def test_removed_keys_leave_the_others_as_they_are_and_one_always_stays() -> None:
    node = Keyframes((at(0, 1.0, "bezier", leave=0.9, arrive=0.5), at(50, 0.5, "bezier", arrive=0.3), at(100, 0.1)))
    found = remove_keys(node, SPAN, [1])
    assert found.keys == (at(0, 1.0, "bezier", leave=0.9, arrive=0.3), at(100, 0.1))
    assert remove_keys(node, SPAN, []) is node
    with pytest.raises(UserError, match="at least one key"):
        remove_keys(node, SPAN, [0, 1, 2])


def test_interpolation_is_set_for_many_and_keeps_the_control_points() -> None:
    node = Keyframes((at(0, 1.0, "bezier", leave=0.9), at(50, 0.5), at(100, 0.1)))
    found = set_interpolation(node, [0, 1], "hold")
    assert [key.then for key in found.keys] == ["hold", "hold", "linear"]
    assert found.keys[0].leave == 0.9
    assert set_interpolation(found, [0, 1], "hold") is found


def test_a_row_of_keys_takes_the_value_of_the_next_one_outside_of_it() -> None:
    node = Keyframes((at(0, 1.0), at(100, 0.1), at(50, 0.5), at(70, 0.3)))
    assert [key.value for key in equal_to_neighbour(node, SPAN, [2, 3], 1).keys] == [1.0, 0.1, 0.1, 0.1]
    assert [key.value for key in equal_to_neighbour(node, SPAN, [2, 3], -1).keys] == [1.0, 0.1, 1.0, 1.0]
    assert equal_to_neighbour(node, SPAN, [1], 1) is node


def around(node: Keyframes, kind: str) -> tuple[Any, tuple[int, ...]]:
    """A schedule with the curve in it, and the path to it."""
    match kind:
        case "alone":
            return node, ()
        case "second":
            return Sequence((Segment(Linear(), Length(30.0, "steps")), Segment(node, REST))), (1,)
        case "entered late":
            return Sequence((Segment(Linear(), Length(30.0, "steps")), Segment(node, REST, Length(5.0, "steps")))), (1,)
        case "product":
            return Product((Constant(0.5), node)), (1,)
        case "repeated":
            return Repeat(Clamp(node), Length(220.0, "steps"), floor=0.25), (0, 0)
    raise ValueError(kind)


AROUND = ["alone", "second", "entered late", "product", "repeated"]


def design_with(schedule: Any) -> Design:
    group = Group(id=7, name="head", options=AdamWOptions(), lr=Track(BASE, schedule))
    return Design(Model(), PLAN, (group,), remainder=7)


def keys_of(node: Keyframes, kind: str) -> tuple[Design, TrackKeys]:
    schedule, path = around(node, kind)
    design = design_with(schedule)
    return design, TrackKeys(design.group(7), "lr", design.plan, path)


@settings(max_examples=100, deadline=None)
@given(curves(), st.sampled_from(AROUND))
def test_points_put_where_they_are_change_nothing(node: Keyframes, kind: str) -> None:
    design, keys = keys_of(node, kind)
    edit = keys.put({point.index: (point.step, point.value) for point in keys.points})
    assert edit.edit(design, *edit.arguments) is design


@settings(max_examples=100, deadline=None)
@given(curves(), st.sampled_from(AROUND), st.data())
def test_points_are_read_back_where_they_were_put(node: Keyframes, kind: str, data: st.DataObject) -> None:
    design, keys = keys_of(node, kind)
    point = data.draw(st.sampled_from(keys.points))
    low, high = keys.bounds
    free = sorted(set(range(low, high)) - {other.step for other in keys.points})
    step = data.draw(st.sampled_from(free))
    value = BASE * data.draw(st.integers(300, 1500)) / 1000
    edit = keys.put({point.index: (step, value)})
    changed = edit.edit(design, *edit.arguments)
    after = TrackKeys(changed.group(7), "lr", PLAN, keys.path)
    found = next(other for other in after.points if other.index == point.index)
    assert (found.step, found.value) == (step, pytest.approx(value, rel=1e-12))


@settings(max_examples=60, deadline=None)
@given(curves(), st.sampled_from(AROUND), st.integers(0, 450))
def test_a_key_put_on_the_curve_leaves_the_track_as_it_is_drawn_there(node: Keyframes, kind: str, step: int) -> None:
    node = replace(node, keys=tuple(replace(key, then="linear", leave=None, arrive=None) for key in node.keys))
    design, keys = keys_of(node, kind)
    edit, index = keys.insert(step)
    changed = edit.edit(design, *edit.arguments)
    low, high = keys.bounds
    point = next(p for p in TrackKeys(changed.group(7), "lr", PLAN, keys.path).points if p.index == index)
    assert point.step == min(max(step, low), high)
    before, after = (lane_values(lane_of(d.group(7), "lr", PLAN), PLAN, np.arange(451)) for d in (design, changed))
    assert after == pytest.approx(before, rel=1e-9, abs=1e-15)


def test_a_key_put_at_a_value_has_it_on_the_track() -> None:
    design, keys = keys_of(Keyframes((at(0, 1.0), at(100, 0.2))), "second")
    edit, index = keys.insert(90.2, 1e-3)
    changed = edit.edit(design, *edit.arguments)
    assert edit.label == "Add a key of head"
    assert index == 1
    assert changed.group(7).lr.schedule.segments[1].schedule.keys[1] == at(60, 0.5)


def test_what_is_no_curve_drawn_by_hand_has_no_keys() -> None:
    design = design_with(Linear())
    with pytest.raises(UserError, match="no curve drawn by hand"):
        TrackKeys(design.group(7), "lr", PLAN, ())

"""Several keys stretched, shifted, or set by numbers: proportions hold, keys never meet, nothing to do is nothing."""

from __future__ import annotations

import math
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.curves import relative_difference
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.key_transforms import (
    Amount,
    Shift,
    Stretch,
    change_keys,
    changed_keys,
    places_of,
    read_time,
    read_value,
    transformed,
)
from lrdesigner.schedules import Clamp, Keyframe, Keyframes, Length, Product, Segment, Sequence, Span, factors, resolve
from lrdesigner.schedules.key_picks import joined, neighbour, onwards, others
from lrdesigner.schedules.keyframe_curve import colliding, placed
from lrdesigner.track_keys import KeyPoint, TrackKeys

SPAN = Span(450, 450, 45)


def at(step: float, value: float, then: Any = "linear", **controls: float) -> Keyframe:
    return Keyframe(Length(float(step), "steps"), value, then, **controls)


CURVE = Keyframes((at(0, 0.1), at(100, 1.0, "bezier", leave=0.9, arrive=0.4), at(200, 0.5, "hold"), at(400, 0.05)))


@st.composite
def curves(draw: st.DrawFn) -> Keyframes:
    """Of two to eight keys in any order of the list, some of them beside each other."""
    steps = draw(st.lists(st.integers(0, 60), min_size=2, max_size=8, unique=True))
    value = st.integers(1, 1000).map(lambda n: n / 1000)
    kind = st.sampled_from(["hold", "linear", "smooth", "bezier"])
    keys = tuple(at(step, draw(value), draw(kind)) for step in steps)
    return Keyframes(keys, draw(st.sampled_from(["linear", "log"])))


chosen = st.sets(st.integers(0, 7), min_size=1)
amounts = st.one_of(
    st.builds(Amount, st.just("set"), st.integers(0, 500).map(float)),
    st.builds(Amount, st.just("offset"), st.integers(0, 300).map(float)),
    st.builds(Amount, st.just("scale"), st.floats(0, 8)),
)


@given(
    st.floats(-1e4, 1e4),
    st.floats(1e-6, 10),
    st.floats(0.05, 20),
    st.floats(0.05, 20),
    st.booleans(),
    st.floats(0, 1e4),
    st.floats(1e-6, 10),
)
def test_a_stretch_and_its_reverse_lead_back(
    step: float, value: float, across: float, along: float, log: bool, of_step: float, of_value: float
) -> None:
    there = Stretch(step, value, across, along, log).place(of_step, of_value)
    back = Stretch(step, value, 1 / across, 1 / along, log).place(*there)
    assert back[0] == pytest.approx(of_step, abs=1e-9 * max(abs(step), abs(of_step), 1))
    assert back[1] == pytest.approx(of_value, rel=1e-9, abs=1e-9 * max(value, 1))


@given(st.floats(0.05, 20), st.floats(1e-6, 1e3))
def test_a_value_scaled_by_a_number_and_by_its_reverse_is_the_same(number: float, value: float) -> None:
    assert Amount("scale", 1 / number).of(Amount("scale", number).of(value)) == pytest.approx(value, rel=1e-9)


@settings(max_examples=150, deadline=None)
@given(curves(), chosen, amounts)
def test_keys_never_meet_and_keep_their_order_among_themselves(
    node: Keyframes, indices: set[int], amount: Amount
) -> None:
    found = changed_keys(node, SPAN, indices, time=amount)
    assert not colliding(found, SPAN)
    before = [resolve(node.keys[i].at, SPAN) for i in sorted(indices) if i < len(node.keys)]
    after = [resolve(found.keys[i].at, SPAN) for i in sorted(indices) if i < len(node.keys)]
    assert sorted(range(len(before)), key=before.__getitem__) == sorted(range(len(after)), key=after.__getitem__)
    assert [key.value for key in found.keys] == [key.value for key in node.keys]


@settings(max_examples=80, deadline=None)
@given(curves(), chosen)
def test_nothing_to_do_is_the_same_object(node: Keyframes, indices: set[int]) -> None:
    first = min((resolve(node.keys[i].at, SPAN) for i in indices if i < len(node.keys)), default=0)
    for time in (None, Amount("offset", 0), Amount("scale", 1), Amount("set", first)):
        for value in (None, Amount("offset", 0), Amount("scale", 1)):
            assert changed_keys(node, SPAN, indices, time, value) is node


def test_nothing_to_do_is_the_same_design(plain_design: Design) -> None:
    group = plain_design.groups[0].id
    design = edits.set_schedule(plain_design, group, CURVE)
    nothing = Amount("offset", 0.0)
    assert change_keys(design, group, "lr", (), (1, 2), nothing, nothing) is design
    assert change_keys(design, group, "lr", (), (), Amount("set", 3), Amount("set", 3)) is design


@pytest.mark.parametrize(
    ("time", "steps"),
    [
        (Amount("set", 50), [0, 50, 150, 400]),
        (Amount("offset", -40), [0, 60, 160, 400]),
        (Amount("scale", 0.5), [0, 100, 150, 400]),
        (Amount("scale", 0), [0, 100, 101, 400]),
    ],
)
def test_times_are_set_by_their_first_offset_and_scaled_from_their_first(time: Amount, steps: list[int]) -> None:
    found = changed_keys(CURVE, SPAN, (1, 2), time=time)
    assert [resolve(key.at, SPAN) for key in found.keys] == steps


@pytest.mark.parametrize(
    ("value", "values"),
    [
        (Amount("set", 0.7), [0.1, 0.7, 0.7, 0.05]),
        (Amount("offset", -0.2), [0.1, 0.8, 0.3, 0.05]),
        (Amount("scale", 0.5), [0.1, 0.5, 0.25, 0.05]),
        (Amount("scale", 0), [0.1, 0.0, 0.0, 0.05]),
    ],
)
def test_values_are_set_offset_and_scaled(value: Amount, values: list[float]) -> None:
    assert [key.value for key in changed_keys(CURVE, SPAN, (1, 2), value=value).keys] == values


@pytest.mark.parametrize("space", ["linear", "log"])
def test_a_scaled_bezier_is_the_scaled_curve(space: Literal["linear", "log"]) -> None:
    node = replace(CURVE, space=space)
    scaled = changed_keys(node, SPAN, range(4), value=Amount("scale", 0.5))
    every = range(451)
    assert relative_difference(factors(scaled, every, SPAN), factors(node, every, SPAN) / 2, 1.0).max() < 1e-12


def test_keys_keep_the_unit_of_their_times() -> None:
    node = Keyframes((at(0, 1.0), Keyframe(Length(2, "epochs"), 0.5), Keyframe(Length(50, "percent"), 0.1)))
    found = changed_keys(node, SPAN, (1, 2), time=Amount("offset", 45))
    assert [str(key.at) for key in found.keys] == ["0 steps", "3 epochs", "60%"]


@pytest.mark.parametrize(
    ("time", "value", "words"),
    [
        (Amount("offset", -101), None, "1 steps before"),
        (Amount("offset", 1e300), None, "later than any run"),
        (Amount("scale", -1), None, "not by -1"),
        (None, Amount("offset", -0.6), "value of key 3 would be -0.1"),
        (None, Amount("scale", 1e9), "at most 1e6"),
        (None, Amount("offset", math.inf), "at most 1e6"),
    ],
)
def test_what_cannot_be_is_refused_in_words(time: Amount | None, value: Amount | None, words: str) -> None:
    with pytest.raises(UserError, match=words):
        changed_keys(CURVE, SPAN, (1, 2), time, value)


def test_a_value_of_0_is_refused_in_log_space_only() -> None:
    with pytest.raises(UserError, match="above 0, in log space"):
        changed_keys(replace(CURVE, space="log"), SPAN, (1, 2), value=Amount("set", 0))
    assert changed_keys(CURVE, SPAN, (1, 2), value=Amount("set", 0)).keys[1].value == 0


def test_a_stretch_in_log_space_leaves_what_has_no_logarithm() -> None:
    points = [KeyPoint(0, 0, 0.0), KeyPoint(1, 10, 1e-3), KeyPoint(2, 20, 1e-2)]
    found = places_of(points, Stretch(0, 1e-2, across=2, along=2, log=True))
    assert found == {0: (0, 0.0), 1: (20, 1e-4), 2: (40, 1e-2)}


def keys_of(design: Design, schedule: Any, path: tuple[int, ...] = ()) -> TrackKeys:
    group = design.groups[0]
    return TrackKeys(edits.set_schedule(design, group.id, schedule).groups[0], "lr", design.plan, path)


def values_after(keys: TrackKeys, edit: Any) -> list[tuple[int, float]]:
    group = keys.group
    design = edit.edit(_design_with(keys), *edit.arguments)
    found = TrackKeys(next(g for g in design.groups if g.id == group.id), keys.slot, keys.plan, keys.path)
    return [(point.step, point.value) for point in found.points]


def test_a_key_past_the_end_of_its_segment_stays_there_while_values_are_scaled(plain_design: Design) -> None:
    inner = Keyframes((at(0, 1.0), at(50, 0.5), at(100, 0.25)))
    keys = keys_of(plain_design, Sequence((Segment(inner, Length(80, "steps")), Segment(inner))), (0,))
    found = values_after(keys, transformed(keys, (1, 2), Stretch(50, 0.0, along=0.5)))
    assert [step for step, _ in found] == [0, 50, 100]


def _design_with(keys: TrackKeys) -> Design:
    from lrdesigner.document import Model, new_design
    from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo

    inventory = Inventory((ModuleInfo("", "Net"),), (ParameterInfo("w", (1,), "float32", 1, True, None),))
    design = new_design(Model("demo:lenet", {}, inventory), keys.plan)
    return edits.set_schedule(design, design.groups[0].id, keys.group.lr.schedule)


def test_keys_are_stretched_as_they_are_seen_on_the_track(plain_design: Design) -> None:
    keys = keys_of(plain_design, CURVE)
    edit = transformed(keys, (1, 2), Stretch(100, 0.5e-3, across=0.5, along=0.5))
    assert edit.label.startswith("Scale 2 keys of")
    assert values_after(keys, edit) == [(0, 1e-4), (100, 7.5e-4), (150, 5e-4), (400, pytest.approx(5e-5))]
    on_log = transformed(keys, (1, 3), Stretch(100, 1e-3, along=2, log=True))
    assert [value for _, value in values_after(keys, on_log)] == pytest.approx([1e-4, 1e-3, 5e-4, 2.5e-6])


def test_keys_inside_of_other_nodes_are_stretched_where_they_are_drawn(plain_design: Design) -> None:
    inner = Keyframes((at(0, 1.0), at(50, 0.5), at(100, 0.25)))
    nested = Sequence((Segment(inner, Length(150, "steps")), Segment(Product((inner, Clamp(inner))))))
    keys = keys_of(plain_design, nested, (1, 0))
    assert [point.step for point in keys.points] == [150, 200, 250]
    value = keys.points[2].value
    edit = transformed(keys, (1, 2), Stretch(150, 0.0, across=2.0))
    assert [step for step, _ in values_after(keys, edit)] == [150, 250, 350]
    halved = transformed(keys, (2,), Stretch(150, 0.0, along=0.5))
    assert values_after(keys, halved)[2][1] == pytest.approx(value / 2, rel=1e-3)


def test_a_shift_moves_by_steps_and_by_a_ratio_or_a_difference(plain_design: Design) -> None:
    keys = keys_of(plain_design, CURVE)
    edit = transformed(keys, (1, 2), Shift(20, 2.0, log=True))
    assert edit.label.startswith("Move 2 keys of")
    assert values_after(keys, edit)[1:3] == [(120, 2e-3), (220, 1e-3)]
    lower = values_after(keys, transformed(keys, (1, 2), Shift(0, -1e-4)))[1:3]
    assert [step for step, _ in lower] == [100, 200]
    assert [value for _, value in lower] == pytest.approx([9e-4, 4e-4])
    assert values_after(keys, transformed(keys, (1, 2), Shift(-30, log=True)))[1:3] == [(70, 1e-3), (170, 5e-4)]


@settings(max_examples=60, deadline=None)
@given(curves(), chosen, st.floats(0, 4), st.floats(0, 4), st.booleans())
def test_stretched_keys_never_meet(node: Keyframes, indices: set[int], across: float, along: float, log: bool) -> None:
    from lrdesigner.document import Group, Plan, Track

    keys = TrackKeys(Group(1, "g", 0, lr=Track(1e-3, node)), "lr", Plan(epoch=45, epochs=10), ())
    edit = transformed(keys, indices, Stretch(20, 5e-4, across, along, log))
    found = replace(node, keys=edit.arguments[-1]["keys"])
    assert not colliding(found, keys.span)
    assert len(placed(found, keys.span)) == len(node.keys)
    assert max(step for step, _ in placed(found, keys.span)) <= keys.plan.total_steps


def test_picks_go_by_time_and_stop_at_holds() -> None:
    node = Keyframes((at(200, 0.5, "hold"), at(0, 0.1), at(400, 0.05), at(100, 1.0)))
    assert onwards(node, SPAN, 3, 1) == (2, 0, 3)
    assert onwards(node, SPAN, 3, -1) == (1, 3)
    assert neighbour(node, SPAN, 3, 1) == 0
    assert neighbour(node, SPAN, 1, -1) is None
    assert joined(node, SPAN, (1,)) == (1, 3, 0)
    assert joined(node, SPAN, (2,)) == (2,)
    assert others(node, SPAN, (0, 1)) == (3, 2)


@pytest.mark.parametrize(
    ("mode", "text", "number"),
    [
        ("set", "2 epochs", 90),
        ("offset", "−10", -10),
        ("offset", "- 10%", -45),
        ("offset", "+5", 5),
        ("scale", "×1.5", 1.5),
        ("scale", "*2", 2),
    ],
)
def test_times_are_read_with_their_unit_and_sign(mode: Any, text: str, number: float) -> None:
    assert read_time(mode, text, SPAN) == Amount(mode, number)


def test_values_are_read_as_formulas() -> None:
    assert read_value("offset", "+1/4") == Amount("offset", 0.25)
    assert read_value("offset", "-1e-2") == Amount("offset", -0.01)
    assert read_value("scale", "x 1/2") == Amount("scale", 0.5)
    for mode in ("set", "offset", "scale"):
        with pytest.raises(UserError):
            read_value(mode, "much")
    with pytest.raises(UserError, match="not the rest"):
        read_time("set", "rest", SPAN)

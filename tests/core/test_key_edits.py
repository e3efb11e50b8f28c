"""Edits of keyframes: what is drawn changes where the edit says, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.curves import relative_difference
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    REST,
    Constant,
    Cosine,
    Exponential,
    Expression,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    Segment,
    Sequence,
    Span,
    StepDecay,
    factors,
    shape_of,
)
from lrdesigner.schedules.key_bake import bake
from lrdesigner.schedules.key_edits import insert_key, move_key, remove_key
from lrdesigner.schedules.key_simplify import simplify
from lrdesigner.schedules.keyframe_curve import colliding, placed
from lrdesigner.schedules.keyframes import MOST_KEYS

SPAN = Span(450, 450, 45)
EVERY = np.arange(451)


def at(step: float, value: float, then: Any = "linear", **controls: float) -> Keyframe:
    return Keyframe(Length(float(step), "steps"), value, then, **controls)


def drawn(node: Any) -> Any:
    return factors(node, EVERY, SPAN)


@st.composite
def curves(draw: st.DrawFn, *kinds: str, controls: bool = False) -> Keyframes:
    """Of four to eight keys, ten steps apart at least; with `controls` no bezier looks at other keys."""
    places = sorted(draw(st.sets(st.integers(0, 44), min_size=4, max_size=8)))
    value = st.integers(1, 1000).map(lambda n: n / 1000)
    kind, control = st.sampled_from(kinds), value if controls else st.one_of(st.none(), value)
    keys = (Keyframe(Length(10.0 * n, "steps"), *(draw(s) for s in (value, kind, control, control))) for n in places)
    return Keyframes(tuple(keys), draw(st.sampled_from(["linear", "log"])), draw(st.sampled_from(["hold", "slope"])))


@settings(max_examples=80, deadline=None)
@given(curves("hold", "linear", "bezier", controls=True), st.integers(0, 440))
def test_a_key_put_on_the_curve_changes_nothing_that_is_drawn(node: Keyframes, step: int) -> None:
    last = placed(node, SPAN)[-1][0]
    node = replace(node, end="hold") if step > last else node
    found = insert_key(node, SPAN, step)
    assert step in [place for place, _ in placed(found, SPAN)]
    # Of the value where it is above 1, as a slope in log space may be by far.
    assert relative_difference(drawn(found), drawn(node), 1.0).max() <= 1e-9


@settings(max_examples=60, deadline=None)
@given(curves("hold", "linear", "smooth", "bezier"), st.integers(0, 450), st.integers(0, 2000).map(lambda n: n / 1000))
def test_a_key_put_beside_the_curve_draws_its_value_at_its_step(node: Keyframes, step: int, factor: float) -> None:
    if node.space == "log":
        factor += 0.001
    found = insert_key(node, SPAN, step, factor)
    assert drawn(found)[step] == factor
    assert not colliding(found, SPAN)
    steps = [place for place, _ in placed(found, SPAN)]
    others = [place for place in steps if place != step]
    assert drawn(found)[others].tolist() == drawn(node)[others].tolist()


def test_a_new_key_counts_as_the_one_before_it_does() -> None:
    node = Keyframes((at(0, 1.0, "hold"), Keyframe(Length(50, "percent"), 0.5, "smooth"), at(400, 0.1)))
    found = insert_key(insert_key(node, SPAN, 90, 0.7), SPAN, 270, 0.2)
    assert [str(key.at) for key in found.keys] == ["0 steps", "20%", "50%", "60%", "400 steps"]
    assert [key.then for key in found.keys] == ["hold", "hold", "smooth", "smooth", "linear"]


def test_a_key_moves_by_step_and_value_and_keeps_its_unit() -> None:
    node = Keyframes((at(0, 1.0), Keyframe(Length(2, "epochs"), 0.5), at(400, 0.1)))
    found = move_key(node, SPAN, 1, 135, 0.6)
    assert found.keys[1] == Keyframe(Length(3.0, "epochs"), 0.6)
    assert move_key(node, SPAN, 1, 90, 0.5) is node


@settings(max_examples=60, deadline=None)
@given(curves("linear"), st.integers(0, 3), st.integers(-5, 450))
def test_two_keys_never_share_a_step_whatever_is_dragged_where(node: Keyframes, index: int, step: int) -> None:
    found = move_key(node, SPAN, index, step)
    assert not colliding(found, SPAN)
    assert [a.value for a in found.keys] == [b.value for b in node.keys]
    assert abs(placed(found, SPAN)[0][0]) >= 0
    taken = [int(key.at.value) for key in node.keys]
    reached = int(found.keys[index].at.value)
    assert abs(reached - max(step, 0)) <= (1 if max(step, 0) in taken[:index] + taken[index + 1 :] else 0)


def test_the_control_points_beside_a_key_go_along_with_its_value() -> None:
    node = Keyframes((at(0, 1.0, "bezier", arrive=0.4), at(100, 0.5, "bezier", leave=0.6), at(200, 0.1)))
    found = move_key(node, SPAN, 1, factor=0.8)
    assert (found.keys[0].arrive, found.keys[1].leave) == pytest.approx((0.7, 0.9))
    doubled = move_key(replace(node, space="log"), SPAN, 1, factor=1.0)
    assert (doubled.keys[0].arrive, doubled.keys[1].leave) == pytest.approx((0.8, 1.2))


def test_a_removed_key_leaves_the_others_and_the_only_one_stays() -> None:
    node = Keyframes((at(0, 1.0), at(100, 0.5, "smooth"), at(200, 0.1)))
    assert remove_key(node, SPAN, 1).keys == (node.keys[0], node.keys[2])
    with pytest.raises(UserError, match="at least one key"):
        remove_key(Keyframes((at(3, 1.0),)), SPAN, 0)


def test_a_key_that_cut_a_bezier_is_taken_out_of_it_again() -> None:
    node = Keyframes((at(0, 1.0, "bezier", leave=0.5, arrive=0.9), at(300, 0.2)))
    cut = insert_key(node, SPAN, 150)
    found = remove_key(cut, SPAN, 1)
    assert found.keys[0].arrive == cut.keys[1].arrive
    assert (found.keys[0].at, found.keys[1]) == (node.keys[0].at, node.keys[1])


def test_a_curve_has_no_more_keys_than_a_file_may_hold() -> None:
    full = Keyframes(tuple(at(2 * n, 1.0) for n in range(MOST_KEYS)))
    with pytest.raises(UserError, match="at most 1,000 keys"):
        insert_key(full, SPAN, 3, 0.5)
    assert insert_key(full, SPAN, 4, 0.5).keys[2] == at(4, 0.5)


@settings(max_examples=80, deadline=None)
@given(curves("hold", "linear", "smooth"), st.sampled_from([0.0, 0.01, 0.1, 0.4]))
def test_the_simplified_curve_stays_within_the_tolerance(node: Keyframes, tolerance: float) -> None:
    found = simplify(node, SPAN, tolerance)
    steps = placed(node, SPAN)
    inside = slice(0, steps[-1][0] + 1)
    before, after = drawn(node)[inside], drawn(found)[inside]
    off = np.abs(np.log(after / before)) if node.space == "log" else np.abs(after - before)
    assert off.max() <= (np.log1p(tolerance) if node.space == "log" else tolerance) + 1e-11
    assert set(found.keys) <= set(node.keys)
    assert (found.keys[0], found.keys[-1]) == (node.keys[0], node.keys[-1])


@settings(max_examples=60, deadline=None)
@given(curves("linear"), st.sampled_from([0.01, 0.1, 0.3]))
def test_no_choice_of_fewer_keys_would_do(node: Keyframes, tolerance: float) -> None:
    node = replace(node, end="hold", space="linear")
    found, inner = simplify(node, SPAN, tolerance), node.keys[1:-1]
    choices = (
        [key for number, key in enumerate(inner) if chosen >> number & 1]
        for chosen in range(1 << len(inner))
        if chosen.bit_count() < len(found.keys) - 2
    )
    for choice in choices:
        other = replace(node, keys=(node.keys[0], *choice, node.keys[-1]))
        assert np.abs(drawn(other) - drawn(node)).max() > tolerance


def test_keys_on_a_line_or_of_one_level_go_without_any_tolerance() -> None:
    line = Keyframes(tuple(at(7 * n, 1 - n / 60) for n in range(50)))
    assert len(simplify(line, SPAN, 0.0).keys) == 2
    stairs = Keyframes(tuple(at(10 * n, (1.0, 0.1)[n // 20], "hold") for n in range(40)))
    assert simplify(stairs, SPAN, 0.0).keys == (stairs.keys[0], stairs.keys[20], stairs.keys[39])
    fading = Keyframes(tuple(at(10 * n, 0.9**n) for n in range(40)), "log")
    assert len(simplify(fading, SPAN, 0.0).keys) == 2
    bent = Keyframes((at(0, 1.0), at(5, 0.2), at(5, 0.9), at(9, 0.1)))
    assert simplify(bent, SPAN, 0.0).keys == (bent.keys[0], bent.keys[2], bent.keys[3])
    corner = Keyframes((at(0, 1.0), at(5, 0.2), at(9, 0.1)))
    assert simplify(corner, SPAN, 0.0) is corner


@pytest.mark.parametrize(
    "schedule",
    [
        Constant(0.5),
        Linear(),
        Cosine(),
        StepDecay(every=Length(100, "steps"), gamma=0.5),
        Sequence((Segment(Linear(), Length(20, "steps")), Segment(Cosine(floor=0.1), REST))),
        Expression("0.95 ** epoch"),
    ],
    ids=lambda schedule: shape_of(schedule).tag,
)
def test_a_baked_schedule_is_as_near_as_it_says(schedule: Any) -> None:
    baked = bake(schedule, SPAN, 50)
    off = np.abs(drawn(baked.node) - drawn(schedule))
    assert len(baked.node.keys) <= 50
    assert baked.error == off.max() == off[baked.worst]
    assert baked.error < 2e-3


def test_what_is_baked_with_few_keys_or_for_a_long_run_tells_its_error_too() -> None:
    assert bake(Cosine(), SPAN, 2).error == pytest.approx(0.105, abs=1e-3)
    long = Span(10**7, 10**7, 10**5)
    assert bake(StepDecay(every=Length(3e6, "steps")), long, 20).error == 0.0
    assert bake(Exponential(gamma=0.5), SPAN, 2, "log").error == pytest.approx(0.0, abs=1e-12)


def test_what_cannot_be_keys_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match=r"^At step 0 the factor is -1; keys hold factors from 0 to 1e6\.$"):
        bake(Expression("step - 1"), SPAN, 10)
    with pytest.raises(UserError, match=r"At step 0 the factor is nan"):
        bake(Expression("1 / step"), SPAN, 10)
    with pytest.raises(UserError, match="2 keys at least and 1,000 at most, not 1,001"):
        bake(Cosine(), SPAN, 1001)


def test_the_handle_of_a_key_takes_the_control_points_along_and_stays_above_0_in_log_space() -> None:
    node = Keyframes((at(0, 1.0, "bezier", arrive=0.5), at(100, 0.5, "bezier", leave=0.5), at(200, 0.1)), "log")
    handle = shape_of(node).handles(node)[1]
    assert handle.value is not None
    raised = replace(node, **handle.value(node, SPAN, 100, 1.0))
    assert [raised.keys[0].arrive, raised.keys[1].value, raised.keys[1].leave] == [1.0, 1.0, 1.0]
    assert 0 < replace(node, **handle.value(node, SPAN, 100, 0.0)).keys[1].value < 1e-200

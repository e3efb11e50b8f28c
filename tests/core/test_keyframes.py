"""Keyframes: exact at every key, never beyond them, and the same in the exported code as on the plot."""

from __future__ import annotations

import bisect
import math
import operator
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner.curves import breakpoints, track_factors
from lrdesigner.document import Group, Plan, Track
from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.export.factor_functions import factor_functions
from lrdesigner.param_groups import ParamGroup
from lrdesigner.plot_points import COLUMNS, plot_points
from lrdesigner.schedules import Keyframe, Keyframes, Length, Span, factors, shape_of
from lrdesigner.schedules.keyframe_curve import colliding, placed
from lrdesigner.tracks import Lane

SPAN = Span(450, 450, 45)
KINDS = ("hold", "linear", "smooth", "bezier")


def at(step: int, value: float, then: Any = "linear", **controls: float) -> Keyframe:
    return Keyframe(Length(float(step), "steps"), value, then, **controls)


def curve(*keys: Keyframe, **fields: Any) -> Any:
    node = Keyframes(keys, **fields)
    return lambda *steps: factors(node, np.array(steps), SPAN).tolist()


def levels(least: float = 0.0) -> st.SearchStrategy[float]:
    return st.one_of(st.sampled_from([least, 1.0]), st.integers(1, 2000).map(lambda n: n / 1000))


@st.composite
def keyframes(draw: st.DrawFn, space: str | None = None, kinds: tuple[str, ...] = KINDS) -> Keyframes:
    space = space or draw(st.sampled_from(["linear", "log"]))
    value = levels(1e-3 if space == "log" else 0.0)
    key = st.builds(
        Keyframe,
        st.one_of(
            st.integers(0, 400).map(lambda n: Length(float(n), "steps")),
            st.integers(0, 100).map(lambda n: Length(float(n), "percent")),
        ),
        value,
        st.sampled_from(kinds),
        st.one_of(st.none(), value),
        st.one_of(st.none(), value),
    )
    keys = draw(st.lists(key, min_size=1, max_size=6))
    return Keyframes(tuple(keys), space, draw(st.sampled_from(["hold", "slope", "repeat", "ping-pong"])))


@settings(max_examples=80, deadline=None)
@given(keyframes())
def test_each_key_has_exactly_its_value_and_before_the_first_it_is_held(node: Keyframes) -> None:
    found = placed(node, SPAN)
    if node.end == "repeat" and len(found) > 1:
        found = found[:-1]  # the last key is the first one of the next round
    steps = [step for step, _ in found]
    assert factors(node, steps, SPAN).tolist() == [key.value for _, key in found]
    assert set(factors(node, range(steps[0] + 1), SPAN).tolist()) == {found[0][1].value}


@settings(max_examples=80, deadline=None)
@given(keyframes(kinds=("hold", "linear", "smooth")))
def test_nothing_but_a_bezier_goes_beyond_the_two_keys_beside_it(node: Keyframes) -> None:
    found = placed(node, SPAN)
    for (start, a), (end, b) in pairwise(found):
        inside = factors(node, np.arange(start, end), SPAN)
        low, high = sorted((a.value, b.value))
        assert (inside >= low * (1 - 1e-12)).all()
        assert (inside <= high * (1 + 1e-12)).all()
        assert (np.diff(inside) * np.sign(b.value - a.value) >= -1e-12).all()


def test_a_smooth_curve_is_flat_at_turns_and_ends_and_has_no_corner_between() -> None:
    keys = (at(0, 0.0, "smooth"), at(10_000, 0.6, "smooth"), at(20_000, 0.9, "smooth"), at(40_000, 0.1, "smooth"))
    slopes = np.diff(factors(Keyframes(keys), np.arange(40_001), SPAN))
    assert np.abs(slopes[[0, 19_999, 20_000, -1]]).max() < 1e-7
    assert slopes[9_999] == pytest.approx(slopes[10_000], rel=1e-3)
    assert slopes[9_999] == pytest.approx(4e-5, rel=1e-3)  # harmonic mean of 6e-5 and 3e-5


def test_a_bezier_is_the_polynomial_of_its_four_values() -> None:
    u = np.arange(0, 100) / 100
    expected = (1 - u) ** 3 * 0.2 + 3 * (1 - u) ** 2 * u * 1.0 + 3 * (1 - u) * u**2 * 0.0 + u**3 * 0.5
    node = Keyframes((at(50, 0.2, "bezier", leave=1.0, arrive=0.0), at(150, 0.5)))
    assert factors(node, np.arange(50, 150), SPAN) == pytest.approx(expected, abs=1e-15)


@settings(max_examples=60, deadline=None)
@given(keyframes("linear"))
def test_a_bezier_without_control_points_is_smooth(node: Keyframes) -> None:
    smooth = replace(node, keys=tuple(replace(key, then="smooth") for key in node.keys))
    bezier = replace(node, keys=tuple(replace(key, then="bezier", leave=None, arrive=None) for key in node.keys))
    every = np.arange(600)
    assert factors(bezier, every, SPAN).tobytes() == factors(smooth, every, SPAN).tobytes()


def test_a_hold_jumps_exactly_at_the_next_key() -> None:
    assert curve(at(0, 1.0, "hold"), at(10, 0.1))(0, 9, 10, 11, 400) == [1.0, 1.0, 0.1, 0.1, 0.1]


@settings(max_examples=60, deadline=None)
@given(keyframes("log"))
def test_log_space_is_the_exponential_of_the_curve_through_the_logarithms(node: Keyframes) -> None:
    def log(value: float | None) -> float | None:
        return None if value is None else math.log(value) + 100.0  # never below 0, where values are clamped

    keys = tuple(replace(key, value=log(key.value), leave=log(key.leave), arrive=log(key.arrive)) for key in node.keys)
    end = "hold" if node.end == "slope" else node.end
    linear = factors(Keyframes(keys, "linear", end), np.arange(600), SPAN) - 100.0
    assert factors(replace(node, end=end), np.arange(600), SPAN) == pytest.approx(np.exp(linear), rel=1e-11)


def test_after_the_last_key_the_value_is_held_or_its_slope_goes_on_down_to_0() -> None:
    keys = (at(0, 1.0), at(100, 0.5))
    assert curve(*keys)(100, 101, 10**12) == [0.5, 0.5, 0.5]
    assert curve(*keys, end="slope")(100, 120, 200, 201, 10**12) == pytest.approx([0.5, 0.4, 0.0, 0.0, 0.0])
    halving = curve(*keys, end="slope", space="log")
    assert halving(200, 300, 10**7) == pytest.approx([0.25, 0.125, 0.0])
    held = curve(at(0, 1.0, "hold"), at(100, 0.5), end="slope")
    assert held(100, 500) == [0.5, 0.5]
    bezier = curve(at(0, 0.0, "bezier", leave=0.0, arrive=0.8), at(30, 1.0), end="slope")
    assert bezier(40) == pytest.approx([1.0 + 10 * 0.02])


def test_a_slope_in_log_space_that_leads_beyond_all_numbers_is_no_number() -> None:
    up = curve(at(0, 1.0), at(1, 2.0), end="slope", space="log")
    assert up(10) == pytest.approx([1024.0])
    assert math.isnan(up(2000)[0])


@settings(max_examples=80, deadline=None)
@given(keyframes(), st.integers(0, 10**9))
def test_a_repeat_is_exactly_periodic_and_a_ping_pong_mirrors(node: Keyframes, far: int) -> None:
    steps = [step for step, _ in placed(node, SPAN)]
    first, length = steps[0], steps[-1] - steps[0]
    assume(length > 0)
    one, later = np.arange(first, first + length), far * length
    again = replace(node, end="repeat")
    assert factors(again, one + later, SPAN).tobytes() == factors(again, one, SPAN).tobytes()
    mirror = replace(node, end="ping-pong")
    there = factors(replace(node, end="hold"), np.arange(first, first + length + 1), SPAN)
    both = np.concatenate([there, there[-2:0:-1]])
    found = factors(mirror, np.arange(first, first + 2 * length) + 2 * later, SPAN)
    assert found.tobytes() == both.tobytes()


@settings(max_examples=60, deadline=None)
@given(keyframes(), st.permutations(range(700)))
def test_the_curve_is_the_same_in_any_order_and_one_by_one(node: Keyframes, order: list[int]) -> None:
    at_once = factors(node, np.arange(700), SPAN)
    assert factors(node, np.array(order), SPAN).tobytes() == at_once[order].tobytes()
    alone = np.array([factors(node, np.array([step]), SPAN)[0] for step in range(0, 700, 50)])
    assert alone.tobytes() == at_once[::50].tobytes()
    square = factors(node, np.array(order).reshape(70, 10), SPAN)
    assert square.shape == (70, 10)


@settings(max_examples=80, deadline=None)
@given(keyframes())
def test_the_exported_function_equals_the_curve_at_every_step(node: Keyframes) -> None:
    plan, track = Plan(45, 12), Track(0.1, node)
    functions, names = factor_functions([ParamGroup("head", Group(1, "head", lr=track), ())], plan)
    scope: dict[str, Any] = {"math": math, "bisect": bisect, "operator": operator, "TOTAL_STEPS": plan.total_steps}
    exec("\n\n".join(function.source for function in functions), scope)
    every = np.arange(-3, plan.total_steps + 4)
    written = [float(scope[names["head", "lr"]](step)) for step in every.tolist()]
    assert written == pytest.approx(track_factors(track, plan, every).tolist(), rel=1e-12, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(keyframes("linear"), st.lists(st.integers(0, 999_999), min_size=200, max_size=200))
def test_a_line_through_the_drawn_points_shows_every_key_jump_and_turn(node: Keyframes, somewhere: list[int]) -> None:
    scaled = tuple(
        replace(key, at=Length(key.at.value / 4, "percent")) if key.at.unit == "steps" else key for key in node.keys
    )
    track, plan = Track(1.0, replace(node, keys=scaled)), Plan(100_000, 10)
    steps = sorted(step for step, _ in placed(track.schedule, plan.span))
    assume(node.end in ("hold", "slope") or len(steps) == 1 or steps[-1] - steps[0] > 20_000)
    drawn = plot_points(Lane(track), plan, 0, plan.total_steps)
    corners = breakpoints(track, plan)
    looked_at = np.unique(np.concatenate([somewhere, corners, np.maximum(corners - 1, 0)]))
    values = track_factors(track, plan, looked_at)
    line = np.interp(looked_at, drawn.steps, drawn.values)
    assert np.abs(line - values)[np.isin(looked_at, corners)].max(initial=0) < 1e-9
    # Between keys that lie in one column, no pixel can show the way from one to the other, only how far it goes.
    column = plan.total_steps // COLUMNS
    nearby = [np.interp(looked_at + by, drawn.steps, drawn.values) for by in (-column, 0, column)]
    starts, ends = (np.searchsorted(drawn.steps, looked_at + by) for by in (-column, column))
    for value, *around, start, end in zip(values, *nearby, starts, ends, strict=True):
        reached = [*around, *drawn.values[start:end]]
        assert min(reached) - 0.03 < value < max(reached) + 0.03
    assert drawn.values.max() >= track_factors(track, plan, np.arange(0, 10**6, 37)).max() - 1e-9


def test_the_turn_of_a_bezier_is_among_the_breaks() -> None:
    node = Keyframes((at(0, 0.0, "bezier", leave=1.0, arrive=1.0), at(300, 0.0)))
    breaks = shape_of(node).breaks(node, SPAN)
    assert {0, 150, 300} == set(breaks.points)
    assert factors(node, [150], SPAN).tolist() == [0.75]


def test_the_step_at_which_a_slope_has_come_down_to_0_is_among_the_breaks() -> None:
    node = Keyframes((at(0, 1.0), at(70, 0.5)), end="slope")
    assert set(shape_of(node).breaks(node, SPAN).points) == {0, 70, 140}


@pytest.mark.parametrize("end", ["repeat", "ping-pong"])
@pytest.mark.parametrize("count", [2, 9, 40, 500])
def test_keys_that_repeat_for_ever_cost_the_plot_no_more_than_its_columns(end: Any, count: int) -> None:
    keys = tuple(at(3 * n, n % 7 / 7, ("hold", "linear")[n % 2]) for n in range(count))
    track, plan = Track(1.0, Keyframes(keys, end=end)), Plan(100_000, 100)
    drawn = plot_points(Lane(track), plan, 0, plan.total_steps)
    assert len(drawn.steps) <= 2000 * 8
    assert drawn.values.max() == track_factors(track, plan, np.arange(10_000)).max()
    assert drawn.values.min() == 0.0


@pytest.mark.parametrize("end", ["repeat", "ping-pong"])
def test_both_sides_of_every_jump_of_a_repeating_curve_are_breakpoints(end: Any) -> None:
    node = Keyframes((at(7, 1.0, "hold"), at(20, 0.5, "hold"), at(50, 0.0, "hold"), at(60, 1.0)), end=end)
    track, plan = Track(1.0, node), Plan(100, 5)
    jumps = np.flatnonzero(np.diff(track_factors(track, plan, np.arange(501)))) + 1
    assert set(jumps.tolist()) <= set(breakpoints(track, plan).tolist())


def test_of_keys_at_one_step_the_last_one_counts_and_the_others_are_told() -> None:
    node = Keyframes((at(50, 1.0), Keyframe(Length(1.0, "epochs"), 0.3), at(45, 0.4), at(50, 0.2), at(0, 0.0)))
    assert colliding(node, SPAN) == (0, 1)
    assert factors(node, [0, 45, 50], SPAN).tolist() == [0.0, 0.4, 0.2]


def test_keys_follow_the_length_of_the_run_as_their_units_say() -> None:
    node = Keyframes((Keyframe(Length(10, "percent"), 1.0), Keyframe(Length(2, "epochs"), 0.5), at(100, 0.1)))
    assert [step for step, _ in placed(node, Span(200, 200, 30))] == [20, 60, 100]
    assert [step for step, _ in placed(node, Span(900, 900, 45))] == [90, 100]


@pytest.mark.parametrize(
    ("fields", "what"),
    [({"value": 0.0}, "value"), ({"leave": 0.0}, "Leaves by"), ({"arrive": 0.0}, "Arrives by")],
)
def test_in_log_space_0_is_refused_with_the_number_of_the_key(fields: dict[str, float], what: str) -> None:
    keys = (at(0, 1.0), replace(at(10, 0.5, "bezier"), **fields))
    assert Keyframes(keys).keys == keys
    with pytest.raises(InvalidValueError, match=rf"^Key 2: in log space its {what} must be above 0 .*, not 0\.$"):
        Keyframes(keys, space="log")


@pytest.mark.parametrize("text", ['{"keys": []}', '{"keys": [{"at": {}, "value": -1}]}', '{"end": "stop"}'])
def test_what_is_no_curve_is_refused_when_read(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text.replace("{", '{"shape": "keyframes", ', 1), type=Keyframes)


def test_a_slope_that_grows_beyond_all_numbers_is_not_exported() -> None:
    node = Keyframes((at(0, 1.0), at(1, 2.0)), "log", "slope")
    group = Group(1, "head", lr=Track(0.1, node))
    with pytest.raises(UserError, match=r"lr of 'head' is not a finite number"):
        factor_functions([ParamGroup("head", group, ())], Plan(100, 20))


def test_it_says_in_words_what_it_is() -> None:
    words = [
        shape_of(node).describe(node, SPAN)
        for node in (
            Keyframes(),
            Keyframes((at(3, 0.5),)),
            Keyframes((at(0, 1.0), at(9, 0.5), at(5, 0.2), at(99, 0.1)), "log", "repeat"),
        )
    ]
    assert words == ["2 keys from 1 to 0.1", "1 key of 0.5", "4 keys from 1 to 0.1, in log space, again and again"]

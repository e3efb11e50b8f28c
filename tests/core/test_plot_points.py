"""What a plot draws: few points at any length of run, every corner and jump, and the extremes of every column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import keyframes, schedules

from lrdesigner.curves import breakpoints, track_breaks, track_values
from lrdesigner.document import Plan, Track
from lrdesigner.plot_points import COLUMNS, PlotPoints, plot_points
from lrdesigner.schedules import (
    REST,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    CosineWaves,
    Cyclic,
    Exponential,
    Expression,
    HardRestarts,
    Length,
    Linear,
    MultiStep,
    Product,
    Repeat,
    Segment,
    Sequence,
    StepDecay,
    shape_of,
)
from lrdesigner.schedules.level import factor_of
from lrdesigner.tracks import Lane


def steps(count: float) -> Length:
    return Length(float(count), "steps")


def percent(amount: float) -> Length:
    return Length(float(amount), "percent")


def drawn(schedule: Any, plan: Plan) -> PlotPoints:
    return plot_points(Lane(Track(1.0, schedule)), plan, 0, plan.total_steps)


def _smooth_shapes() -> st.SearchStrategy[Any]:
    """Shapes that a line through 2000 points follows, but for their jumps."""
    every = st.sampled_from([2.0, 7.0, 30.0]).map(percent)
    gammas = st.sampled_from([0.3, 0.5, 0.9])
    lows = st.sampled_from([0.0, 0.1, 0.5])
    return st.one_of(
        st.builds(Constant, factor=st.sampled_from([0.1, 1.0, 2.0])),
        st.builds(StepDecay, every=every, gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(every, min_size=1, max_size=3).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=every, stairs=st.booleans()),
        st.builds(Linear, length=st.one_of(st.just(REST), every)),
        st.builds(Cosine, length=st.one_of(st.just(REST), every)),
        st.builds(Cyclic, low=lows, up=every, down=every, mode=st.sampled_from(["triangular", "triangular2"])),
        st.builds(CosineRestarts, first=every, growth=st.sampled_from([1.0, 1.5, 2.0]), decay=gammas, floor=lows),
        st.builds(HardRestarts, cycles=st.integers(1, 20), decay=gammas, floor=lows),
        st.just(Expression("0.95 ** epoch")),
    )


def _smooth_trees(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tenths = st.one_of(st.just(REST), st.integers(1, 5).map(lambda n: percent(10 * n)))
    skips = st.sampled_from([steps(0), percent(3)])
    return st.one_of(
        st.lists(st.builds(Segment, inner, tenths, skips), min_size=1, max_size=4).map(lambda s: Sequence(tuple(s))),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: Product(tuple(parts))),
        st.builds(Repeat, inner, cycle=st.sampled_from([30, 60]).map(percent), decay=st.sampled_from([1.0, 0.5])),
    )


@settings(max_examples=80, deadline=None)
@given(st.recursive(_smooth_shapes(), _smooth_trees, max_leaves=4), st.lists(st.integers(0, 1_000_000), min_size=50))
def test_a_line_through_the_drawn_points_misses_no_jump(schedule: Any, somewhere: list[int]) -> None:
    track, plan = Track(1.0, schedule), Plan(20_000, 50)
    points = drawn(schedule, plan)
    jumps = breakpoints(track, plan)
    at = np.unique(np.clip(np.concatenate([somewhere, *(jumps + d for d in (-2, -1, 0, 1))]), 0, plan.total_steps))
    line = np.interp(at, points.steps, points.values)
    values = track_values(track, plan, at)
    # Within a column a smooth curve bends by less than a percent of its height.
    assert (np.abs(line - values) <= 0.02 * max(1.0, values.max())).all()


def _jumps(values: Any) -> Any:
    """Steps at which a curve changes far more than right before and after."""
    changes = np.abs(np.diff(values))
    beside = np.maximum(np.r_[changes[1], changes[:-1]], np.r_[changes[1:], changes[-2]])
    high = (changes > 0.02 * max(1.0, values.max())) & (changes > 0.02 * np.maximum(values[1:], values[:-1]))
    return np.flatnonzero(high & (changes > 4 * beside)) + 1


STEEPEST = 0.07  # what a calm schedule changes by in a step, without a jump


def _cut_to_a_slit(node: Any) -> bool:
    """Whether limits are so near that a ramp passes from one to the other in a step, and looks like a jump."""
    if isinstance(node, Clamp):
        lowest, highest = (factor_of(level, Plan(2_000, 5).span) for level in (node.lowest, node.highest))
        if abs(highest - lowest) < STEEPEST:
            return True
    return any(map(_cut_to_a_slit, shape_of(node).children(node)))


@settings(max_examples=150, deadline=None)
@given(schedules(calm=True))
def test_every_jump_is_a_breakpoint(schedule: Any) -> None:
    assume(not _cut_to_a_slit(schedule))
    track, plan = Track(1.0, schedule), Plan(2_000, 5)
    jumps = _jumps(track_values(track, plan, np.arange(plan.total_steps + 1)))
    breaks = track_breaks(track, plan)
    told = set(breaks.listed(1, plan.total_steps, 10**6).tolist())
    assert {step for step in jumps.tolist() if not any(a <= step <= b for a, b in breaks.rough)} <= told


@settings(max_examples=150, deadline=None)
@given(st.one_of(schedules(calm=True), keyframes(calm=True)))
def test_the_points_hold_each_breakpoint_and_the_step_before_it_while_there_are_few(schedule: Any) -> None:
    track, plan = Track(1.0, schedule), Plan(20_000, 50)
    points = drawn(schedule, plan)
    corners = track_breaks(track, plan).listed(1, plan.total_steps, 10**6)
    column = np.searchsorted(np.linspace(0, plan.total_steps, COLUMNS + 1).astype(np.int64), corners, side="right")
    lonely = corners[np.bincount(column)[column] <= 2]
    # A corner between two columns stays; where more fall into one, its extremes do.
    assert set(lonely.tolist()) | set((lonely - 1).tolist()) <= set(points.steps.tolist())
    assert (np.diff(points.steps) > 0).all()
    assert (points.steps[0], points.steps[-1]) == (0, plan.total_steps)
    assert points.values.tobytes() == track_values(track, plan, points.steps).tobytes()


# A part of the curve's height by which an extreme of a column may be missed.
EXACT, FRACTIONAL, SAMPLED = 1e-12, 0.05, 0.15

FAST: list[tuple[Any, float]] = [
    (Cyclic(up=steps(5), down=steps(8)), EXACT),
    (Cyclic(up=steps(50), down=steps(80), mode="triangular2"), EXACT),
    (Cyclic(up=steps(5), down=steps(1), mode="exp_range", gamma=0.9999999), EXACT),
    (Cyclic(up=steps(300), down=steps(900), inverted=True), EXACT),
    (CosineRestarts(first=steps(10)), EXACT),
    (CosineRestarts(first=steps(3000)), EXACT),
    (CosineRestarts(first=steps(10), growth=1.05, decay=0.9, floor=0.1), EXACT),
    (CosineRestarts(first=steps(7), k=2.0, decay=0.99999, cycles=100_000), EXACT),
    (HardRestarts(cycles=2500, decay=0.99), EXACT),
    (HardRestarts(cycles=1_000_000, decay=0.999999), EXACT),
    (HardRestarts(cycles=123_457), FRACTIONAL),
    (CosineWaves(waves=1e5), EXACT),
    (CosineWaves(waves=12345.678, length=percent(50)), FRACTIONAL),
    (StepDecay(steps(1), 0.9999999), EXACT),
    (StepDecay(steps(700), 0.9995), EXACT),
    (Repeat(Cosine(), cycle=steps(20)), EXACT),
    (Repeat(MultiStep((steps(10), steps(13), steps(29)), 0.5), cycle=steps(40), decay=0.99999), EXACT),
    (Repeat(StepDecay(steps(1), 0.9), cycle=steps(50)), EXACT),
    (Repeat(MultiStep(tuple(steps(n) for n in range(1, 60)), 0.9), cycle=steps(100)), EXACT),
    (Repeat(MultiStep(tuple(steps(100 * n) for n in range(1, 60)), 0.9), cycle=steps(9000)), EXACT),
    (Repeat(Repeat(Cosine(), cycle=steps(7)), cycle=steps(100)), EXACT),
    (Repeat(Linear(0.0, 1.0), cycle=steps(100), growth=1.05, decay=0.99), EXACT),
    (Repeat(Cyclic(up=steps(3), down=steps(4)), cycle=percent(20), decay=0.5), EXACT),
    (Repeat(Expression("1.1 + sin(step)"), cycle=steps(100)), FRACTIONAL),
    (Clamp(Cyclic(up=steps(30), down=steps(40)), 0.2, 0.7), EXACT),
    (Product((Cyclic(up=steps(30), down=steps(40)), StepDecay(steps(3000), 0.999))), FRACTIONAL),
    (Sequence((Segment(Cyclic(up=steps(30), down=steps(40)), percent(30)), Segment(StepDecay(steps(3))))), EXACT),
    (Expression("1.1 + sin(step)"), FRACTIONAL),
    (Expression("1.1 + sin(step / 40)"), FRACTIONAL),
    (Expression("step % 7 / 7 + 0.1"), EXACT),
    (Expression("step % 1000 / 1000 + 0.1"), SAMPLED),
    (Expression("0.5 if step % 1000 < 500 else 1"), EXACT),
]


@pytest.mark.parametrize("steps_per_epoch", [10_000, 100_000], ids=["1e6 steps", "1e7 steps"])
@pytest.mark.parametrize(
    ("schedule", "allowed"), FAST, ids=[f"{n}-{type(s).__name__}" for n, (s, _) in enumerate(FAST)]
)
def test_a_column_keeps_the_extremes_of_what_turns_faster(schedule: Any, allowed: float, steps_per_epoch: int) -> None:
    track, plan = Track(1.0, schedule), Plan(steps_per_epoch, 100)
    points = drawn(schedule, plan)
    edges = np.linspace(0, plan.total_steps, COLUMNS + 1).astype(np.int64)
    for column in np.linspace(0, COLUMNS - 1, 30).astype(int):
        first, last = edges[column], edges[column + 1]
        every = track_values(track, plan, np.arange(first, last + 1))
        shown = points.values[(points.steps >= first) & (points.steps <= last)]
        assert shown.max() >= every.max() - allowed * every.max()
        assert shown.min() <= every.min() + allowed * every.max()


@settings(max_examples=60, deadline=None)
@given(schedules())
def test_the_number_of_points_does_not_grow_with_the_run(schedule: Any) -> None:
    for epochs in (10, 100_000):
        assert len(drawn(schedule, Plan(100_000, epochs)).steps) <= 10 * COLUMNS


def test_the_plot_of_ten_million_steps_has_few_points_and_every_corner() -> None:
    plan = Plan(100_000, 100)
    warm = Segment(Linear(), steps(777))
    track = Track(1.0, Sequence((warm, Segment(MultiStep(), percent(60)), Segment(StepDecay(), REST))))
    points = drawn(track.schedule, plan).steps
    corners = breakpoints(track, plan)
    assert len(points) < 2_300
    assert {777, 777 + 5_000_000, 777 + 6_000_000} <= set(corners.tolist())
    assert set(corners.tolist()) | set((corners - 1).tolist()) <= set(points.tolist())


def test_a_freeze_shows_both_its_edges() -> None:
    plan = Plan(100_000, 100)
    points = plot_points(Lane(Track(), ((1_234_567, 2_345_678),)), plan, 0, plan.total_steps)
    shown = dict(zip(points.steps.tolist(), points.values.tolist(), strict=True))
    assert [shown[step] > 0 for step in (1_234_566, 1_234_567, 2_345_677, 2_345_678)] == [True, False, False, True]


def test_huge_lengths_can_be_drawn() -> None:
    huge = Length(1e300, "epochs")
    shapes = (Cosine(length=huge), CosineWaves(length=huge), Cyclic(up=huge, down=huge), CosineRestarts(huge))
    parts: tuple[Any, ...] = (MultiStep((huge,)), StepDecay(huge), *shapes)
    for schedule in (*parts, *(Repeat(part, cycle=huge) for part in parts)):
        assert np.isfinite(drawn(Sequence((Segment(schedule, huge),)), Plan(100_000, 10)).values).all()

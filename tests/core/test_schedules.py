"""Schedules: pure functions of the step, exact at every boundary, and the same in Python as in arrays."""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import FORMULAS, designs, lengths, plans, schedules, shapes

from lrdesigner.curves import breakpoints, lane_factors, track_values
from lrdesigner.document import Plan, Track
from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.export.factor_functions import factor_functions
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Absolute,
    AssumedTrace,
    Constant,
    Cosine,
    CosineRestarts,
    Expression,
    Length,
    Linear,
    MultiStep,
    RecordedTrace,
    Repeat,
    Segment,
    Sequence,
    Span,
    StepDecay,
    default_node,
    factors,
    fields_of,
    in_unit,
    parse_length,
    resolve,
    segment_starts,
)
from lrdesigner.schedules.code_writer import PART, TABLE, CodeWriter
from lrdesigner.schedules.registry import COVERS, NOT_REGISTERED
from lrdesigner.schedules.segments import as_segments, from_segments
from lrdesigner.schedules.shape import Node
from lrdesigner.tracks import lane_of

SPAN = Span(100, 100, 10)


def steps(count: float) -> Length:
    return Length(float(count), "steps")


def written(schedule: Any, span: Span) -> Callable[[int], float]:
    """The function that the export writes for a schedule, with its helpers."""
    writer = CodeWriter(span.run_steps)
    lines = writer.lines(schedule, span)
    tables = "".join(f"{table.name} = {' '.join(table.lines)}\n" for table in writer.tables)
    functions = [(helper.name, helper.lines) for helper in writer.helpers] + [("factor", lines)]
    source = "\n".join(f"def {name}(step):\n" + "".join(f"    {line}\n" for line in body) for name, body in functions)
    scope: dict[str, Any] = {"math": math, "bisect": bisect, "itertools": itertools, "operator": operator}
    exec((tables + source).replace(PART, "part").replace(TABLE, "TABLE"), scope)
    factor: Callable[[int], float] = scope["factor"]
    return factor


def row(*segments: tuple[Any, Length]) -> Sequence:
    return Sequence(segments=tuple(Segment(schedule, length) for schedule, length in segments))


def wide(digits: int) -> st.SearchStrategy[int]:
    return st.integers(1, 10**digits)


BASES = st.sampled_from([1.0, 0.1, 3e-4])


@settings(max_examples=150, deadline=None)
@given(schedules(), plans(), BASES, st.lists(st.integers(1, 50), max_size=6))
def test_a_curve_is_the_same_in_chunks_as_at_once(schedule: Any, plan: Plan, base: float, sizes: list[int]) -> None:
    every, span = np.arange(plan.total_steps + 20), plan.span_for(base)
    chunks = np.split(every, np.cumsum(sizes)[np.cumsum(sizes) < len(every)])
    at_once = factors(schedule, every, span)
    assert at_once.dtype == np.float64
    assert np.concatenate([factors(schedule, chunk, span) for chunk in chunks]).tobytes() == at_once.tobytes()


@settings(max_examples=100, deadline=None)
@given(schedules(), plans(), st.randoms(use_true_random=False))
@example(MultiStep((REST, REST), 0.05), Plan(epoch=1, epochs=1), Random(0))
def test_steps_in_any_order_and_of_any_shape_give_the_same_factors(schedule: Any, plan: Plan, random: Any) -> None:
    every = list(range(plan.total_steps + 1))
    shuffled = random.sample(every, len(every))
    sorted_factors = factors(schedule, every, plan.span)
    table = factors(schedule, [shuffled, every], plan.span)
    assert table.tobytes() == np.stack([sorted_factors[shuffled], sorted_factors]).tobytes()
    assert factors(schedule, shuffled[0], plan.span) == sorted_factors[shuffled[0]]


@settings(max_examples=250, deadline=None)
@given(schedules(), plans(), BASES)
def test_a_valid_schedule_has_neither_gaps_nor_negative_factors(schedule: Any, plan: Plan, base: float) -> None:
    found = factors(schedule, np.arange(plan.total_steps + 1), plan.span_for(base))
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@settings(max_examples=250, deadline=None)
@given(schedules(), plans(), BASES)
def test_the_written_python_equals_the_curve_at_every_step(schedule: Any, plan: Plan, base: float) -> None:
    span, every = plan.span_for(base), np.arange(plan.total_steps + 1)
    function = written(schedule, span)
    code = [float(function(step)) for step in every.tolist()]
    assert code == pytest.approx(factors(schedule, every, span).tolist(), rel=1e-12, abs=1e-12)


def test_a_repeat_of_a_part_above_1_with_a_high_floor_stops_at_0() -> None:
    schedule = Repeat(Constant(2.0), cycle=steps(10), decay=0.1, floor=0.5)
    assert factors(schedule, [0, 10, 20], SPAN).tolist() == pytest.approx([1.5, 0.0, 0.0])
    assert [written(schedule, SPAN)(step) for step in (0, 10, 20)] == pytest.approx([1.5, 0.0, 0.0])


def test_cycles_that_grow_slowly_fill_the_longest_run() -> None:
    span = Plan(10_000_000, 1_000_000).span
    schedule = Repeat(Linear(1.0, 0.5), cycle=steps(1), growth=1.05)
    assert len(segment_starts(Sequence((Segment(schedule),)), span)) == 2
    last = factors(schedule, np.linspace(span.run_steps * 0.9, span.run_steps, 1000).astype(np.int64), span)
    assert last.max() > 0.55  # a cycle that went on would stay at its end


@pytest.mark.parametrize("shape", [CosineRestarts, Repeat])
def test_growth_is_1_or_enough_to_be_written_down(shape: Any) -> None:
    given_schedule = {"schedule": Cosine()} if shape is Repeat else {}
    with pytest.raises(InvalidValueError, match=r"Growth must be 1 or at least 1.05, not 1.01\."):
        shape(growth=1.01, **given_schedule)


@settings(max_examples=100, deadline=None)
@given(shapes(), st.integers(0, 400), st.integers(1, 100), plans())
def test_a_segment_that_starts_late_is_the_shape_from_there_on(shape: Any, skip: int, length: int, plan: Plan) -> None:
    schedule = Sequence((Segment(Constant(), steps(5)), Segment(shape, steps(length), steps(skip))))
    alone = factors(shape, np.arange(skip, skip + length), plan.span.part(length + skip, ahead=skip))
    assert factors(schedule, np.arange(5, 5 + length), plan.span).tobytes() == alone.tobytes()


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 10**9), st.sampled_from(["steps", "epochs", "percent"]), st.integers(1, 10**7), st.integers(1, 10**6)
)
def test_a_number_of_steps_in_any_unit_is_the_same_number(count: int, unit: Any, epoch: int, epochs: int) -> None:
    span = Plan(epoch, epochs).span
    assert resolve(in_unit(count, unit, span), span) == count


@settings(max_examples=60, deadline=None)
@given(designs())
def test_the_exported_functions_equal_the_tracks_before_within_and_past_the_run(design: Any) -> None:
    groups = [group for found in param_groups(design) for group in found]
    functions, named = factor_functions(groups, design.plan)
    scope: dict[str, Any] = {"math": math, "bisect": bisect, "itertools": itertools, "operator": operator}
    scope["TOTAL_STEPS"] = design.plan.total_steps
    exec("\n\n".join(function.source for function in functions), scope)
    every = np.arange(-3, design.plan.total_steps + 4)
    for group in groups:
        lane = lane_of(group.group, "lr", design.plan)
        real = [float(scope[named[group.name, "lr"]](step)) for step in every.tolist()]
        assert real == pytest.approx(lane_factors(lane, design.plan, every).tolist(), rel=1e-12, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(shapes(), lengths()), min_size=1, max_size=5), plans())
def test_each_segment_starts_again_at_its_own_step_0_and_ends_to_the_step(parts: list[Any], plan: Plan) -> None:
    sequence = row(*parts)
    starts = segment_starts(sequence, plan.span)
    curve = factors(sequence, np.arange(starts[-1] + 5), plan.span)
    for (schedule, _), (start, end) in zip(parts, pairwise(starts), strict=True):
        alone = factors(schedule, np.arange(end - start), plan.span.part(end - start))
        assert curve[start:end].tobytes() == alone.tobytes()
    (last, _), start, end = parts[-1], starts[-2], starts[-1]
    goes_on = factors(last, np.arange(end - start, end - start + 5), plan.span.part(end - start))
    assert curve[end:].tobytes() == goes_on.tobytes()


@settings(max_examples=150, deadline=None)
@given(st.lists(lengths(), min_size=1, max_size=6), plans())
def test_rests_share_equally_what_the_others_leave(given_lengths: list[Length], plan: Plan) -> None:
    starts = segment_starts(row(*((Constant(), length) for length in given_lengths)), plan.span)
    lasts = [end - start for start, end in pairwise(starts)]
    rests = [last for last, length in zip(lasts, given_lengths, strict=True) if length == REST]
    fixed = sum(resolve(length, plan.span) for length in given_lengths if length != REST)
    assert min(lasts) >= 0
    if rests:
        assert max(rests) - min(rests) <= 1
        assert sum(lasts) == max(plan.total_steps, fixed)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (Length(0.5, "steps"), 1),
        (Length(0.49, "steps"), 0),
        (Length(2.5, "steps"), 3),
        (Length(1.25, "epochs"), 13),
        (Length(0.5, "percent"), 2),
        (Length(100, "percent"), 300),
        (REST, 100),
        (Length(1e300, "steps"), 10**15),
        (Length(1e308, "epochs"), 10**15),
    ],
)
def test_lengths_are_whole_steps_with_halves_rounded_up(length: Length, expected: int) -> None:
    assert resolve(length, Span(100, 300, 10)) == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
def test_a_length_is_a_finite_amount(value: float) -> None:
    with pytest.raises(InvalidValueError, match="finite number of at least 0"):
        Length(value, "steps")


@given(lengths())
@settings(max_examples=100, deadline=None)
def test_what_a_length_says_reads_back_as_the_same(length: Length) -> None:
    if length.unit == "percent":
        assert parse_length(str(length)).value == pytest.approx(length.value, rel=1e-5)
    else:
        assert parse_length(str(length)) == length


@pytest.mark.parametrize("text", ["", "five", "-3 steps", "3 parsecs", "1e999 steps", "nan", "5 % %"])
def test_what_is_no_length_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match="length"):
        parse_length(text)


def test_huge_lengths_have_factors() -> None:
    huge = Length(1e300, "epochs")
    track = Track(1.0, row((MultiStep((huge,)), huge), (StepDecay(huge), huge), (row((Cosine(), huge)), huge)))
    plan = Plan(100, 10)
    assert np.isfinite(track_values(track, plan, np.arange(1001))).all()


OF_KIND: dict[str, Any] = {
    "number": float, "integer": int, "switch": bool, "choice": str, "length": Length, "lengths": tuple,
    "level": (int, float, Absolute), "formula": str, "keys": tuple, "trace": (AssumedTrace, RecordedTrace),
    "schedule": Node, "schedules": tuple, "segments": tuple,
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_every_shape_says_its_fields_with_defaults_and_bounds(shape: Any) -> None:
    node, found = default_node(shape), {field.name: field for field in fields_of(shape.node)}
    assert tuple(found) == node.__struct_fields__
    for name, field in found.items():
        value = getattr(node, name)
        assert field.title
        assert field.help
        assert isinstance(value, OF_KIND[field.kind])
        assert field.default == value or field.kind in ("segments", "schedule", "schedules", "level")
        if field.kind in ("number", "integer", "level"):
            assert field.maximum is not None or field.below is not None
            assert field.minimum is not None or field.above is not None
        assert (value in field.choices) == (field.kind == "choice")
    assert shape.doc
    assert shape.describe(node, SPAN)


@pytest.mark.torch
def test_every_scheduler_of_torch_is_registered_or_excluded_with_a_reason() -> None:
    import torch.optim.lr_scheduler

    offered = {*torch.optim.lr_scheduler.__all__, "SWALR"}
    assert hasattr(torch.optim.swa_utils, "SWALR")
    assert offered == set(COVERS) | set(NOT_REGISTERED)
    assert not set(COVERS) & set(NOT_REGISTERED)
    assert set(COVERS.values()) <= {shape.tag for shape in SHAPES}
    assert all(NOT_REGISTERED.values())


@settings(max_examples=100, deadline=None)
@given(schedules(), plans(), st.integers(1, 10**12))
def test_before_the_start_and_past_the_end_the_nearest_value_is_held(schedule: Any, plan: Plan, far: int) -> None:
    track = Track(0.5, schedule)
    inside = track_values(track, plan, [0, plan.total_steps])
    assert track_values(track, plan, [-far, plan.total_steps + far]).tolist() == inside.tolist()


def test_jumps_of_a_last_segment_that_is_shorter_than_the_run_are_breakpoints() -> None:
    track = Track(1.0, row((Constant(), steps(10)), (StepDecay(every=steps(30)), steps(50))))
    assert breakpoints(track, Plan(50, 4)).tolist() == [10, 40, 70, 100, 130, 160, 190]


@pytest.mark.parametrize("formula", FORMULAS)
def test_an_expression_counts_epochs_and_progress_within_its_segment(formula: str) -> None:
    schedule = row((Constant(), steps(33)), (Expression(formula), REST))
    local = factors(Expression(formula), np.arange(67), SPAN.part(67))
    assert factors(schedule, np.arange(33, 100), SPAN).tobytes() == local.tobytes()


@settings(max_examples=60, deadline=None)
@given(schedules())
def test_a_schedule_seen_as_segments_is_the_same_curve(schedule: Any) -> None:
    again = from_segments(as_segments(schedule))
    at = np.arange(130)
    assert factors(again, at, SPAN).tobytes() == factors(schedule, at, SPAN).tobytes()


def test_sequences_nest_up_to_a_depth_that_python_can_write() -> None:
    nested: Any = Constant()
    for _ in range(20):
        nested = row((nested, steps(5)), (Constant(0.5), REST))
    assert written(nested, SPAN)(99) == 0.5
    with pytest.raises(InvalidValueError, match="20 levels"):
        row((nested, REST))

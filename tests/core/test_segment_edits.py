"""Boundaries, splits, copies of segments, and frozen stretches, by step of the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from schedule_strategies import schedules

from lrdesigner import edits, freeze_edits, segment_edits
from lrdesigner.curves import track_factors
from lrdesigner.document import Design, Freeze, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    REST,
    Clamp,
    Constant,
    Cosine,
    Length,
    Linear,
    Plateau,
    Product,
    Repeat,
    Segment,
    Sequence,
    resolve,
)
from lrdesigner.segment_rows import row_around, rows_along
from lrdesigner.segment_text import segment_from, segment_text
from lrdesigner.tracks import frozen_stretches

PLAN = Plan(45, 10)
FIXED = Sequence(
    (
        Segment(Linear(), Length(1, "epochs")),
        Segment(Constant(), Length(90, "steps")),
        Segment(Cosine(), Length(20, "percent")),
        Segment(Constant(0.1)),
    )
)


def with_schedule(schedule: Any) -> Design:
    return edits.set_schedule(new_design(Model(), PLAN), 1, schedule)


def row(design: Design, path: tuple[int, ...] = ()) -> Any:
    return rows_along(design.group(1), "lr", path, design.plan)[-1]


def starts(design: Design, path: tuple[int, ...] = ()) -> list[int]:
    return list(row(design, path).starts)


def drawn(design: Design) -> Any:
    return track_factors(design.group(1).lr, design.plan, np.arange(design.plan.total_steps + 1))


def test_a_boundary_pushes_what_follows_on_and_the_rest_makes_up_for_it() -> None:
    after = segment_edits.move_boundary(with_schedule(FIXED), 1, "lr", (), 0, 90)
    assert starts(after) == [0, 90, 180, 270, 450]
    assert row(after).segments[0].length == Length(2, "epochs")


def test_a_rolled_boundary_leaves_the_end_of_the_next_segment_where_it_is() -> None:
    after = segment_edits.move_boundary(with_schedule(FIXED), 1, "lr", (), 0, 60, True)
    assert starts(after) == [0, 60, 135, 225, 450]
    assert [segment.length.unit for segment in row(after).segments] == ["epochs", "steps", "percent", "rest"]
    again = segment_edits.move_boundary(after, 1, "lr", (), 0, 1000, True)
    assert starts(again)[1:3] == [134, 135], "one step of the next one is left"


def test_behind_a_segment_that_takes_the_rest_a_boundary_is_counted_from_the_end() -> None:
    design = with_schedule(Sequence((Segment(Constant()), Segment(Cosine(), Length(100, "steps")))))
    after = segment_edits.move_boundary(design, 1, "lr", (), 0, 300)
    assert starts(after) == [0, 300, 450]
    assert [str(segment.length) for segment in row(after).segments] == ["rest", "150 steps"]


def test_a_boundary_inside_of_a_nested_row_is_moved_in_steps_of_the_run() -> None:
    inner = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    design = with_schedule(Sequence((Segment(Constant(), Length(2, "epochs")), Segment(inner))))
    assert starts(design, (1,)) == [90, 140, 450]
    after = segment_edits.move_boundary(design, 1, "lr", (1,), 0, 200)
    assert starts(after, (1,)) == [90, 200, 450]
    assert starts(after) == starts(design)


def test_a_boundary_that_is_there_already_changes_nothing() -> None:
    design = with_schedule(FIXED)
    for roll in (False, True):
        assert segment_edits.move_boundary(design, 1, "lr", (), 1, 135, roll) is design


@given(index=st.integers(0, 2), step=st.integers(-100, 700), roll=st.booleans())
def test_a_moved_boundary_lands_at_the_step_or_keeps_every_segment_alive(index: int, step: int, roll: bool) -> None:
    after = segment_edits.move_boundary(with_schedule(FIXED), 1, "lr", (), index, step, roll)
    found = starts(after)
    assert found == sorted(set(found))
    lowest = starts(with_schedule(FIXED))[index] + 1
    if not roll and lowest <= step <= 300:
        assert found[index + 1] == step or index < 2


def test_a_row_of_one_has_no_boundaries_and_nested_rows_are_found_outermost_first() -> None:
    assert row(with_schedule(Cosine())).boundaries() == []
    inner = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    design = with_schedule(Sequence((Segment(Constant(), Length(2, "epochs")), Segment(Product((inner, Cosine()))))))
    found = rows_along(design.group(1), "lr", (1, 0, 1), design.plan)
    assert [r.path for r in found] == [(), (1, 0)]
    assert [step for r in found for _, step in r.boundaries()] == [90, 140]
    assert row_around(design.group(1), "lr", (1, 0), design.plan).path == ()


def test_what_is_repeated_has_boundaries_in_its_first_cycle_only() -> None:
    inner = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    design = with_schedule(Repeat(inner, cycle=Length(100, "steps")))
    found = rows_along(design.group(1), "lr", (0, 1), design.plan)[-1]
    assert (found.first, found.end) == (0, 100)
    assert [step for _, step in found.boundaries()] == [50]


@settings(max_examples=150)
@given(schedule=schedules(), cut=st.integers(1, 449))
def test_a_split_draws_the_same_curve_whatever_the_shape(schedule: Any, cut: int) -> None:
    design = with_schedule(schedule)
    found = row(design)
    index = found.at(cut)
    assume(found.starts[index] < cut < found.starts[index + 1])
    after = segment_edits.split_segment(design, 1, "lr", (), index, cut)
    assert starts(after) == sorted([*found.starts, cut])
    np.testing.assert_allclose(drawn(after), drawn(design), rtol=1e-12, atol=1e-12)


@given(
    cut=st.integers(1, 449), base=st.sampled_from([Cosine(), Linear(), Product((Cosine(), Linear())), Clamp(Cosine())])
)
def test_a_split_shape_keeps_its_name_where_its_length_can_be_written_down(cut: int, base: Any) -> None:
    after = segment_edits.split_segment(with_schedule(base), 1, "lr", (), 0, cut)
    earlier, later = row(after).segments
    assert type(earlier.schedule) is type(base)
    assert (later.schedule, later.skip, later.length) == (base, Length(float(cut), "steps"), REST)
    assert resolve(earlier.length, PLAN.span) == cut


def test_a_split_among_several_rests_moves_none_of_them() -> None:
    rests = Sequence(tuple(Segment(Cosine(0.1 * index)) for index in range(4)))
    design = with_schedule(Sequence((Segment(Constant(), Length(444, "steps")), *rests.segments)))
    found = starts(design)
    index = next(i for i in range(1, 5) if found[i + 1] - found[i] > 1)
    after = segment_edits.split_segment(design, 1, "lr", (), index, found[index] + 1)
    assert starts(after) == sorted([*found, found[index] + 1])
    np.testing.assert_array_equal(drawn(after), drawn(design))


def test_a_segment_of_a_nested_row_is_split_too() -> None:
    inner = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    design = with_schedule(Sequence((Segment(Constant(), Length(2, "epochs")), Segment(inner))))
    after = segment_edits.split_segment(design, 1, "lr", (1,), 1, 300)
    assert starts(after, (1,)) == [90, 140, 300, 450]
    np.testing.assert_array_equal(drawn(after), drawn(design))


@pytest.mark.parametrize("step", [0, 45, 450, 9999])
def test_a_split_outside_of_the_segment_is_refused(step: int) -> None:
    design = with_schedule(Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine()))))
    with pytest.raises(UserError, match="playhead"):
        segment_edits.split_segment(design, 1, "lr", (), 1, step)


def test_what_is_steered_by_a_metric_is_neither_split_nor_copied() -> None:
    design = with_schedule(Plateau())
    with pytest.raises(UserError, match="metric"):
        segment_edits.split_segment(design, 1, "lr", (), 0, 100)
    with pytest.raises(UserError, match="metric"):
        segment_edits.segment_at(design, 1, "lr", (), 0)
    with pytest.raises(UserError, match="metric"):
        segment_edits.paste_segment(design, 1, "lr", (), 0, Segment(Cosine()))


def test_a_duplicate_stands_after_its_original() -> None:
    after = segment_edits.duplicate_segment(with_schedule(FIXED), 1, "lr", (), 0)
    assert starts(after)[:4] == [0, 45, 90, 180]
    whole = segment_edits.duplicate_segment(with_schedule(Cosine()), 1, "lr", (), 0)
    assert starts(whole) == [0, 225, 450], "what takes the rest shares it with its copy"


@given(schedule=schedules(calm=True))
@settings(max_examples=60)
def test_a_copied_segment_comes_back_as_it_was(schedule: Any) -> None:
    segment = Segment(schedule, Length(2, "epochs"), Length(3.0, "steps"))
    assert segment_from(segment_text(segment), PLAN.span) == segment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no segment on the clipboard"),
        ("hello", "no segment on the clipboard"),
        ('{"format": "lrdesigner segment"}', "has a fault"),
        ('{"format": "lrdesigner segment", "version": 2, "segment": {"schedule": {"shape": "cosine"}}}', "has a fault"),
        (
            '{"format": "lrdesigner segment", "version": 1, "segment": {"schedule": {"shape": "plateau"}}}',
            "has a fault",
        ),
        (
            '{"format": "lrdesigner segment", "version": 1, '
            '"segment": {"schedule": {"shape": "constant", "factor": -3}}}',
            "has a fault",
        ),
        (
            '{"format": "lrdesigner segment", "version": 1, "segment": {"schedule": {"shape": "cosine"}, '
            '"length": {"value": 0, "unit": "steps"}}}',
            "no step",
        ),
        ("[" * 5000, "no segment on the clipboard"),
        ("x" * 2_000_000, "too long"),
    ],
)
def test_what_is_no_segment_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        segment_from(text, PLAN.span)


def frozen(design: Design) -> list[str]:
    return [f"{part.start} for {part.length}" for part in design.group(1).freeze]


def test_a_drawn_stretch_is_in_epochs_where_it_is_whole_ones_and_lasts_the_rest_up_to_the_end() -> None:
    design = with_schedule(Cosine())
    assert frozen(freeze_edits.add_stretch(design, 1, 90, 45)) == ["1 epoch for 1 epoch"]
    assert frozen(freeze_edits.add_stretch(design, 1, 10, 30)) == ["10 steps for 20 steps"]
    assert frozen(freeze_edits.add_stretch(design, 1, 90, 999)) == ["2 epochs for rest"]
    with pytest.raises(UserError, match="at least one step"):
        freeze_edits.add_stretch(design, 1, 500, 999)


@given(
    start=st.integers(0, 449),
    steps=st.integers(1, 450),
    unit=st.sampled_from(["steps", "epochs", "percent"]),
    to=st.integers(-50, 600),
)
def test_a_moved_stretch_keeps_its_length_inside_of_the_run_and_its_units(
    start: int, steps: int, unit: Any, to: int
) -> None:
    from lrdesigner.schedules import in_unit

    span = PLAN.span
    design = edits.set_freeze(
        with_schedule(Cosine()), 1, (Freeze(in_unit(start, unit, span), in_unit(steps, unit, span)),)
    )
    first, end = freeze_edits.stretch_of(design.group(1).freeze[0], PLAN)
    after = freeze_edits.move_stretch(design, 1, 0, to)
    moved_first, moved_end = freeze_edits.stretch_of(after.group(1).freeze[0], PLAN)
    assert moved_first == min(max(to, 0), 450 - (end - first))
    assert moved_end - moved_first >= end - first
    assert after.group(1).freeze[0].length.unit == unit


@given(to=st.integers(-50, 600), edge=st.sampled_from(["start", "end"]))
def test_a_resized_stretch_keeps_its_other_edge_and_at_least_a_step(to: int, edge: Any) -> None:
    design = freeze_edits.add_stretch(with_schedule(Cosine()), 1, 90, 180)
    after = freeze_edits.resize_stretch(design, 1, 0, edge, to)
    start, end = freeze_edits.stretch_of(after.group(1).freeze[0], PLAN)
    assert (end if edge == "start" else start) == (180 if edge == "start" else 90)
    assert (start if edge == "start" else end) == (min(max(to, 0), 179) if edge == "start" else min(max(to, 91), 450))


def test_a_removed_stretch_is_trained_in_again() -> None:
    design = freeze_edits.add_stretch(with_schedule(Cosine()), 1, 90, 180)
    after = freeze_edits.remove_stretch(design, 1, 0)
    assert frozen_stretches(after.group(1).freeze, PLAN) == ()

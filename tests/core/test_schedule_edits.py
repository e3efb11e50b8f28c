"""Edits of a schedule as a row of segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import lengths, schedules

from lrdesigner import edits, schedule_edits, tree_edits
from lrdesigner.curves import track_factors
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Constant,
    Cosine,
    Length,
    Linear,
    Product,
    Segment,
    Sequence,
    StepDecay,
    children_of,
    resolve,
)
from lrdesigner.schedules.segments import as_segments

ROW = (
    Segment(Linear(), Length(45.0, "steps")),
    Segment(Constant(), Length(50.0, "percent")),
    Segment(Cosine(), REST),
)
EDITS = ("shape", "field", "length", "insert", "remove", "move")


def with_schedule(schedule: Any) -> Design:
    return edits.set_schedule(new_design(Model(), Plan(45, 10)), 1, schedule)


def at(design: Design, index: int) -> tuple[int, ...]:
    """The path to the schedule of a segment."""
    return (index,) if isinstance(design.group(1).lr.schedule, Sequence) else ()


def row(design: Design) -> tuple[Segment, ...]:
    return as_segments(design.group(1).lr.schedule)


@pytest.fixture
def three() -> Design:
    return with_schedule(Sequence(ROW))


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: tree_edits.set_shape(d, 1, "lr", at(d, 2), "cosine"),
        lambda d: schedule_edits.set_node_field(d, 1, "lr", at(d, 0), "start", 0.1),
        lambda d: tree_edits.set_segment(d, 1, "lr", (0,), length=Length(45.0, "steps")),
        lambda d: tree_edits.move_part(d, 1, "lr", (0,), -1),
        lambda d: tree_edits.move_part(d, 1, "lr", (2,), +1),
    ],
)
def test_an_edit_that_changes_nothing_returns_the_same_object(three: Design, edit: Callable[[Design], Design]) -> None:
    assert edit(three) is three


@settings(max_examples=150, deadline=None)
@given(schedules(), st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 9), lengths()), max_size=8))
def test_after_any_edits_the_run_is_covered_and_the_file_holds_it(schedule: Any, changes: list[Any]) -> None:
    design = with_schedule(schedule)
    for kind, number, length in changes:
        before, index = design, number % len(row(design))
        try:
            design = _edited(design, kind, index, number, length)
        except UserError:
            continue
        assert before.groups[1:] == design.groups[1:]
        assert np.isfinite(track_factors(design.group(1).lr, design.plan, np.arange(451))).all()
    assert decode(encode(design), "file") == design


def _edited(design: Design, kind: str, index: int, number: int, length: Length) -> Design:
    match kind:
        case "shape":
            return tree_edits.set_shape(design, 1, "lr", at(design, index), SHAPES[number % len(SHAPES)].tag)
        case "field":
            if not isinstance(row(design)[index].schedule, Cosine):
                return design
            return schedule_edits.set_node_field(design, 1, "lr", at(design, index), "floor", number / 10)
        case "length" if at(design, index):
            return tree_edits.set_segment(design, 1, "lr", (index,), length=length)
        case "insert":
            return schedule_edits.insert_segment(design, 1, "lr", index)
        case "remove":
            return schedule_edits.remove_segment(design, 1, "lr", index)
    return tree_edits.move_part(design, 1, "lr", (index,), number % 3 - 1) if at(design, index) else design


def test_only_the_named_segment_changes(three: Design) -> None:
    after = row(schedule_edits.set_node_field(three, 1, "lr", at(three, 0), "start", 0.5))
    assert after[0].schedule == Linear(start=0.5)
    assert (after[0].length, after[1:]) == (ROW[0].length, ROW[1:])
    shaped = row(tree_edits.set_shape(three, 1, "lr", at(three, 1), "step"))
    assert shaped == (ROW[0], Segment(StepDecay(), ROW[1].length), ROW[2])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("start", -0.5, ("Starts at", "at least 0", "-0.5")), ("end", 1e7, ("Ends at", "at most 1e6", "1e7"))],
)
def test_a_field_out_of_bounds_is_refused_with_field_bound_and_value(
    three: Design, field: str, value: float, words: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as caught:
        schedule_edits.set_node_field(three, 1, "lr", at(three, 0), field, value)
    assert all(word in str(caught.value) for word in words)


def test_a_formula_that_cannot_be_drawn_is_refused_where_it_is_wrong(three: Design) -> None:
    design = tree_edits.set_shape(three, 1, "lr", at(three, 1), "expression")
    with pytest.raises(UserError, match="character 5"):
        schedule_edits.set_node_field(design, 1, "lr", at(design, 1), "formula", "1 + stp")


@pytest.mark.parametrize("length", [Length(0.0, "steps"), Length(0.4, "steps"), Length(0.01, "percent")], ids=str)
def test_a_segment_without_a_step_is_refused(three: Design, length: Length) -> None:
    with pytest.raises(UserError, match="at least 1 step"):
        tree_edits.set_segment(three, 1, "lr", (0,), length=length)


def test_an_only_segment_that_gets_the_rest_becomes_its_plain_shape() -> None:
    limited = with_schedule(Sequence((Segment(Cosine(), Length(2.0, "epochs")),)))
    assert tree_edits.set_segment(limited, 1, "lr", (0,), length=REST) == with_schedule(Cosine())


def test_an_inserted_segment_gets_time(three: Design) -> None:
    for design in (three, with_schedule(Cosine())):
        for index in range(len(row(design))):
            after = schedule_edits.insert_segment(design, 1, "lr", index)
            new = row(after)[index + 1]
            assert (new.schedule, new.length) == (Constant(), REST)
            assert len(row(after)) == len(row(design)) + 1
            assert all(resolve(s.length, after.plan.span) > 0 for s in row(after) if s.length != REST)


def test_a_row_grows_as_long_as_a_file_may_hold_it() -> None:
    design = with_schedule(Sequence(tuple(Segment(Constant(), Length(1.0, "steps")) for _ in range(199))))
    design = schedule_edits.insert_segment(design, 1, "lr", 7)
    assert decode(encode(design), "file") == design
    with pytest.raises(UserError, match="at most 200"):
        schedule_edits.insert_segment(design, 1, "lr", 7)


def test_when_no_segment_has_the_rest_any_more_the_last_one_takes_it(three: Design) -> None:
    assert row(schedule_edits.remove_segment(three, 1, "lr", 2)) == (ROW[0], Segment(Constant(), REST))
    assert row(schedule_edits.remove_segment(three, 1, "lr", 0)) == ROW[1:]
    with pytest.raises(UserError, match="only segment"):
        schedule_edits.remove_segment(with_schedule(Cosine()), 1, "lr", 0)


def test_moving_there_and_back_is_where_it_was(three: Design) -> None:
    there = tree_edits.move_part(three, 1, "lr", (0,), +1)
    assert row(there) == (ROW[1], ROW[0], ROW[2])
    assert tree_edits.move_part(there, 1, "lr", (1,), -1) == three


@settings(max_examples=60, deadline=None)
@given(schedules(), st.data())
def test_a_node_anywhere_in_a_tree_is_found_and_exchanged_without_touching_the_others(
    schedule: Any, data: st.DataObject
) -> None:
    path: tuple[int, ...] = ()
    while children := children_of(schedule_edits.node_at(schedule, path)):
        if data.draw(st.booleans()):
            break
        path = (*path, data.draw(st.integers(0, len(children) - 1)))
    node = schedule_edits.node_at(schedule, path)
    assert schedule_edits.replace_node(schedule, path, node) is schedule
    other = schedule_edits.replace_node(schedule, path, Constant(0.125))
    assert schedule_edits.node_at(other, path) == Constant(0.125)
    assert schedule_edits.replace_node(other, path, node) == schedule


def test_a_field_of_a_nested_node_is_set_and_checked(three: Design) -> None:
    nested = edits.set_schedule(three, 1, Product((Sequence(ROW), Cosine())))
    after = schedule_edits.set_node_field(nested, 1, "lr", (0, 2), "floor", 0.25)
    assert after.group(1).lr.schedule == Product((Sequence((*ROW[:2], Segment(Cosine(0.25), REST))), Cosine()))
    assert schedule_edits.set_node_field(after, 1, "lr", (0, 2), "floor", 0.25) is after
    with pytest.raises(UserError, match="Floor"):
        schedule_edits.set_node_field(nested, 1, "lr", (0, 2), "floor", -1.0)

"""Edits of a schedule's tree at any depth: wrap, unwrap, parts, segments, and shapes that keep what both know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdesigner import edits, tree_edits
from lrdesigner.curves import track_factors
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.reshaping import reshaped
from lrdesigner.schedule_edits import node_at
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Absolute,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    HardRestarts,
    Length,
    Linear,
    OneCycle,
    OneCycleMomentum,
    Plateau,
    Polynomial,
    Product,
    Repeat,
    Rex,
    Segment,
    Sequence,
    Span,
    WarmupStableDecay,
    default_node,
    factors,
    shape_of,
)

DEEP = Sequence(
    (
        Segment(Linear(), Length(45, "steps")),
        Segment(Repeat(Product((Cosine(), Exponential())), cycle=Length(90, "steps"))),
    )
)
RUN = Span(450, 450, 45)


def design_of(schedule: Any) -> Design:
    return edits.set_schedule(new_design(Model(), Plan(45, 10)), 1, schedule)


def schedule_of(design: Design) -> Any:
    return design.group(1).lr.schedule


@pytest.mark.parametrize("tag", ["product", "clamp", "sequence"])
@pytest.mark.parametrize("path", [(0,), (1,), (1, 0), (1, 0, 1)])
def test_a_new_composite_around_a_node_changes_no_value_and_unwrapping_brings_it_back(
    tag: str, path: tuple[int, ...]
) -> None:
    design = design_of(DEEP)
    wrapped = tree_edits.wrap(design, 1, "lr", path, tag)
    assert shape_of(node_at(schedule_of(wrapped), path)).tag == tag
    steps = np.arange(450)
    np.testing.assert_array_equal(factors(schedule_of(wrapped), steps, RUN), factors(DEEP, steps, RUN))
    assert tree_edits.unwrap(wrapped, 1, "lr", path) == design


def test_a_node_is_repeated_by_wrapping() -> None:
    design = tree_edits.wrap(design_of(Cosine()), 1, "lr", (), "repeat")
    assert schedule_of(design) == Repeat(Cosine())


def test_unwrapping_keeps_the_part_that_is_named() -> None:
    design = tree_edits.unwrap(design_of(DEEP), 1, "lr", (1, 0), 1)
    assert node_at(schedule_of(design), (1, 0)) == Exponential()
    assert tree_edits.unwrap(design, 1, "lr", (0,)) is design


def test_parts_of_a_product_are_added_moved_and_removed() -> None:
    design = tree_edits.insert_part(design_of(DEEP), 1, "lr", (1, 0, 0))
    assert node_at(schedule_of(design), (1, 0)) == Product((Cosine(), Constant(), Exponential()))
    design = tree_edits.move_part(design, 1, "lr", (1, 0, 2), -1)
    assert node_at(schedule_of(design), (1, 0)) == Product((Cosine(), Exponential(), Constant()))
    assert tree_edits.move_part(design, 1, "lr", (1, 0, 2), +1) is design
    for _ in range(2):
        design = tree_edits.remove_part(design, 1, "lr", (1, 0, 0))
    assert node_at(schedule_of(design), (1, 0)) == Product((Constant(),))
    with pytest.raises(UserError, match="unwrap"):
        tree_edits.remove_part(design, 1, "lr", (1, 0, 0))


def test_segments_of_a_nested_sequence_are_added_moved_resized_and_removed() -> None:
    design = design_of(Clamp(Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine())))))
    design = tree_edits.insert_part(design, 1, "lr", (0, 1))
    assert [s.length for s in node_at(schedule_of(design), (0,)).segments] == [
        Length(45, "steps"),
        Length(45.0, "percent"),
        REST,
    ]
    design = tree_edits.move_part(design, 1, "lr", (0, 2), -1)
    design = tree_edits.set_segment(design, 1, "lr", (0, 0), length=Length(2, "epochs"), skip=Length(10, "steps"))
    assert node_at(schedule_of(design), (0,)).segments[0] == Segment(Linear(), Length(2, "epochs"), Length(10, "steps"))
    design = tree_edits.remove_part(design, 1, "lr", (0, 1))
    assert node_at(schedule_of(design), (0,)).segments[1].schedule == Cosine()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"length": Length(0.2, "steps")}, "at least 1 step"), ({"skip": REST}, "Enters at needs")],
)
def test_a_segment_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        tree_edits.set_segment(design_of(DEEP), 1, "lr", (0,), **changes)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: tree_edits.set_segment(d, 1, "lr", (0,), length=Length(45.0, "steps")),
        lambda d: tree_edits.set_shape(d, 1, "lr", (1, 0, 0), "cosine"),
        lambda d: tree_edits.move_part(d, 1, "lr", (1, 0), 1),
    ],
)
def test_an_edit_that_changes_nothing_returns_the_same_object(edit: Callable[[Design], Design]) -> None:
    design = design_of(DEEP)
    assert edit(design) is design


@pytest.mark.parametrize("tag", ["plateau", "greedy"])
def test_a_schedule_steered_by_a_metric_is_a_whole_learning_rate(tag: str) -> None:
    design = tree_edits.set_shape(design_of(Cosine(floor=0.2)), 1, "lr", (), tag)
    assert schedule_of(design).floor == 0.2
    for refused in (
        lambda: tree_edits.set_shape(design_of(DEEP), 1, "lr", (0,), tag),
        lambda: tree_edits.set_shape(design, 1, "momentum", (), tag),
        lambda: tree_edits.wrap(design, 1, "lr", (), "repeat"),
    ):
        with pytest.raises(UserError, match="metric"):
            refused()


@pytest.mark.parametrize(
    ("old", "tag", "new"),
    [
        (Cosine(0.2, Length(2, "epochs"), 2.0), "polynomial", Polynomial(1.0, 0.2, Length(2, "epochs"), 2.0)),
        (Linear(start=Absolute(1e-5)), "one_cycle", OneCycle(start=Absolute(1e-5))),
        (HardRestarts(cycles=5, decay=0.5), "cosine_restarts", CosineRestarts(cycles=5, decay=0.5)),
        (Plateau(factor=0.3), "constant", Constant(factor=0.3)),
        (CosineRestarts(decay=0.5, cycles=3), "repeat", Repeat(CosineRestarts(decay=0.5, cycles=3))),
        (Repeat(Cosine()), "clamp", Clamp(Cosine(), lowest=0.01)),
        (Product((Cosine(), Exponential())), "sequence", Sequence((Segment(Cosine()), Segment(Exponential())))),
        (Cosine(floor=0.3), "product", Product((Linear(length=Length(5, "percent")), Cosine(floor=0.3)))),
        (Constant(), "repeat", Repeat(Cosine())),
    ],
)  # fmt: skip
def test_another_shape_keeps_what_both_know(old: Any, tag: str, new: Any) -> None:
    assert reshaped(old, tag) == new


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_every_shape_becomes_every_other_and_stays_valid(shape: Any) -> None:
    for other in SHAPES:
        made = reshaped(default_node(shape), other.tag)
        assert shape_of(made) is other
        if other.family != "feedback":
            assert decode(encode(design_of(made)), "file") == design_of(made)


def test_the_span_of_a_node_is_that_of_the_stretch_it_runs_over() -> None:
    assert tree_edits.span_at(DEEP, (0,), RUN).steps == 45
    assert tree_edits.span_at(DEEP, (1, 0, 1), RUN).steps == 90
    empty = Sequence((Segment(Constant()), Segment(Cosine(), Length(0, "steps")), Segment(Constant())))
    assert tree_edits.span_at(empty, (1,), RUN).steps == 0


def test_a_path_is_followed_as_far_as_it_leads() -> None:
    assert tree_edits.existing(DEEP, (1, 0, 1)) == (1, 0, 1)
    assert tree_edits.existing(DEEP, (1, 0, 5, 2)) == (1, 0)
    assert tree_edits.existing(Constant(), (0,)) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 99)), max_size=10))
def test_after_any_edits_of_the_tree_the_file_holds_it(changes: list[tuple[int, int, int]]) -> None:
    design = design_of(DEEP)
    for kind, where, number in changes:
        paths = list(_paths(schedule_of(design)))
        path = paths[where % len(paths)]
        tag = tree_edits.WRAPPERS[number % 4]
        tried: list[Callable[[], Design]] = [
            lambda d=design, p=path, t=tag: tree_edits.wrap(d, 1, "lr", p, t),
            lambda d=design, p=path: tree_edits.unwrap(d, 1, "lr", p),
            lambda d=design, p=path: tree_edits.insert_part(d, 1, "lr", p) if p else d,
            lambda d=design, p=path: tree_edits.remove_part(d, 1, "lr", p) if p else d,
            lambda d=design, p=path, n=number: tree_edits.move_part(d, 1, "lr", p, n % 3 - 1) if p else d,
            lambda d=design, p=path, n=number: tree_edits.set_shape(d, 1, "lr", p, SHAPES[n % len(SHAPES)].tag),
        ]
        try:
            design = tried[kind]()
        except UserError:
            continue
    assert decode(encode(design), "file") == design


def _paths(node: Any, at: tuple[int, ...] = ()) -> Any:
    yield at
    for index, child in enumerate(shape_of(node).children(node)):
        yield from _paths(child, (*at, index))


def test_momentum_beside_a_one_cycle_rate_has_its_timing_and_the_base_of_torch() -> None:
    rate = OneCycle(pct_start=0.4, anneal="linear", three_phase=True, length=Length(8, "epochs"))
    design = edits.couple_momentum(design_of(rate), 1)
    group = design.group(1)
    assert group.options.beta1 == 0.95
    assert group.momentum == OneCycleMomentum(0.4, 0.85 / 0.95, "linear", True, Length(8, "epochs"))
    assert edits.couple_momentum(design, 1) is design


def test_momentum_beside_a_cyclic_rate_goes_the_other_way() -> None:
    rate = Cyclic(up=Length(40, "steps"), down=Length(80, "steps"), mode="triangular2")
    design = edits.couple_momentum(edits.set_optimizer(design_of(rate), 1, "SGD"), 1)
    assert design.group(1).options.momentum == 0.9
    assert design.group(1).momentum == Cyclic(
        0.8 / 0.9, Length(40, "steps"), Length(80, "steps"), "triangular2", inverted=True
    )


def test_momentum_has_no_cycle_of_its_own_beside_another_rate() -> None:
    with pytest.raises(UserError, match="one-cycle or cyclic"):
        edits.couple_momentum(design_of(Cosine()), 1)


def test_any_node_becomes_few_keys_near_its_curve_and_keys_that_matter_little_go() -> None:
    design = design_of(Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine(floor=0.1)))))
    found = tree_edits.baked(design, 1, "lr", (1,))
    after = tree_edits.bake_node(design, 1, "lr", (1,))
    node = schedule_of(after).segments[1].schedule
    assert node == found.node
    assert len(node.keys) < 40
    at = np.arange(451)
    off = np.abs(track_factors(after.group(1).lr, after.plan, at) - track_factors(design.group(1).lr, design.plan, at))
    assert off.max() == pytest.approx(found.error)
    assert found.error < 0.005
    simpler = tree_edits.simplify_keys(after, 1, "lr", (1,))
    assert 2 < len(schedule_of(simpler).segments[1].schedule.keys) < len(node.keys)
    assert tree_edits.simplify_keys(design, 1, "lr", (1,)) is design


def test_a_new_segment_holds_where_the_one_before_it_ends() -> None:
    design = design_of(Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine(floor=0.02)))))
    added = tree_edits.insert_part(design, 1, "lr", (1,))
    assert schedule_of(added).segments[2].schedule == Constant(0.02)
    # At 0 there is nothing to hold that anybody could want.
    to_zero = design_of(Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine()))))
    assert schedule_of(tree_edits.insert_part(to_zero, 1, "lr", (1,))).segments[2].schedule == Constant()


def test_another_shape_keeps_what_was_set_and_not_what_nobody_set() -> None:
    design = tree_edits.set_shape(design_of(WarmupStableDecay(floor=0.1)), 1, "lr", (), "one_cycle")
    assert schedule_of(design) == OneCycle()
    assert schedule_of(tree_edits.set_shape(design_of(Cosine(floor=0.1)), 1, "lr", (), "rex")) == Rex(floor=0.1)

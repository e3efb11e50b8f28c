"""What each fix of a finding puts in its place, and that there is none where one edit does not mend it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import moving_designs, schedules

from lrdesigner import edits
from lrdesigner.document import Design, Plan
from lrdesigner.expansion_edits import set_exemption
from lrdesigner.findings import Finding, check
from lrdesigner.optimizers import AdamWOptions
from lrdesigner.schedules import (
    REST,
    Absolute,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Length,
    Linear,
    OneCycle,
    Plateau,
    Polynomial,
    Product,
    Repeat,
    Segment,
    Sequence,
    WarmupStableDecay,
)

BACKBONE, EVERYTHING = 2, 1


def steps(number: float) -> Length:
    return Length(number, "steps")


def row(*parts: Any) -> Sequence:
    """Segments of 100 steps each, the last one the rest."""
    return Sequence(tuple(Segment(part, steps(100) if part is not parts[-1] else REST) for part in parts))


def the(design: Design, code: str) -> Finding:
    (finding,) = (finding for finding in check(design) if finding.code == code)
    return finding


def mended(design: Design, code: str) -> Design:
    """After the fix, which has left no finding of the kind."""
    fix = the(design, code).fix
    assert fix is not None
    fixed = fix.edit(design)
    assert code not in {finding.code for finding in check(fixed)}
    return fixed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Linear(0.0, 1.0), Linear(0.01, 1.0)),
        (row(Linear(0.0, 1.0), Cosine()), row(Linear(0.01, 1.0), Cosine())),
        (Product((Constant(1.0), Linear(0.0, 1.0))), Product((Constant(1.0), Linear(0.01, 1.0)))),
        (WarmupStableDecay(start=0.0), WarmupStableDecay(start=0.01)),
        (OneCycle(start=Absolute(0.0)), OneCycle(start=0.01)),
        (Cosine(1.5), Cosine(1.0)),
        (Cosine(Absolute(0.01)), Cosine(Absolute(0.001))),
        (Linear(Absolute(0.01), 1.0), Linear(Absolute(0.001), 1.0)),
        (row(Linear(0.1, 0.5), Cosine()), row(Linear(0.1, 1.0), Cosine())),
        (row(Linear(1.0, 0.5), Linear(0.1, 0.05)), row(Linear(1.0, 0.5), Linear(0.5, 0.05))),
        (row(Linear(0.1, 0.5), Constant(1.0), Cosine()), row(Linear(0.1, 1.0), Constant(1.0), Cosine())),
        (row(Linear(0.1, 1.0), Constant(0.2)), row(Linear(0.1, 1.0), Constant(1.0))),
        (CosineRestarts(first=steps(200)), CosineRestarts(first=steps(225))),
        (row(Constant(), Repeat(Cosine(), steps(200))), row(Constant(), Repeat(Cosine(), steps(175)))),
        (Repeat(Cosine(), steps(200)), Repeat(Cosine(), steps(225))),
        (Plateau(patience=8), Plateau(patience=7)),
    ],
    ids=str,
)
def test_a_fix_changes_one_thing_and_nothing_is_found_any_more(design: Design, before: Any, after: Any) -> None:
    given_one = edits.set_schedule(design, BACKBONE, before)
    (finding,) = (f for f in check(given_one) if f.fix is not None and f.group == BACKBONE)
    assert mended(given_one, finding.code).group(BACKBONE).lr.schedule == after


@pytest.mark.parametrize(
    ("inner", "after", "mends"),
    [
        (row(Linear(1.0, 0.2), Constant(0.9)), Cosine(), row(Linear(1.0, 0.9), Constant(0.9))),
        (row(Cosine(0.05), Constant(1.0)), Cosine(), None),
    ],
    ids=["the other way round", "no way"],
)
def test_a_jump_within_an_inner_row_is_not_mended_by_moving_it_to_the_outer_one(
    design: Design, inner: Sequence, after: Any, mends: Sequence | None
) -> None:
    outer = Sequence((Segment(inner, steps(200)), Segment(after, REST)))
    design = edits.set_schedule(design, BACKBONE, outer)
    finding = the(design, "jump-at-join")
    fixed = finding.fix.edit(design).group(BACKBONE).lr.schedule if finding.fix else None
    assert fixed == (Sequence((Segment(mends, steps(200)), outer.segments[1])) if mends else None)


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        (Product((Linear(0.0, 1.0), Linear(0.0, 1.0))), "first-update-zero"),
        (row(Cosine(), Cosine()), "jump-at-join"),
        (row(Polynomial(), Polynomial()), "jump-at-join"),
    ],
    ids=["two zeros", "two decays", "two polynomials"],
)
def test_what_one_sensible_edit_does_not_mend_is_shown_only(design: Design, schedule: Any, code: str) -> None:
    assert the(edits.set_schedule(design, BACKBONE, schedule), code).fix is None


def test_a_metric_is_evaluated_as_often_as_is_drawn(design: Design) -> None:
    long = edits.set_plan(edits.set_schedule(design, BACKBONE, Plateau(every=steps(1))), Plan(1000, 250))
    fixed = mended(long, "metric-cut")
    assert fixed.group(BACKBONE).lr.schedule == Plateau(every=steps(3))


def test_fused_is_switched_off_in_every_group_of_the_optimizer(design: Design) -> None:
    fused = edits.set_option(edits.add_group(design, "third", ["classifier.1"]), BACKBONE, "fused", True)
    third = fused.groups[-1].id
    fused = edits.set_option(fused, third, "fused", True)
    fixed = mended(fused, "fused-in-part")
    assert [getattr(fixed.group(group).options, "fused", 0) for group in (BACKBONE, third)] == [None, None]


def test_a_group_without_decay_gets_that_of_the_others_and_what_is_free_from_it(design: Design) -> None:
    design = edits.set_option(set_exemption(design, EVERYTHING), EVERYTHING, "weight_decay", 0.05)
    idle = edits.set_option(design, BACKBONE, "weight_decay", 0.0)
    assert isinstance(idle.group(BACKBONE).options, AdamWOptions)
    fix = the(idle, "weights-without-decay").fix
    assert fix is not None
    assert fix.label == "Decay of 0.05, as in everything"
    group = mended(idle, "weights-without-decay").group(BACKBONE)
    assert (group.options.weight_decay, group.exempt) == (0.05, design.group(EVERYTHING).exempt)  # type: ignore[union-attr]


@settings(max_examples=150, deadline=None)
@given(moving_designs(), st.lists(schedules(), min_size=2, max_size=4), st.booleans())
def test_every_fix_of_a_schedule_removes_its_finding(design: Design, parts: list[Any], repeated: bool) -> None:
    row_of_parts = Sequence(tuple(Segment(part, Length(20, "percent")) for part in parts))
    schedule = Repeat(row_of_parts, Length(30, "percent")) if repeated else row_of_parts
    design = edits.set_schedule(design, design.groups[0].id, schedule)
    found = check(design)
    for finding in found:
        if finding.fix is not None:
            fixed = finding.fix.edit(design)
            assert fixed != design
            assert count_of(finding, check(fixed)) < count_of(finding, found), finding


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 400), st.floats(1, 2), st.sampled_from([CosineRestarts, Repeat, Cyclic]))
def test_cycles_that_are_made_to_fit_end_low(length: int, growth: float, kind: Any) -> None:
    from lrdesigner.demos import demo_design

    schedule = {
        CosineRestarts: CosineRestarts(first=steps(length), growth=growth if growth >= 1.05 else 1.0),
        Repeat: Repeat(Cosine(), steps(length), growth=growth if growth >= 1.05 else 1.0),
        Cyclic: Cyclic(0.01, steps(length), steps(length)),
    }[kind]
    design = demo_design()
    group = design.groups[0].id
    design = edits.set_plan(edits.set_schedule(design, group, schedule), Plan(50, 9))
    for finding in check(design):
        if finding.code == "rises-at-the-end" and finding.fix is not None:
            assert count_of(finding, check(finding.fix.edit(design))) == 0


def count_of(like: Finding, found: tuple[Finding, ...]) -> int:
    return sum((finding.code, finding.group) == (like.code, like.group) for finding in found)

"""Where a verification resumes a run."""

from __future__ import annotations

import pytest
from export_cases import CASES, demo_with, exportable_designs, steps
from hypothesis import given, settings

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Plan
from lrdesigner.resuming import STEPS_AFTER, resumes


def test_a_run_is_resumed_in_the_middle() -> None:
    assert resumes(demo_design()) == ((225, 235),)


@pytest.mark.parametrize(
    ("total", "found"), [(1, ()), (2, ((1, 2),)), (3, ((1, 3),)), (1_000_001, ((500_000, 500_010),))]
)
def test_however_long_it_is(total: int, found: tuple[tuple[int, int], ...]) -> None:
    assert resumes(edits.set_plan(demo_design(), Plan(total, 1))) == found


def test_a_turn_of_freezing_and_an_evaluation_come_after_a_checkpoint() -> None:
    frozen = demo_with({"freeze": (Freeze(steps(0), steps(60)), Freeze(steps(400), steps(10)))})
    assert resumes(frozen) == ((57, 67), (225, 235))
    assert resumes(CASES["plateau"]) == ((222, 232),)  # every 45 steps, which the middle is one of
    assert resumes(CASES["plateau_of_one"]) == ((222, 232), (297, 307))


@settings(max_examples=40)
@given(exportable_designs())
def test_stretches_are_in_order_apart_and_inside_the_run(design: Design) -> None:
    found = resumes(design)
    edges = [step for stretch in found for step in stretch]
    assert edges == sorted(edges)
    assert all(0 < at < end <= min(at + STEPS_AFTER, design.plan.total_steps) for at, end in found)
    assert bool(found) == (design.plan.total_steps > 1)

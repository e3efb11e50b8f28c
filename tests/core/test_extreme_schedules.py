"""Schedules at the ends of what numbers and runs allow, and drags beyond what a node can have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import moving_designs

from lrdesigner import edits
from lrdesigner.curves import lane_values
from lrdesigner.demos import demo_design
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.findings import check
from lrdesigner.handles import Handle, handles_of
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules import (
    REST,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    MultiStep,
    Product,
    Repeat,
    Segment,
    Sequence,
    StepDecay,
)
from lrdesigner.schedules.key_edits import insert_key
from lrdesigner.tracks import lane_of, slots_of

BACKBONE = 2
LONGEST = Plan(10_000_000, 1_000_000)


def steps(count: float) -> Length:
    return Length(float(count), "steps")


def with_schedule(schedule: Any, plan: Plan | None = None) -> Design:
    design = edits.set_schedule(demo_design(), BACKBONE, schedule)
    return design if plan is None else edits.set_plan(design, plan)


def handle(design: Design, name: str) -> Handle:
    return next(found for found in handles_of(design.group(BACKBONE), "lr", design.plan) if found.name == name)


def dragged(design: Design, name: str, step: float, value: float) -> Any:
    edit = handle(design, name).moved(step, value)
    return edit.edit(design, *edit.arguments).group(BACKBONE).lr.schedule


@pytest.mark.parametrize(
    "schedule",
    [
        Product((StepDecay(steps(1), 1.1), StepDecay(steps(1), 1.1))),
        CosineRestarts(steps(3), decay=1.1),
        Repeat(CosineRestarts(steps(3), decay=1.1)),
    ],
)
def test_a_factor_too_large_for_a_number_is_a_finding_and_no_warning(schedule: Any) -> None:
    design = with_schedule(schedule, LONGEST)
    assert "rate-impossible" in {finding.code for finding in check(design)}
    plot_points(lane_of(design.group(BACKBONE), "lr", design.plan), design.plan, 0, design.plan.total_steps)
    with pytest.raises(UserError, match="not a finite number"):
        export(design)


@pytest.mark.parametrize(("name", "value"), [("lowest", 1.0), ("highest", 0.0)])
def test_a_level_of_a_clamp_stops_at_the_other_one(name: str, value: float) -> None:
    design = with_schedule(Clamp(Linear(1.0, 0.0), 0.12345, 0.12399))
    found = dragged(design, name, handle(design, name).step, value)
    assert found.lowest == found.highest == getattr(design.group(BACKBONE).lr.schedule, _other(name))


@pytest.mark.parametrize(("name", "direction"), [("lowest", 1), ("highest", -1)])
def test_an_arrow_key_does_not_lead_a_level_of_a_clamp_past_the_other_one(name: str, direction: int) -> None:
    design = with_schedule(Clamp(Linear(1.0, 0.0), 0.12345, 0.12399))
    edit = handle(design, name).nudged(direction)
    found = edit.edit(design, *edit.arguments).group(BACKBONE).lr.schedule
    assert 0.12345 <= found.lowest <= found.highest <= 0.12399


def _other(name: str) -> str:
    return "highest" if name == "lowest" else "lowest"


def test_a_curve_dragged_to_where_its_decay_cannot_lead_stays() -> None:
    design = with_schedule(Repeat(Exponential(0.5, Length(10, "percent")), Length(100, "percent"), floor=0.5, cycles=1))
    start = design.group(BACKBONE).lr.schedule
    for name in (found.name for found in handles_of(design.group(BACKBONE), "lr", design.plan)):
        if name.startswith("0."):
            assert dragged(design, name, handle(design, name).step, 0.0).floor == start.floor


@pytest.mark.parametrize("space", ["linear", "log"])
def test_the_control_points_of_a_key_dragged_to_the_top_stay_within_bounds(space: Any) -> None:
    keys = (
        Keyframe(steps(0), 1.0, "bezier", 2.0, 1e-3),
        Keyframe(steps(200), 1e-3, "bezier", 2.0, 1.0),
        Keyframe(steps(400), 0.5),
    )
    design = with_schedule(Keyframes(keys, space))
    found = dragged(design, "key 1", 200, 1e12)
    assert found.keys[1].value == found.keys[1].leave == found.keys[0].arrive == 1e6
    assert decode(encode(design), "design") == design


def test_what_acts_only_in_longer_cycles_is_not_called_unused() -> None:
    late = MultiStep((steps(5), steps(30)), 0.5)
    waiting = Sequence(
        (Segment(Constant(0.5), steps(10)), Segment(Linear(0.5, 1.0), REST), Segment(Cosine(), steps(5)))
    )
    for schedule in (late, waiting):
        codes = {finding.code for finding in check(with_schedule(Repeat(schedule, steps(15), growth=2.0)))}
        assert not codes & {"milestone-never-reached", "segment-empty"}
        codes = {finding.code for finding in check(with_schedule(Repeat(schedule, steps(15))))}
        assert codes & {"milestone-never-reached", "segment-empty"}


@settings(max_examples=25)
@given(st.data())
def test_no_drag_raises_and_what_it_makes_can_be_saved(data: st.DataObject) -> None:
    design = data.draw(moving_designs())
    group = data.draw(st.sampled_from(design.groups))
    slot = data.draw(st.sampled_from(slots_of(group)))
    found = handles_of(group, slot, design.plan)
    if not found:
        return
    held = data.draw(st.sampled_from(found))
    precision = data.draw(st.sampled_from(["normal", "fine", "snap"]))
    step, height = data.draw(st.floats(-10, 500)), data.draw(st.sampled_from([-1.0, 0.0, 1e-30, 0.3, 3.0, 1e12]))
    for edit in (
        held.moved(step, held.value * height, precision),
        held.nudged(data.draw(st.sampled_from([-1, 1])), precision, data.draw(st.sampled_from(["step", "value"]))),
    ):
        try:
            changed = edit.edit(design, *edit.arguments)
        except UserError as error:
            if "Nesterov" not in str(error):  # a momentum of 0 is refused there
                raise
            continue
        assert decode(encode(changed), "design") == changed
        lane = lane_of(changed.group(group.id), slot, changed.plan)
        assert lane_values(lane, changed.plan, np.arange(3)).shape == (3,)


@pytest.mark.parametrize(("slot", "option"), [("momentum", "momentum"), ("beta2", "beta 2")])
def test_a_beta_of_1_is_refused_also_where_it_moves_as_the_rate_does(slot: Any, option: str) -> None:
    """Both have one function in the code, and 1.5 times the base is fine for the rate."""
    design = edits.set_track(with_schedule(Constant(1.5)), BACKBONE, slot, Constant(1.5))
    with pytest.raises(UserError, match=f"{option} of 'head' is 1 or more at step 0"):
        export(design)


def test_a_product_too_large_for_a_number_on_a_base_of_0_is_drawn_without_a_warning() -> None:
    growing = Product((StepDecay(steps(1), 10.0), StepDecay(steps(1), 10.0)))
    design = edits.set_option(
        edits.set_track(demo_design(), BACKBONE, "weight_decay", growing), BACKBONE, "weight_decay", 0.0
    )
    lane = lane_of(design.group(BACKBONE), "weight_decay", design.plan)
    assert np.isnan(plot_points(lane, design.plan, 0, 450).values[-1])


@pytest.mark.parametrize("factor", [0.0, 1e-300, 1e6, 1e12])
def test_a_key_far_from_a_bezier_in_log_space_is_put_or_refused_in_a_sentence(factor: float) -> None:
    keys = (Keyframe(steps(0), 1e-300, "bezier", 1e6, 1e6), Keyframe(steps(10), 1e-300))
    design = with_schedule(Keyframes(keys, "log"))
    span = design.plan.span
    if 0 < factor <= 1e6:
        changed = insert_key(Keyframes(keys, "log"), span, 5, factor)
        design = with_schedule(changed)
        assert design.group(BACKBONE).lr.schedule.keys[1].value == factor
        assert max(key.leave or 0.0 for key in changed.keys) <= 1e6
    else:
        with pytest.raises(UserError, match=r"must be|<= 1000000"):
            with_schedule(insert_key(Keyframes(keys, "log"), span, 5, factor))


def test_halves_of_growing_cycles_are_rounded_up_as_everywhere() -> None:
    """190 * 1.15 is 218.49999999999997 in floats."""
    design = with_schedule(Repeat(StepDecay(steps(1000)), steps(190), growth=1.15, decay=0.5))
    lane = lane_of(design.group(BACKBONE), "lr", design.plan)
    factors = lane_values(lane, design.plan, [189, 190, 408, 409]) / lane.track.base
    assert factors.tolist() == [1.0, 0.5, 0.5, 0.25]
    assert "step < 409" in export(design)

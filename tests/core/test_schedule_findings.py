"""Findings about the curve, the segments and the levels of a schedule: there when wrong, gone after the fix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lrdesigner import edits
from lrdesigner.curves import track_values
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Plan
from lrdesigner.findings import Finding
from lrdesigner.findings import check as all_findings
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Absolute,
    Anneal,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    Expression,
    HardRestarts,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    MultiStep,
    Noam,
    OneCycle,
    Product,
    Repeat,
    Segment,
    Sequence,
    StepDecay,
    WarmupStableDecay,
    default_node,
)
from lrdesigner.tracks import TRACK_KINDS

BACKBONE = 2


def steps(count: float) -> Length:
    return Length(float(count), "steps")


def row(*segments: Segment) -> Sequence:
    return Sequence(segments)


def given(design: Design, schedule: Any) -> Design:
    return edits.set_schedule(design, BACKBONE, schedule)


def check(design: Design) -> tuple[Finding, ...]:
    """Without the notes on torch's classes, which have tests of their own."""
    return tuple(finding for finding in all_findings(design) if finding.code != "torch-differs")


def only(design: Design) -> Finding:
    (finding,) = check(design)
    assert finding.group == BACKBONE
    assert finding.where == "backbone"
    return finding


def repaired(design: Design, finding: Finding) -> Design:
    """The design after the fix, which removes the finding."""
    assert finding.fix is not None
    fixed = finding.fix.edit(design)
    assert finding.code not in [other.code for other in check(fixed)]
    return fixed


def schedule_of(design: Design) -> Any:
    return design.group(BACKBONE).lr.schedule


def same_curve(one: Design, other: Design) -> bool:
    looks = np.arange(one.plan.total_steps)
    before, after = (track_values(d.group(BACKBONE).lr, d.plan, looks) for d in (one, other))
    return np.allclose(before, after, rtol=1e-12, atol=0)


# Noise.


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_every_shape_is_fine_as_it_comes(shape: Any) -> None:
    design = edits.set_plan(edits.set_schedule(demo_design(), 1, default_node(shape)), Plan(100, 100))
    wanted = {"first-update-zero"} if shape.tag in ("wsd", "log_warmup") else set()
    assert {finding.code for finding in check(design) if finding.severity != "info"} == wanted


# Values.


@pytest.mark.parametrize("slot", ["momentum", "beta2"])
def test_a_momentum_or_beta_of_1_is_told_by_its_name(design: Design, slot: Any) -> None:
    finding = only(edits.set_track(design, BACKBONE, slot, Constant(1.2)))
    assert (finding.code, finding.severity) == ("rate-impossible", "error")
    name = "beta1" if slot == "momentum" else "beta2"
    assert finding.message == f"The {name} is 1 or more at step 0 (factor 1.2)."


def test_a_negative_weight_decay_is_told_by_its_name(design: Design) -> None:
    finding = only(edits.set_track(design, BACKBONE, "weight_decay", Expression("1 - step / 100")))
    assert finding.message == "The weight decay is negative at step 101 (factor -0.01)."


def test_the_first_impossible_step_of_a_long_curve_is_told_to_the_step(design: Design) -> None:
    rising = edits.set_track(edits.set_plan(design, Plan(10_000, 1000)), BACKBONE, "beta2", Linear(0.5, 1.1))
    step = math.ceil(1e7 * (1 / 0.999 - 0.5) / 0.6)
    assert only(rising).message == f"The beta2 is 1 or more at step {step:,} (factor 1.001)."


def test_a_weight_decay_too_long_to_check_says_whose_formula_it_is(design: Design) -> None:
    endless = edits.set_plan(design, Plan(1_000_000, 1000))
    finding = only(edits.set_track(endless, BACKBONE, "weight_decay", Expression("0.5 ** progress")))
    assert finding.code == "rate-partly-checked"
    assert "the formula of weight decay was checked at some steps only" in finding.message


def test_a_first_update_at_0_is_told_unless_the_group_is_frozen_then(design: Design) -> None:
    warming = given(design, row(Segment(Linear(0.0, 1.0), Length(1, "epochs")), Segment(Cosine())))
    found = {finding.code: finding.severity for finding in check(warming)}
    assert found == {"first-update-zero": "warning"}
    frozen = edits.set_freeze(warming, BACKBONE, (edits.Freeze(length=steps(10)),))
    assert "first-update-zero" not in [finding.code for finding in check(frozen)]
    assert check(given(design, Noam())) == ()


def test_a_rate_of_0_all_along_can_be_frozen_instead(design: Design) -> None:
    idle = given(design, Constant(0.0))
    finding = only(idle)
    assert (finding.code, finding.severity) == ("rate-zero", "warning")
    assert [other.code for other in check(repaired(idle, finding))] == ["frozen-whole-run"]


def test_the_only_group_is_not_frozen_by_a_fix(plain_design: Design) -> None:
    (finding,) = check(edits.set_schedule(plain_design, 1, Constant(0.0)))
    assert (finding.code, finding.fix) == ("rate-zero", None)


def test_a_restart_shortly_before_the_end_is_told(design: Design) -> None:
    finding = only(given(design, CosineRestarts(first=steps(200))))
    assert (finding.code, finding.severity) == ("rises-at-the-end", "warning")
    assert finding.message == "The lr was down to 6.168e-8 at step 199, but the run ends at 8.591e-4."


@pytest.mark.parametrize(
    "schedule",
    [CosineRestarts(first=steps(150)), HardRestarts(), Cyclic(), Cyclic(0.01, steps(5), steps(5)), StepDecay(), Noam()],
    ids=str,
)
def test_cycles_that_end_with_the_run_are_fine(design: Design, schedule: Any) -> None:
    assert check(given(design, schedule)) == ()


# Segments.


def test_what_never_acts_can_be_removed_without_a_change(design: Design) -> None:
    late = given(
        design,
        row(Segment(Cosine(), steps(400)), Segment(Constant(0.01), steps(90)), Segment(Constant(0.01), REST)),
    )
    finding = next(f for f in check(late) if f.code == "segment-beyond-the-run")
    assert finding.message == "Segment 3 would start at step 490; the run ends at 450."
    fixed = repaired(late, finding)
    assert len(schedule_of(fixed).segments) == 2
    assert same_curve(late, fixed)


@pytest.mark.parametrize("slot", list(TRACK_KINDS))
def test_a_segment_that_lasts_no_step_can_be_removed_on_every_track(slot: Any, design: Design) -> None:
    segments = row(Segment(Constant(), steps(100)), Segment(Constant(), steps(0)), Segment(Constant(), REST))
    group = edits.set_track(design, BACKBONE, slot, segments)
    if slot in ("momentum", "beta2"):
        assert check(group)[0].code == "segment-empty"
    finding = only(group)
    assert (finding.code, finding.severity) == ("segment-empty", "warning")
    said = {"lr": "", "weight_decay": "Weight decay: ", "momentum": "Beta1: ", "beta2": "Beta2: "}[slot]
    assert finding.message == f"{said}Segment 2 lasts no step."
    assert check(repaired(group, finding)) == ()


def test_several_empty_segments_are_one_finding_with_one_fix(design: Design) -> None:
    none, some = Segment(Constant(), steps(0)), Segment(Constant(), steps(100))
    inner = row(none, some, none, some)
    nested = given(design, row(some, Segment(inner, steps(300)), Segment(Constant())))
    finding = only(nested)
    assert finding.message == "Segment 2: Segments 1, 3 last no step."
    assert same_curve(nested, repaired(nested, finding))


def test_a_jump_between_two_segments_is_told_with_its_values(design: Design) -> None:
    jumping = row(Segment(Linear(0.1, 0.5), steps(50)), Segment(Constant(1.0), steps(50)), Segment(Cosine()))
    finding = only(given(design, jumping))
    assert (finding.code, finding.severity) == ("jump-at-join", "warning")
    assert finding.message == "It jumps from 5e-4 to 0.001 at step 50, where segment 2 begins."


@pytest.mark.parametrize(
    "segments",
    [
        (Segment(Linear(0.1, 1.0), steps(5)), Segment(Cosine())),
        (Segment(Constant(1.0), steps(50)), Segment(Constant(0.1))),
        (Segment(Linear(0.1, 0.9), steps(50)), Segment(Constant(1.0))),
        (Segment(Cosine(0.1), steps(50)), Segment(Constant(0.1))),
        (Segment(StepDecay(steps(10), 0.5), steps(50)), Segment(Constant(0.5**4))),
        (Segment(StepDecay(steps(10), 0.5), steps(50)), Segment(Constant(0.5**5))),
    ],
    ids=["warm-up", "two constants", "small", "floor", "last stair", "next stair"],
)
def test_joins_that_meet_and_steps_on_purpose_are_fine(design: Design, segments: tuple[Segment, ...]) -> None:
    assert check(given(design, Sequence(segments))) == ()


def test_a_jump_after_the_run_is_no_matter(design: Design) -> None:
    late = row(Segment(Constant(), steps(450)), Segment(Cosine(0.5), steps(10)))
    assert [f.code for f in check(given(design, late))] == ["segment-beyond-the-run"]


def test_a_decay_longer_than_its_segment_can_last_the_rest(design: Design) -> None:
    cut = given(design, row(Segment(Linear(0.1), Length(1, "epochs")), Segment(Cosine(0.0, steps(450)))))
    finding = only(cut)
    assert (finding.code, finding.severity) == ("shape-cut-off", "warning")
    assert finding.message == "Segment 2: Cosine would arrive at step 495, but the run ends at 450."
    fixed = repaired(cut, finding)
    assert schedule_of(fixed).segments[1].schedule == Cosine()
    assert check(fixed) == ()


def test_a_warm_up_and_a_decay_that_do_not_fit_the_run_are_told(design: Design) -> None:
    long = WarmupStableDecay(warmup=steps(100), start=0.1, decay=steps(400))
    finding = only(given(design, long))
    assert finding.message == "Warm-up, stable, decay would arrive at step 500, but the run ends at 450."
    assert finding.fix is None


def test_a_shape_is_cut_off_by_its_own_segment_too(design: Design) -> None:
    short = row(Segment(Linear(0.1, 1.0, steps(80)), steps(50)), Segment(Cosine()))
    codes = {f.code: f.message for f in check(given(design, short))}
    assert codes["shape-cut-off"] == "Segment 1: Linear would arrive at step 80, but this part ends at 50."


def test_milestones_after_the_end_can_be_removed(design: Design) -> None:
    late = given(design, MultiStep((Length(3, "epochs"), Length(30, "epochs"), Length(60, "epochs"))))
    finding = only(late)
    assert (finding.code, finding.severity) == ("milestone-never-reached", "warning")
    assert finding.message == "The milestone at 30 epochs is step 1,350, where the run is over."
    fixed = repaired(late, finding)
    assert schedule_of(fixed).milestones == (Length(3, "epochs"),)
    assert same_curve(late, fixed)
    assert only(given(design, MultiStep((Length(60, "epochs"),)))).fix is None


def test_a_skip_that_changes_nothing_can_be_forgotten(design: Design) -> None:
    skipping = given(design, row(Segment(Constant(), steps(50)), Segment(Constant(), REST, skip=steps(10))))
    finding = only(skipping)
    assert (finding.code, finding.severity) == ("skip-unused", "info")
    assert finding.message == "Segment 2 starts at 10 steps of its shape, which changes nothing."
    assert check(repaired(skipping, finding)) == ()
    useful = row(Segment(Linear(0.1), steps(10)), Segment(Exponential(0.99, steps(1)), REST, skip=steps(10)))
    assert check(given(design, useful)) == ()


def test_keys_on_one_step_leave_the_last_of_them(design: Design) -> None:
    keys = (Keyframe(steps(0), 1.0), Keyframe(steps(100), 0.7), Keyframe(steps(100), 0.5), Keyframe(steps(449), 0.1))
    hidden = given(design, Keyframes(keys))
    finding = only(hidden)
    assert (finding.code, finding.severity) == ("keys-on-one-step", "warning")
    assert finding.message == "Key 2 has no effect: a later one is on the same step."
    fixed = repaired(hidden, finding)
    assert schedule_of(fixed).keys == (keys[0], *keys[2:])
    assert same_curve(hidden, fixed)


# Levels.


def test_an_absolute_floor_beside_another_base_becomes_the_same_fraction(design: Design) -> None:
    absolute = given(design, Cosine(Absolute(1e-5)))
    assert check(absolute) == ()  # both groups have the same base: no ratio is lost
    apart = edits.set_base_lr(absolute, BACKBONE, 1e-4)
    finding = only(apart)
    assert (finding.code, finding.severity) == ("floor-absolute", "warning")
    assert finding.message == "Floor is 1e-5 absolute: there the groups lose the ratio of their base values."
    assert finding.fix is not None
    assert finding.fix.label == "Make it 0.1 of the peak"
    fixed = repaired(apart, finding)
    assert schedule_of(fixed) == Cosine(0.1)
    assert same_curve(apart, fixed)


def test_all_absolute_levels_of_a_track_become_fractions_at_once(design: Design) -> None:
    ramp = Linear(Absolute(2e-4), Absolute(1e-3), steps(45))
    schedule = Clamp(Product((ramp, Repeat(Cosine(), floor=Absolute(1e-4)))), Absolute(1e-5), Absolute(5e-4))
    apart = given(edits.set_base_lr(design, 1, 0.1), schedule)
    (finding,) = [f for f in check(apart) if f.code == "floor-absolute"]
    assert same_curve(apart, repaired(apart, finding))


def test_a_fix_that_the_shape_forbids_is_not_offered(design: Design) -> None:
    clamped = given(edits.set_base_lr(design, 1, 0.1), Clamp(Cosine(), lowest=0.5, highest=Absolute(1e-4)))
    finding = next(f for f in check(clamped) if f.code == "floor-absolute")
    assert finding.fix is None


@pytest.mark.parametrize(
    ("schedule", "severity", "words"),
    [
        (Cosine(Absolute(0.01)), "error", "Floor is 0.01 absolute, above the base value 0.001."),
        (Cosine(1.5), "warning", "Floor is 1.5 times the base value, so it is above the peak."),
        (Linear(Absolute(0.01), 1.0), "error", "Starts at is 0.01 absolute, above the base value 0.001."),
    ],
    ids=["absolute", "fraction", "start"],
)
def test_a_floor_above_the_peak_is_told(design: Design, schedule: Any, severity: str, words: str) -> None:
    finding = only(given(design, schedule))
    assert (finding.code, finding.severity, finding.message) == ("floor-above-peak", severity, words)


@pytest.mark.parametrize(
    "schedule",
    [Cosine(1.0), Linear(0.1, 1.3), Anneal(end=Absolute(0.01)), Clamp(Linear(), 0.0, Absolute(0.5))],
    ids=str,
)
def test_other_levels_may_be_above_the_base_value(design: Design, schedule: Any) -> None:
    assert check(given(design, schedule)) == ()


# Torch.


def test_where_torch_does_something_else_it_is_told_for_the_part_that_it_is_about(design: Design) -> None:
    short = Cosine(0.1, steps(100))
    (finding,) = all_findings(given(design, row(Segment(short))))
    assert (finding.code, finding.severity, finding.group) == ("torch-differs", "info", BACKBONE)
    assert finding.message.startswith("Segment 1: torch's CosineAnnealingLR climbs back after step 100")
    assert all_findings(given(design, row(Segment(Cosine(0.1))))) == ()
    inside = all_findings(given(design, Product((Linear(0.1), Clamp(short)))))
    assert any(f.message.startswith("Factor 2: torch's CosineAnnealingLR climbs back") for f in inside)


def test_on_another_track_the_message_says_which(design: Design) -> None:
    both = edits.set_track(design, BACKBONE, "weight_decay", row(Segment(OneCycle(length=steps(100)), REST)))
    (finding,) = all_findings(both)
    assert finding.message.startswith("Weight decay, segment 1: torch's OneCycleLR")

"""Verification: only what was really compared, and agrees, passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_cases import CASES, demo_with, steps
from msgspec.structs import replace
from strategies import FUNCTIONS

from lrdesigner.curves import values_at
from lrdesigner.document import Design, Freeze
from lrdesigner.jobs.protocol import Freezing, ParamGroupReport, ParamGroups, Resumed, Values
from lrdesigner.optimizers import torch_options
from lrdesigner.param_groups import param_groups
from lrdesigner.proof import verify_request
from lrdesigner.resuming import resumes
from lrdesigner.schedules import Linear
from lrdesigner.verification import Verdict, Verifier, report_taker


def _groups(design: Design) -> ParamGroups:
    reports = []
    for group in (g for found in param_groups(design) for g in found):
        options = {k: list(v) if isinstance(v, tuple) else v for k, v in torch_options(group.group.options).items()}
        reports.append(ParamGroupReport(group.name, "AdamW", tuple(p.name for p in group.parameters), options))
    return ParamGroups(tuple(reports))


def _values(design: Design, start: int, steps: int) -> dict[str, dict[str, tuple[float, ...]]]:
    return {
        group.name: {
            k: tuple(v.tolist()) for k, v in values_at(group, design.plan, range(start, start + steps)).items()
        }
        for found in param_groups(design)
        for group in found
    }


def _verdict(design: Design, *reports: ParamGroups | Values | Freezing) -> Verdict:
    verifier = Verifier(design, FUNCTIONS)
    take = report_taker(verifier, lambda _: None)
    for report in (*reports, *(Resumed(at, end - at) for at, end in resumes(design))):
        take(report)
    return verifier.verdict()


def test_the_design_itself_passes_in_one_chunk_or_in_many(design: Design) -> None:
    total = design.plan.total_steps
    whole = _verdict(design, _groups(design), Values(0, _values(design, 0, total)))
    halves = Values(0, _values(design, 0, 200)), Values(200, _values(design, 200, total - 200))
    assert whole.passed, whole.problems
    assert _verdict(design, _groups(design), *halves).passed


@pytest.mark.parametrize("track", ["lr", "weight_decay", "beta2"])
def test_a_track_or_group_that_was_not_reported_fails(design: Design, track: str) -> None:
    values = _values(design, 0, design.plan.total_steps)
    del values["backbone"][track]
    assert _verdict(design, _groups(design), Values(0, values)).problems == (f"backbone: {track} was not reported.",)
    del values["backbone"]
    assert not _verdict(design, _groups(design), Values(0, values)).passed


def test_one_wrong_value_is_told_with_its_step(design: Design) -> None:
    values = _values(design, 0, design.plan.total_steps)
    rates = list(values["backbone"]["lr"])
    rates[17] *= 1 + 1e-11
    values["backbone"]["lr"] = tuple(rates)
    (problem,) = _verdict(design, _groups(design), Values(0, values)).problems
    assert problem.startswith("backbone: lr is ")
    assert "at step 17" in problem


def test_a_value_that_is_not_a_number_fails(design: Design) -> None:
    values = _values(design, 0, design.plan.total_steps)
    values["backbone"]["lr"] = (float("nan"),) * design.plan.total_steps
    assert not _verdict(design, _groups(design), Values(0, values)).passed


def test_missing_steps_missing_groups_and_gaps_fail(design: Design) -> None:
    total = design.plan.total_steps
    assert "Only 200 of 450 steps" in _verdict(design, _groups(design), Values(0, _values(design, 0, 200))).problems[-1]
    assert not _verdict(design, Values(0, _values(design, 0, total))).passed
    gap = Values(0, _values(design, 0, 200)), Values(201, _values(design, 201, total - 201))
    assert not _verdict(design, _groups(design), *gap).passed
    assert not _verdict(design, _groups(design), Values(0, {name: {} for name in ("backbone", "everything")})).passed


def test_other_members_options_or_names_fail(design: Design) -> None:
    values = Values(0, _values(design, 0, design.plan.total_steps))
    first, second = _groups(design).groups
    moved = ParamGroups((ParamGroupReport(first.name, "AdamW", first.parameters[1:], first.options), second))
    decay = {**first.options, "weight_decay": 0.5}
    altered = ParamGroups((ParamGroupReport(first.name, "AdamW", first.parameters, decay), second))
    for report in (moved, altered, ParamGroups((second, first)), ParamGroups((first,))):
        assert not _verdict(design, report, values).passed


@pytest.mark.parametrize(("case", "near"), [("plateau", 1e-9), ("weight_decay", 1e-12)])
def test_rates_that_a_metric_steers_may_drift_as_torchs_do(case: str, near: float) -> None:
    design = CASES[case]
    for error, passes in ((0.9 * near, True), (1.1 * near, False)):
        values = _values(design, 0, design.plan.total_steps)
        base = design.groups[0].lr.base
        values["backbone"]["lr"] = tuple(rate + error * base for rate in values["backbone"]["lr"])
        assert _verdict(design, _groups(design), Values(0, values)).passed == passes


def test_an_option_that_rises_from_0_is_compared_with_its_base() -> None:
    design = demo_with({"weight_decay": Linear(0.0, 1.0)})
    for error, passes in ((0.9e-14, True), (1.1e-14, False)):
        values = _values(design, 0, design.plan.total_steps)
        values["backbone"]["weight_decay"] = tuple(value + error for value in values["backbone"]["weight_decay"])
        assert _verdict(design, _groups(design), Values(0, values)).passed == passes


FROZEN = demo_with({"freeze": (Freeze(steps(0), steps(10)), Freeze(steps(90), steps(10)))}, {"freeze": (Freeze(),)})


def _freezings() -> list[Freezing]:
    return [Freezing(step, {"backbone": 0 if step in (0, 90) else 8}, 0) for step in (0, 10, 90, 100)]


def test_every_turn_of_the_freezing_is_asked_for_and_awaited(tmp_path: Path) -> None:
    assert verify_request(FROZEN, tmp_path).freeze_steps == (0, 10, 90, 100)
    whole = Values(0, _values(FROZEN, 0, FROZEN.plan.total_steps))
    assert _verdict(FROZEN, _groups(FROZEN), *_freezings(), whole).passed
    assert _verdict(FROZEN, _groups(FROZEN), *_freezings()[:-1], whole).problems == (
        "The freezing at step 100 was not seen.",
    )


def test_what_needs_a_gradient_against_the_design_fails() -> None:
    whole = Values(0, _values(FROZEN, 0, FROZEN.plan.total_steps))
    first, *others = _freezings()
    for wrong, words in (
        (
            replace(first, trainable={"backbone": 1}),
            "backbone: 1 parameters need a gradient at step 0, designed were 0",
        ),
        (replace(first, others=2), "2 parameters of no param group need a gradient at step 0"),
        (replace(first, trainable={}), "backbone: None parameters need a gradient at step 0, designed were 0"),
    ):
        assert _verdict(FROZEN, _groups(FROZEN), wrong, *others, whole).problems == (f"{words}.",)

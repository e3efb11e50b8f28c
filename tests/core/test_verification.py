"""Verification: only what was really compared, and agrees, passes."""

from __future__ import annotations

import pytest

from lrdesigner.curves import param_groups, values_at
from lrdesigner.document import Design
from lrdesigner.jobs.protocol import ParamGroupReport, ParamGroups, Values
from lrdesigner.optimizers import torch_options
from lrdesigner.verification import Verdict, Verifier


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


def _verdict(design: Design, *reports: ParamGroups | Values) -> Verdict:
    verifier = Verifier(design)
    for report in reports:
        verifier.take_groups(report) if isinstance(report, ParamGroups) else verifier.take_values(report)
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

"""Findings: said where something is wrong, gone after the fix, silent on a good design."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from strategies import designs

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.findings import Finding, check
from lrdesigner.inventory import Inventory
from lrdesigner.schedules import REST, Constant, Expression, Length, Linear, Segment, Sequence

BACKBONE = 2


def codes(design: Design) -> list[str]:
    return [finding.code for finding in check(design)]


def test_the_demo_is_fine() -> None:
    assert check(demo_design()) == ()


def test_an_empty_group_is_found_and_its_fix_is_an_edit(design: Design) -> None:
    empty = edits.add_group(design, "spare")
    (finding,) = check(empty)
    assert (finding.code, finding.severity, finding.where) == ("group-empty", "warning", "spare")
    assert finding.fix is not None
    assert finding.fix.edit(empty) == design


def test_a_group_of_frozen_parameters_counts_as_empty(design: Design, lenet_inventory: Inventory) -> None:
    frozen = tuple(replace(p, trainable=not p.name.startswith("features")) for p in lenet_inventory.parameters)
    inventory = replace(lenet_inventory, parameters=frozen)
    assert codes(edits.set_model(design, replace(design.model, inventory=inventory))) == ["group-empty"]


def test_an_empty_remainder_is_fine(design: Design) -> None:
    assert codes(edits.assign(design, ["classifier"], BACKBONE)) == []


def test_without_a_model_there_is_nothing_to_train() -> None:
    (finding,) = check(new_design(Model()))
    assert (finding.code, finding.severity, finding.message) == ("nothing-to-train", "error", "No model is open yet.")


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("1 - step / 100", "negative at step 101 (factor -0.01)"),
        ("1 / (step - 7)", "negative at step 0 (factor -0.1429)"),
        ("1 / abs(step - 7)", "not a finite number at step 7"),
        ("sqrt(200 - step)", "not a finite number at step 201"),
    ],
)
def test_an_impossible_rate_is_told_with_its_first_step_as_the_export_does(
    design: Design, formula: str, words: str
) -> None:
    wrong = edits.set_schedule(design, BACKBONE, Expression(formula))
    (finding,) = check(wrong)
    assert (finding.code, finding.severity, finding.group) == ("rate-impossible", "error", BACKBONE)
    assert words in finding.message
    with pytest.raises(UserError) as caught:
        export(wrong)
    assert words in str(caught.value)


def test_segments_after_the_end_are_told_by_number_and_step(design: Design) -> None:
    segments = (
        Segment(Constant(), Length(400.0, "steps")),
        Segment(Constant(), Length(2.0, "epochs")),
        Segment(Linear(), REST),
    )
    (finding,) = check(edits.set_schedule(design, BACKBONE, Sequence(segments)))
    assert (finding.code, finding.severity) == ("segment-beyond-the-run", "warning")
    assert finding.message == "Segment 3 would start at step 490; the run ends at 450."


def test_errors_come_first(design: Design) -> None:
    wrong = edits.set_schedule(edits.add_group(design, "spare"), BACKBONE, Expression("-1"))
    assert codes(wrong) == ["rate-impossible", "group-empty"]


@settings(max_examples=40, deadline=None)
@given(designs())
def test_a_design_without_impossible_values_can_be_exported_and_each_fix_removes_a_finding(design: Design) -> None:
    found = check(design)
    assert {finding.code for finding in found if finding.severity == "error"} <= {"floor-above-peak"}
    assert export(design)
    for finding in found:
        if finding.fix is not None:
            fixed = check(finding.fix.edit(design))
            assert count_of(finding, fixed) < count_of(finding, found)


def count_of(finding: Finding, found: tuple[Finding, ...]) -> int:
    return sum((other.code, other.group) == (finding.code, finding.group) for other in found)


def test_a_rate_that_is_impossible_at_one_step_of_a_long_run_is_found_if_the_export_refuses_it(design: Design) -> None:
    long = edits.set_plan(design, Plan(10_000, 10))
    wrong = edits.set_schedule(long, BACKBONE, Expression("-1 if step == 77777 else 1"))
    with pytest.raises(UserError, match="negative at step 77,777"):
        export(wrong)
    assert codes(wrong) == ["rate-impossible"]


def test_one_bad_step_of_a_formula_is_found_in_a_long_run(design: Design) -> None:
    long = edits.set_plan(design, Plan(epoch=1000, epochs=1000))
    (finding,) = check(edits.set_schedule(long, BACKBONE, Expression("1 if step != 654321 else -1")))
    assert "negative at step 654,321" in finding.message
    assert check(edits.set_schedule(long, BACKBONE, Expression("1 / (1 + step)"))) == ()


def test_a_formula_in_a_run_too_long_to_check_says_so(design: Design) -> None:
    endless = edits.set_plan(design, Plan(epoch=1_000_000, epochs=1000))
    (finding,) = check(edits.set_schedule(endless, BACKBONE, Expression("0.5 ** progress")))
    assert (finding.code, finding.severity) == ("rate-partly-checked", "info")

"""Findings about tracks beside the lr, freezing and metrics: there when wrong, gone after the fix."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.curves import track_factors
from lrdesigner.document import Design, Freeze, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.findings import Finding, check
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import (
    Constant,
    Cosine,
    Greedy,
    Length,
    Linear,
    Plateau,
    RecordedTrace,
)

BACKBONE = 2


def steps(count: float) -> Length:
    return Length(float(count), "steps")


def only(design: Design) -> Finding:
    """Besides that the design needs several optimizers, which a metric or another optimizer brings with it."""
    (finding,) = [finding for finding in check(design) if finding.code != "several-optimizers"]
    return finding


def named(design: Design, code: str) -> list[Finding]:
    return [finding for finding in check(design) if finding.code == code]


def repaired(design: Design, finding: Finding) -> Design:
    """The design after the fix, which removes the finding."""
    assert finding.fix is not None
    fixed = finding.fix.edit(design)
    assert not named(fixed, finding.code)
    return fixed


# Weight decay, momentum, betas.


def test_a_schedule_of_a_weight_decay_of_0_can_stop(design: Design) -> None:
    none = edits.set_option(design, BACKBONE, "weight_decay", 0.0)
    moving = edits.set_track(none, BACKBONE, "weight_decay", Cosine())
    (finding,) = named(moving, "track-on-zero")
    assert (finding.severity, finding.where) == ("warning", "backbone")
    assert (
        finding.message == "The weight decay is 0, so its schedule moves nothing; set a weight decay, or let it stay."
    )
    assert repaired(moving, finding) == none
    assert check(edits.set_track(design, BACKBONE, "weight_decay", Cosine())) == ()


def test_a_schedule_of_sgd_without_momentum_can_stop(design: Design) -> None:
    plain = edits.set_option(edits.set_optimizer(design, BACKBONE, "SGD"), BACKBONE, "momentum", 0.0)
    finding = only(edits.set_track(plain, BACKBONE, "momentum", Linear()))
    assert (finding.code, finding.fix and finding.fix.label) == ("track-on-zero", "Stop moving the momentum")


def test_a_schedule_of_what_the_new_optimizer_lacks_can_be_taken_away(design: Design) -> None:
    adam = edits.set_track(design, BACKBONE, "beta2", Constant(0.9))
    sgd = edits.set_optimizer(adam, BACKBONE, "SGD")
    finding = only(sgd)
    assert (finding.code, finding.severity) == ("track-without-option", "warning")
    assert finding.message == "SGD has no beta 2, so the schedule of it does nothing."
    fixed = repaired(sgd, finding)
    assert fixed.group(BACKBONE).beta2 is None
    assert check(fixed) == check(edits.set_optimizer(design, BACKBONE, "SGD"))


# Freezing.


def test_a_group_frozen_for_the_whole_run_is_told_to_be_left_out(design: Design) -> None:
    finding = only(edits.set_freeze(design, BACKBONE, (Freeze(),)))
    assert (finding.code, finding.severity, finding.fix) == ("frozen-whole-run", "info", None)
    assert check(edits.set_freeze(design, BACKBONE, (Freeze(length=Length(1, "epochs")),))) == ()


def test_a_model_that_is_frozen_as_a_whole_can_be_unfrozen(design: Design) -> None:
    frozen = edits.set_freeze(edits.set_freeze(design, 1, (Freeze(),)), BACKBONE, (Freeze(),))
    finding = check(frozen)[0]
    assert (finding.code, finding.severity) == ("nothing-to-train", "error")
    assert finding.message == "Every group is frozen for the whole run."
    with pytest.raises(UserError):
        export(frozen)
    assert check(repaired(frozen, finding)) == ()


@pytest.mark.parametrize(
    ("idle", "words"),
    [
        (Freeze(steps(500), steps(10)), "A frozen stretch would begin at step 500; the run ends at 450."),
        (Freeze(steps(20), steps(0)), "The frozen stretch at step 20 lasts no step."),
    ],
    ids=["beyond", "empty"],
)
def test_a_frozen_stretch_without_effect_can_be_removed(design: Design, idle: Freeze, words: str) -> None:
    useful = Freeze(length=steps(45))
    frozen = edits.set_freeze(design, BACKBONE, (useful, idle))
    finding = only(frozen)
    assert (finding.code, finding.severity, finding.message) == ("freeze-without-effect", "warning", words)
    assert repaired(frozen, finding).group(BACKBONE).freeze == (useful,)


def test_norm_layers_that_go_on_collecting_statistics_are_counted_while_frozen() -> None:
    kinds = ["BatchNorm2d", "BatchNorm2d", "LayerNorm", "FrozenBatchNorm2d", "Linear"]
    modules = (ModuleInfo("", "Net"), *(ModuleInfo(f"m{i}", kind) for i, kind in enumerate(kinds)))
    parameters = tuple(ParameterInfo(f"m{i}.weight", (2,), "float32", 2, True) for i in range(len(kinds)))
    without_decay = edits.set_option(new_design(Model("", {}, Inventory(modules, parameters))), 1, "weight_decay", 0.0)
    design = edits.add_group(without_decay, "body", ["m0", "m1", "m2", "m3"])
    design = edits.set_base_lr(design, BACKBONE, 2e-3)
    assert check(design) == ()
    finding = only(edits.set_freeze(design, BACKBONE, (Freeze(length=Length(1, "epochs")),)))
    assert (finding.code, finding.severity, finding.where) == ("frozen-norm-statistics", "info", "body")
    assert finding.message == "2 BatchNorm2d in it still collect statistics while frozen; only eval() stops that."
    others = edits.assign(design, ["m0", "m1"], 1)
    assert check(edits.set_freeze(others, BACKBONE, (Freeze(length=Length(1, "epochs")),))) == ()


# Metrics.


def steered(design: Design, node: Any) -> Design:
    return edits.set_schedule(design, BACKBONE, node)


@pytest.mark.parametrize("node", [Plateau(patience=2), Greedy(patience=2)], ids=["plateau", "greedy"])
def test_a_curve_for_an_assumed_metric_says_so_and_nothing_else(design: Design, node: Any) -> None:
    finding = only(steered(design, node))
    assert (finding.code, finding.severity) == ("metric-drawn", "info")
    assert "an assumed metric" in finding.message


@pytest.mark.parametrize("node", [Plateau(patience=8), Greedy(patience=9)], ids=["plateau", "greedy"])
def test_a_patience_that_outlasts_the_run_is_told(design: Design, node: Any) -> None:
    (finding,) = named(steered(design, node), "metric-never-acts")
    assert finding.severity == "warning"
    assert finding.message == (
        f"With a patience of {node.patience} the lr can change after evaluation 10 at the earliest; "
        "9 fall before the last update."
    )
    assert not named(steered(design, replace(node, patience=node.patience - 1)), "metric-never-acts")


@pytest.mark.parametrize(("node", "values"), [(Plateau(patience=7), (1.0,)), (Greedy(patience=8), range(20, 0, -1))])
def test_with_one_less_it_can_act_on_the_last_updates(design: Design, node: Any, values: Any) -> None:
    node = replace(node, metric=RecordedTrace(tuple(map(float, values))))
    assert not named(steered(design, node), "metric-never-acts")
    assert track_factors(steered(design, node).group(BACKBONE).lr, design.plan, [449])[0] != 1.0


def test_more_evaluations_than_are_drawn_are_told(design: Design) -> None:
    long = edits.set_plan(steered(design, Plateau(every=steps(1))), Plan(1000, 200))
    (finding,) = named(long, "metric-cut")
    assert (finding.severity, finding.message[:55]) == (
        "warning",
        "Of 200,000 evaluations the first 100,000 are drawn; fro",
    )
    assert not named(steered(design, Plateau(every=steps(1))), "metric-cut")


def test_a_recorded_metric_shorter_than_the_run_is_told(design: Design) -> None:
    short = steered(design, Plateau(patience=2, metric=RecordedTrace((3.0, 2.0))))
    assert {finding.code: finding.severity for finding in check(short)} == {
        "metric-drawn": "info",
        "metric-short": "info",
        "several-optimizers": "info",
    }
    assert named(short, "metric-short")[0].message == "The recorded metric has 2 of 10 values; the last one is held."
    full = steered(design, Plateau(patience=2, metric=RecordedTrace((1.0,) * 10)))
    assert only(full).code == "metric-drawn"


def test_a_metric_beside_an_option_that_moves_is_an_error_that_a_fix_repairs(design: Design) -> None:
    both = edits.set_track(steered(design, Plateau(patience=2)), 2, "weight_decay", Cosine())
    (found,) = named(both, "metric-beside-moving")
    assert (found.severity, found.where) == ("error", "backbone")
    with pytest.raises(UserError, match="no scheduler does both"):
        export(both)
    assert repaired(both, found) == steered(design, Plateau(patience=2))


def test_greedy_groups_share_an_optimizer_only_if_they_move_alike(design: Design) -> None:
    node = Greedy(patience=0, factor=0.5, every=steps(10), reset_start=1, metric=RecordedTrace((1.0,)))
    alike = edits.set_schedule(steered(design, replace(node, floor=0.25)), 1, replace(node, floor=0.25))
    same_base = edits.set_base_lr(alike, 1, alike.group(2).lr.base)
    assert [len(found) for found in param_groups(same_base)] == [2]
    # GreedyLR begins anew for all groups of an optimizer at once.
    assert [len(found) for found in param_groups(edits.set_base_lr(alike, 1, 0.2))] == [1, 1]
    assert [len(found) for found in param_groups(edits.set_schedule(same_base, 1, node))] == [1, 1]

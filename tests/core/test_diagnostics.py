"""What is measured of an update, against the plain formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export_cases import demo_with
from msgspec.structs import replace
from recorder import Recorder

from lrdesigner.document import Design, Freeze, Plan, Track
from lrdesigner.export import export
from lrdesigner.jobs.protocol import CriticalRate, Diagnostics, GroupDiagnostics, Metrics, encode_request
from lrdesigner.proof import trial_request
from lrdesigner.schedules import Length
from lrdesigner.trials.diagnostics_columns import DiagnosticsColumns
from lrdesigner.trials.options import TrialOptions

pytestmark = pytest.mark.torch


def groups() -> tuple[Any, Any, Any]:
    import torch

    torch.manual_seed(0)
    moving, silent = torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(
        [
            {"params": moving.parameters(), "lr": 0.1, "weight_decay": 0.5},
            {"params": silent.parameters(), "lr": 0.2, "weight_decay": 0.0},
        ]
    )
    return moving, silent, optimizer


def test_norms_are_those_of_gradients_weights_and_of_the_change_that_was_made() -> None:
    import torch

    from lrdesigner.child.diagnostics import Watch

    moving, _, optimizer = groups()
    watch = Watch([optimizer], ["moving", "silent"], lambda update: update == 3)
    moving(torch.ones(4, 3)).square().mean().backward()
    before = torch.cat([p.detach().flatten() for p in moving.parameters()])
    gradients = torch.cat([p.grad.flatten() for p in moving.parameters()])
    watch.before(3)
    optimizer.step()
    watch.after()
    change = torch.cat([p.detach().flatten() for p in moving.parameters()]) - before
    assert watch.measured is not None
    found = watch.measured["moving"]
    assert found["gradient_norm"] == pytest.approx(gradients.norm().item(), rel=1e-6)
    assert found["weight_norm"] == pytest.approx(before.norm().item(), rel=1e-6)
    assert found["update_norm"] == pytest.approx(change.norm().item(), rel=1e-5)
    assert found["decay_norm"] == pytest.approx(0.1 * 0.5 * before.norm().item(), rel=1e-6)
    assert (found["numel"], found["without_gradient"]) == (8, 0)
    other = watch.measured["silent"]
    assert (other["gradient_norm"], other["update_norm"]) == (0.0, 0.0)
    assert (other["numel"], other["without_gradient"]) == (6, 6)


def test_nothing_is_kept_or_measured_of_other_updates() -> None:
    from lrdesigner.child.diagnostics import Watch

    _, _, optimizer = groups()
    watch = Watch([optimizer], ["moving", "silent"], lambda update: update == 3)
    watch.before(2)
    watch.after()
    assert (watch.measured, watch.weights) == (None, [])


def test_what_is_not_finite_is_told_as_unknown() -> None:
    import torch

    from lrdesigner.child.diagnostics import Watch

    moving, _, optimizer = groups()
    moving.weight.grad = torch.full((2, 3), float("nan"))
    watch = Watch([optimizer], ["moving", "silent"], lambda _: True)
    watch.before(0)
    optimizer.step()
    watch.after()
    assert watch.measured is not None
    assert watch.measured["moving"]["gradient_norm"] is None
    assert watch.measured["moving"]["update_norm"] is None


def reports_of(design: Design, folder: Path, options: TrialOptions) -> list[Any]:
    from lrdesigner.child.trial_job import trial

    (folder / "exported.py").write_text(export(design))
    channel = Recorder()
    request = json.loads(encode_request(trial_request(design, folder / "exported.py", options)))
    assert trial(request, channel)[0] == "finished"
    return channel.reports


def test_a_trial_measures_every_so_many_updates_and_leaves_no_trace_in_the_run(tmp_path: Path) -> None:
    frozen = {"lr": Track(0.001), "freeze": (Freeze(Length(0.0, "steps"), Length(4.0, "steps")),)}
    design = replace(demo_with({}, frozen), plan=Plan(9, 1))
    quiet = TrialOptions(device="cpu", data="synthetic", diagnose_every=0, batch_size=8)
    loud = replace(quiet, diagnose_every=3, probes=2)
    plain, measured = (reports_of(design, tmp_path, options) for options in (quiet, loud))
    losses = [[r.loss for r in found if isinstance(r, Metrics)] for found in (plain, measured)]
    assert losses[0] == losses[1]
    assert not [r for r in plain if isinstance(r, Diagnostics | CriticalRate)]
    diagnostics = [r for r in measured if isinstance(r, Diagnostics)]
    assert [r.step for r in diagnostics] == [0, 2, 3, 6, 8]
    assert diagnostics[0].groups["head"].update_norm == 0.0
    assert diagnostics[0].groups["backbone"].update_norm > 0  # type: ignore[operator]
    assert all(r.memory > 0 and r.seconds_per_update > 0 for r in diagnostics)
    rates = [(r.step, r.group) for r in measured if isinstance(r, CriticalRate)]
    assert rates == [(step, group) for step in (2, 6) for group in ("backbone", "head", "")]
    head = [r for r in measured if isinstance(r, CriticalRate) and r.group == "head"]
    assert (head[0].factor, head[0].evaluations) == (None, 0)  # frozen then
    assert head[1].evaluations > 0


def test_several_param_groups_count_as_one_by_the_root_of_their_squares() -> None:
    columns = DiagnosticsColumns()
    for step in (0, 10):
        one = GroupDiagnostics(gradient_norm=3.0, weight_norm=6.0, update_norm=0.03, numel=10, without_gradient=5)
        other = GroupDiagnostics(gradient_norm=4.0, weight_norm=8.0, update_norm=0.04, numel=30, without_gradient=5)
        columns.add(Diagnostics(step, {"a": one, "b": other}))
    assert columns.steps.array.tolist() == [0.0, 10.0]
    assert columns.norm(["a", "b"], "gradient_norm").tolist() == [5.0, 5.0]
    assert columns.update_ratio(["a", "b"]) == pytest.approx([0.005, 0.005])
    assert columns.without_gradient(["a", "b"]).tolist() == [0.25, 0.25]


def test_a_group_that_is_first_heard_of_later_is_unknown_before() -> None:
    columns = DiagnosticsColumns()
    columns.add(Diagnostics(0, {"a": GroupDiagnostics(gradient_norm=1.0)}))
    columns.add(Diagnostics(1, {"b": GroupDiagnostics(gradient_norm=2.0)}))
    assert str(columns.norm(["a"], "gradient_norm").tolist()) == "[1.0, nan]"
    assert str(columns.norm(["b"], "gradient_norm").tolist()) == "[nan, 2.0]"

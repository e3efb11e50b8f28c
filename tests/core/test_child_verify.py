from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from export_cases import CASES
from recorder import Recorder

from lrdesigner.curves import values_at
from lrdesigner.document import Design
from lrdesigner.export import export
from lrdesigner.jobs.protocol import ParamGroups, Progress, Values, VerifyRequest, decode_report, encode_request
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_job
from lrdesigner.models.source import parse_source
from lrdesigner.param_groups import param_groups
from lrdesigner.proof import exported_file, verify_request
from lrdesigner.verification import Verdict, Verifier, report_taker

pytestmark = pytest.mark.torch

LENET = parse_source("demo:lenet").child_source

TWO_OPTIMIZERS = """
import math
import torch
from torch.optim.lr_scheduler import LambdaLR

def build_optimizers(model):
    head = {"name": "head", "params": list(model.classifier.named_parameters()), "lr": 0.5, "betas": (0.8, 0.95)}
    return (
        torch.optim.SGD([{"name": "features", "params": model.features.parameters(), "lr": 0.1, "momentum": 0.9}]),
        torch.optim.AdamW([head], weight_decay=0.02, eps=math.inf),
    )

def build_schedulers(optimizers):
    return tuple(LambdaLR(optimizer, lambda step: 1 / (1 + step)) for optimizer in optimizers)
"""

ONE_OPTIMIZER = """
import torch
from torch.optim.lr_scheduler import LambdaLR

def build_optimizer(model):
    {check}
    return torch.optim.SGD([{{"name": "all", "params": model.parameters(), "lr": 0.1}}])

def build_scheduler(optimizer):
    return LambdaLR(optimizer, lambda step: {factor})
"""


def verify(tmp_path: Path, text: str, steps: int, stop_at: int | None = None) -> tuple[Outcome, list[Any]]:
    file = tmp_path / "lr_plan.py"
    file.write_text(text)
    seen: list[Any] = []

    def stop() -> bool:
        return stop_at is not None and any(isinstance(r, Progress) and r.done >= stop_at for r in seen)

    request = VerifyRequest(LENET, str(file), steps)
    return run_job(request, seen.append, time_limit=60, should_stop=stop), seen


def of(kind: type, reports: Sequence[Any]) -> list[Any]:
    return [report for report in reports if isinstance(report, kind)]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[Any]]:
    return verify(tmp_path_factory.mktemp("verify"), TWO_OPTIMIZERS, 6000)


def test_the_param_groups_of_all_optimizers_come_in_order_before_the_values(two: tuple[Outcome, list[Any]]) -> None:
    outcome, reports = two
    assert outcome.state == "finished"
    assert outcome.metrics == {"steps": 6000}
    groups = of(ParamGroups, reports)[0].groups
    assert [(group.name, group.optimizer) for group in groups] == [("features", "SGD"), ("head", "AdamW")]
    assert groups[0].parameters == ("features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias")
    assert reports.index(of(ParamGroups, reports)[0]) < reports.index(of(Values, reports)[0])


def test_options_are_plain_values_as_the_file_gave_them(two: tuple[Outcome, list[Any]]) -> None:
    features, head = of(ParamGroups, two[1])[0].groups
    assert features.options["lr"] == 0.1
    assert features.options["nesterov"] is False
    assert head.options["betas"] == [0.8, 0.95]
    assert head.options["eps"] == "inf"
    assert not {"params", "param_names", "name", "initial_lr"} & (set(head.options) | set(features.options))


def test_every_step_has_the_value_that_it_uses(two: tuple[Outcome, list[Any]]) -> None:
    chunks = of(Values, two[1])
    assert [chunk.start for chunk in chunks] == [0, 5000]
    rates = [lr for chunk in chunks for lr in chunk.groups["features"]["lr"]]
    assert len(rates) == 6000
    assert all(math.isclose(lr, 0.1 / (1 + step), rel_tol=1e-12) for step, lr in enumerate(rates))


def test_the_tracks_are_those_that_the_optimizer_has(two: tuple[Outcome, list[Any]]) -> None:
    groups = of(Values, two[1])[0].groups
    assert set(groups["features"]) == {"lr", "weight_decay", "momentum"}
    assert set(groups["head"]) == {"lr", "weight_decay", "beta1", "beta2"}
    assert groups["head"]["beta2"][0] == 0.95


def test_progress_comes_at_most_ten_times_a_second_and_a_stop_keeps_the_values(tmp_path: Path) -> None:
    outcome, reports = verify(tmp_path, ONE_OPTIMIZER.format(check="", factor="1"), 10_000_000, stop_at=1000)
    assert outcome.state == "stopped"
    done = sum(len(chunk.groups["all"]["lr"]) for chunk in of(Values, reports))
    assert done == outcome.metrics["steps"] >= 1000
    assert len(of(Progress, reports)) < 100


@pytest.mark.parametrize(
    ("check", "factor", "told"),
    [
        ("raise ValueError('changed')", "1", "Building the optimizer of lr_plan.py failed: ValueError: changed."),
        ("", "1 / (step - 3)", "Stepping the optimizer at step 2 failed: ZeroDivisionError: division by zero."),
        ("", "1e400 if step == 3 else 1", "The lr of group 'all' became inf at step 3."),
    ],
)
def test_a_file_that_cannot_be_used_fails_with_its_reason(tmp_path: Path, check: str, factor: str, told: str) -> None:
    from lrdesigner.child.failures import JobError, describe
    from lrdesigner.child.verify_job import verify as verify_here

    file = tmp_path / "lr_plan.py"
    file.write_text(ONE_OPTIMIZER.format(check=check, factor=factor))
    channel = Recorder()
    with pytest.raises(JobError) as caught:
        verify_here({"source": LENET, "exported_file": str(file), "steps": 10}, channel)
    assert str(caught.value) == told
    where = describe(caught.value, [str(file)])["where"]
    assert where.startswith(f"{file}:") == (caught.value.__cause__ is not None)


def test_faulty_groups_are_told() -> None:
    import torch

    from lrdesigner.child.exported import Groups
    from lrdesigner.child.failures import JobError

    model = torch.nn.Linear(1, 1)
    stranger = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    with pytest.raises(JobError, match="not a parameter of the model"):
        Groups([stranger]).report(model)
    twice = [torch.optim.SGD([{"name": "a", "params": [p]}], lr=0.1) for p in model.parameters()]
    with pytest.raises(JobError, match="same name: a, a"):
        Groups(twice)


def test_a_rate_held_in_a_tensor_is_a_plain_number() -> None:
    import torch

    from lrdesigner.child.exported import Groups

    model = torch.nn.Linear(1, 1)
    groups = Groups([torch.optim.SGD(model.parameters(), lr=torch.tensor(0.25))])
    assert groups.report(model)[0]["options"]["lr"] == 0.25
    assert groups.rates(0) == {"group 0": 0.25}


# Exported files, in this process


def verified_here(tmp_path: Path, design: Design, text: str) -> Verdict:
    """What the verifier makes of the reports about this text, sent as they are between processes."""
    from lrdesigner.child.verify_job import verify as verify_here

    file = tmp_path / "exported.py"
    file.write_text(text)
    channel, verifier = Recorder(), Verifier(design)
    assert verify_here(json.loads(encode_request(verify_request(design, file))), channel)[0] == "finished"
    take = report_taker(verifier, lambda _: None)
    for kind, fields in channel.sent:
        take(decode_report(json.dumps({"kind": kind, **fields}).encode()))
    return verifier.verdict()


@pytest.mark.parametrize("name", [name for name in CASES if "greedy" not in name])
def test_every_case_is_verified_in_all_its_tracks(tmp_path: Path, name: str) -> None:
    design = CASES[name]
    verdict = verified_here(tmp_path, design, export(design))
    assert verdict.problems == ()
    assert verdict.steps == 450
    for group, tracks in verdict.differences.items():
        assert set(tracks) == set(values_at(_named(design, group), design.plan, [0]))


def _named(design: Design, name: str) -> Any:
    return next(group for groups in param_groups(design) for group in groups if group.name == name)


@pytest.mark.parametrize(
    ("name", "written", "instead", "problem"),
    [
        ("thaw", "((0, 90), (300, ", "((0, 91), (300, ", "at step 90"),
        ("thaw", "def apply_freeze(", "def apply_nothing(", "backbone: 8 parameters need a gradient at step 0"),
        ("never_trains", "requires_grad_(not frozen)", "requires_grad_(True)", "8 parameters of no param group"),
        ("plateau", "METRIC_EVERY = 45", "METRIC_EVERY = 44", "backbone: lr is"),
        ("plateau", "factor=0.1", "factor=0.2", "backbone: lr is"),
        ("betas", 'group["betas"] = (value, group["betas"][1])', "pass", "head: beta1 is"),
    ],
)
def test_a_file_that_does_something_else_is_told(
    tmp_path: Path, name: str, written: str, instead: str, problem: str
) -> None:
    text = export(CASES[name])
    assert text.count(written) == 1
    verdict = verified_here(tmp_path, CASES[name], text.replace(written, instead))
    assert any(problem in told for told in verdict.problems), verdict.problems


@pytest.mark.parametrize("every", ["(45, 45)", "0", "()"])
def test_an_interval_that_cannot_be_is_told(tmp_path: Path, every: str) -> None:
    from lrdesigner.child.failures import JobError

    text = export(CASES["plateau"]).replace("METRIC_EVERY = 45", f"METRIC_EVERY = {every}")
    with pytest.raises(JobError, match=r"METRIC_EVERY of exported\.py does not fit its 1 schedulers"):
        verified_here(tmp_path, CASES["plateau"], text)


def test_a_child_verifies_what_freezes_and_follows_a_metric() -> None:
    design = CASES["plateau_of_one"]
    verifier = Verifier(design)
    with exported_file(design) as file:
        outcome = run_job(verify_request(design, file), report_taker(verifier, lambda _: None), time_limit=60)
    assert outcome.state == "finished"
    assert verifier.verdict().problems == ()

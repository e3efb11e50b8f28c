from __future__ import annotations

import itertools
import json
import math
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from export_cases import demo_with
from jobs_here import imports_undone
from msgspec.structs import replace
from recorder import Recorder

from lrdesigner.document import Design, Freeze, Plan, Track
from lrdesigner.export import export
from lrdesigner.jobs.protocol import Heartbeat, Metrics, TrialRequest, encode_request
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_job
from lrdesigner.models.source import parse_source
from lrdesigner.proof import trial_request
from lrdesigner.schedules import Length, Plateau
from lrdesigner.trials.options import TrialOptions

pytestmark = pytest.mark.torch

ON_NOISE = TrialOptions(device="cpu", data="synthetic")

EXPORTED = """
import torch
from torch.optim.lr_scheduler import LambdaLR

def build_optimizer(model):
    groups = [
        {{"name": "features", "params": list(model.features.parameters()), "lr": {lr} / 2}},
        {{"name": "classifier", "params": list(model.classifier.parameters()), "lr": {lr}}},
    ]
    return torch.optim.SGD(groups, momentum=0.9)

def build_scheduler(optimizer):
    return LambdaLR(optimizer, [lambda step: 0.0 if step < 5 else 1.0, lambda step: 0.99 ** step])

def apply_freeze(model, step):
    for parameter in model.features.parameters():
        parameter.requires_grad_(step >= 5)
"""


def trial(folder: Path, steps: int, lr: float = 0.05, stop_at: int | None = None, **options: Any) -> Any:
    file = folder / "lr_plan.py"
    file.write_text(EXPORTED.format(lr=lr))
    seen: list[Any] = []

    def stop() -> bool:
        return stop_at is not None and any(isinstance(r, Metrics) and r.step >= stop_at for r in seen)

    source = options.pop("source", parse_source("demo:lenet").child_source)
    request = TrialRequest(source, str(file), steps, TrialOptions(**{"device": "cpu", **options}))
    return run_job(request, seen.append, time_limit=100, should_stop=stop), seen


def steps_of(reports: list[Any]) -> list[Metrics]:
    return [report for report in reports if isinstance(report, Metrics)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[Any]]:
    return trial(tmp_path_factory.mktemp("trial"), 150)  # type: ignore[no-any-return]


def test_the_demo_learns_the_digits(finished: tuple[Outcome, list[Any]]) -> None:
    metrics = finished[0].metrics
    assert finished[0].state == "finished"
    assert metrics["steps"] == 150
    assert metrics["device"] == "cpu"
    assert metrics["parameters"] == 62_006
    assert 2.0 < metrics["first_loss"] < 2.6
    assert metrics["final_loss"] < 0.6
    assert metrics["test_accuracy"] > 0.8
    assert metrics["seconds"] > 0


def test_every_step_reports_its_loss_and_the_rate_that_it_used(finished: tuple[Outcome, list[Any]]) -> None:
    reports = steps_of(finished[1])
    assert [report.step for report in reports] == list(range(150))
    assert reports[0].lr == {"features": 0.0, "classifier": 0.05}
    assert reports[5].lr == pytest.approx({"features": 0.025, "classifier": 0.05 * 0.99**5}, rel=1e-12)
    assert finished[0].metrics["first_loss"] == reports[0].loss
    last = [report.loss for report in reports[-10:]]
    assert finished[0].metrics["final_loss"] == pytest.approx(sum(last) / 10)


def test_the_same_request_gives_the_same_numbers_and_a_stop_keeps_them(
    finished: tuple[Outcome, list[Any]], tmp_path: Path
) -> None:
    outcome, reports = trial(tmp_path, 1_000_000, stop_at=20)
    assert outcome.state == "stopped"
    assert outcome.metrics["steps"] == len(steps_of(reports)) >= 21
    assert "test_accuracy" not in outcome.metrics
    both = list(zip(steps_of(reports), steps_of(finished[1]), strict=False))
    assert [mine.loss for mine, _ in both] == [other.loss for _, other in both]


@pytest.fixture
def clean_imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield from imports_undone(tmp_path_factory.getbasetemp())


def trial_here(folder: Path, steps: int, lr: float, data: str) -> tuple[str, dict[str, Any], list[Any]]:
    from lrdesigner.child.trial_job import trial as run_trial

    (folder / "lr_plan.py").write_text(EXPORTED.format(lr=lr))
    channel = Recorder()
    source = parse_source("demo:lenet").child_source
    request = TrialRequest(source, str(folder / "lr_plan.py"), steps, TrialOptions(device="cpu", data=data))
    reason, metrics = run_trial(json.loads(encode_request(request)), channel)
    return reason, metrics, [fields for kind, fields in channel.sent if kind == "metrics"]


@pytest.mark.usefixtures("clean_imports")
def test_a_rate_that_is_too_high_ends_as_diverged_with_the_step(tmp_path: Path) -> None:
    reason, metrics, reports = trial_here(tmp_path, 200, 1e20, "synthetic")
    assert reason == "diverged"
    assert metrics["diverged_at_step"] == len(reports) == metrics["steps"]
    assert 0 < metrics["steps"] < 20
    assert all(math.isfinite(report["loss"]) for report in reports)


@pytest.mark.usefixtures("clean_imports")
def test_data_of_the_user_that_the_model_does_not_take_is_told_with_its_shape(tmp_path: Path) -> None:
    from lrdesigner.child.failures import JobError

    (tmp_path / "data.py").write_text("import torch\ndef make(): return [(torch.zeros(4, 3, 8, 8), torch.zeros(4))]\n")
    with pytest.raises(JobError) as caught:
        trial_here(tmp_path, 5, 0.1, f"{tmp_path / 'data.py'}:make")
    told = "The forward pass of step 0, with inputs of shape (4, 3, 8, 8) float32, failed: "
    assert str(caught.value).startswith(told)


def test_heartbeats_tell_the_steps_done(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nimport torch\n"
        "def make():\n"
        "    for _ in range(3):\n"
        "        yield torch.zeros(2, 3, 32, 32), torch.zeros(2, dtype=torch.int32)\n"
        "    time.sleep(1.5)\n"
        "    yield torch.zeros(2, 3, 32, 32), torch.zeros(2, dtype=torch.int32)\n"
    )
    outcome, reports = trial(tmp_path, 4, data=f"{tmp_path / 'slow.py'}:make")
    assert outcome.state == "finished"
    assert "test_accuracy" not in outcome.metrics
    assert 3 in [report.step for report in reports if isinstance(report, Heartbeat)]


# Exported designs, in this process


def trial_of(folder: Path, design: Design) -> list[Any]:
    from lrdesigner.child.trial_job import trial as run_trial

    (folder / "exported.py").write_text(export(design))
    channel = Recorder()
    request = json.loads(encode_request(trial_request(design, folder / "exported.py", ON_NOISE)))
    assert run_trial(request, channel)[0] == "finished"
    return [fields for kind, fields in channel.sent if kind == "metrics"]


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_metric_is_the_mean_loss_since_the_last_evaluation(tmp_path: Path, mode: Any) -> None:
    import torch

    every, factor = 2, 0.5
    plateau = Plateau(factor, 0, mode, every=Length(float(every), "steps"))
    design = replace(demo_with({}, {"lr": Track(0.001, plateau)}), plan=Plan(9, 2))
    reports = trial_of(tmp_path, design)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.001)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode, factor, 0)
    losses: list[float] = []
    for report in reports:
        assert report["lr"]["head"] == optimizer.param_groups[0]["lr"]
        losses.append(report["loss"])
        if len(losses) % every == 0:
            mean = sum(losses[-every:]) / every
            scheduler.step(mean if mode == "min" else math.exp(-mean))
    assert report["lr"]["head"] < 0.001
    assert report["lr"]["backbone"] != reports[0]["lr"]["backbone"]  # a curve beside it


@pytest.mark.usefixtures("clean_imports")
def test_a_trial_in_which_everything_is_frozen_at_first_starts_to_learn_when_it_thaws(tmp_path: Path) -> None:
    frozen = {"freeze": (Freeze(Length(0.0, "steps"), Length(3.0, "steps")),)}
    reports = trial_of(tmp_path, replace(demo_with(frozen, frozen), plan=Plan(6, 1)))
    assert [report["lr"]["head"] > 0 for report in reports] == [False] * 3 + [True] * 3


# Data and steps, in this process


def batches(folder: Path, text: str, count: int, batch_size: int = 2) -> list[Any]:
    import torch

    from lrdesigner.child.data.trial_data import trial_data

    (folder / "data.py").write_text("import torch\n" + textwrap.dedent(text))
    data = trial_data(f"{folder / 'data.py'}:make", torch.nn.Linear(1, 2), batch_size, 0)
    return list(itertools.islice(data.batches, count))


PAIRS = "pairs = [(torch.full((2, 1), float(i)), torch.tensor([i, i])) for i in range(2)]\n"


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize(
    "make",
    [
        "def make(): return pairs",
        "def make(): yield from pairs",
        "def make(): return iter(pairs)",
        "def make(): return torch.utils.data.DataLoader(pairs, batch_size=None)",
        "def make(): return [(x.numpy(), y.tolist()) for x, y in pairs]",
    ],
)
def test_batches_of_the_user_start_again_when_they_are_used_up(tmp_path: Path, make: str) -> None:
    found = batches(tmp_path, PAIRS + make, 5)
    assert [batch.targets.tolist() for batch in found] == [[0, 0], [1, 1]] * 2 + [[0, 0]]


@pytest.mark.usefixtures("clean_imports")
def test_a_dataset_of_the_user_is_shuffled_and_batched(tmp_path: Path) -> None:
    text = "def make(): return torch.utils.data.TensorDataset(torch.zeros(7, 3), torch.arange(7))"
    found = batches(tmp_path, text, 3, batch_size=3)
    assert [tuple(batch.positional[0].shape) for batch in found] == [(3, 3)] * 3
    assert len({int(target) for batch in found[:2] for target in batch.targets}) == 6


@pytest.mark.usefixtures("clean_imports")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("make = 3", "make in data.py is not a function"),
        ("def make(path): ...", "callable without arguments"),
        ("def make(): ...", "a value of type NoneType"),
        ("def make(): return {'a': 1}", "a value of type dict"),
        ("def make(): return []", "holds no batches"),
        ("def make(): return [3]", "pairs (inputs, targets), but a batch is a int"),
        ("def make(): return [(1, 2, 3)]", "a batch is a tuple of 3"),
        ("def make(): return [('a', 'b')]", "cannot be made a tensor"),
        ("def make(): return [(torch.zeros(3, 1), torch.zeros(2))]", "the same first dimension"),
        ("def make(): return [(torch.zeros(0, 1), torch.zeros(0))]", "an empty batch"),
        ("def make(): raise OSError('disk')", "Calling make in data.py failed: OSError: disk."),
        ("def make():\n    yield 1 / 0", "ZeroDivisionError"),
        ("def make():\n    exit(1)", "called exit(1)"),
        ("def other(): ...", "data.py has no 'make'; it offers other."),
    ],
)
def test_data_that_cannot_be_trained_on_is_told_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    from lrdesigner.child.failures import JobError

    with pytest.raises(JobError) as caught:
        batches(tmp_path, text, 2)
    assert told in str(caught.value)


@pytest.mark.parametrize(("data", "batch_size"), [("mnist", 2), ("demo", 0)])
def test_unknown_data_and_empty_batches_are_refused(data: str, batch_size: int) -> None:
    import torch

    from lrdesigner.child.data.trial_data import trial_data
    from lrdesigner.child.failures import JobError

    with pytest.raises(JobError):
        trial_data(data, torch.nn.Linear(1, 2), batch_size, 0)


def test_a_model_with_too_few_outputs_is_told_before_the_loss_fails() -> None:
    import torch

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.losses import check_scores

    with pytest.raises(JobError, match=r"shape \(2, 5\).*10 classes"):
        check_scores(torch.zeros(2, 5), torch.zeros(2).long(), 10)
    with pytest.raises(JobError, match="class 7"):
        check_scores(torch.zeros(2, 5), torch.tensor([1, 7]), None)
    check_scores(torch.zeros(2, 5), torch.tensor([1, -100]), None)


def test_the_logits_of_a_composed_output_are_found() -> None:
    import torch

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.losses import scores_in

    ones = torch.ones(1)
    for output in (ones, {"logits": ones}, (ones, 3), {"hidden": ones}, type("Output", (), {"logits": ones})()):
        assert scores_in(output) is ones
    with pytest.raises(JobError, match="neither a tensor"):
        scores_in(None)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("MPS backend out of memory"), RuntimeError("DefaultCPU: can't allocate memory")],
)
def test_running_out_of_memory_is_told_as_such(error: Exception) -> None:
    import torch

    from lrdesigner.child.data.batch import Batch
    from lrdesigner.child.failures import JobError
    from lrdesigner.child.losses import output_of

    def forward(_: Any) -> Any:
        raise error

    with pytest.raises(JobError, match=r"shape \(1,\) float32, ran out of memory; use a smaller batch size"):
        output_of(forward, Batch((torch.ones(1),)), "step 0")


def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from lrdesigner.child.failures import JobError
    from lrdesigner.child.training_step import chosen_device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert chosen_device("auto").type == "cpu"
    with pytest.raises(JobError, match="no cuda device"):
        chosen_device("cuda")
    with pytest.raises(JobError, match="Unknown device 'gpu'"):
        chosen_device("gpu")

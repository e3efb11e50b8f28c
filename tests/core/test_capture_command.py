"""`lrdesigner capture`: a function of the user's file is called in a child, and becomes a design."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs_here import jobs_here

from lrdesigner.cli.commands import run
from lrdesigner.design_file import load
from lrdesigner.document import DecayExemption, Follow
from lrdesigner.optimizers import AdamWOptions
from lrdesigner.schedules import Cosine, Keyframes

pytestmark = pytest.mark.torch

FILE = """
import torch

class Net(torch.nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.body = torch.nn.Linear(3, width)
        self.norm = torch.nn.LayerNorm(width)
        self.head = torch.nn.Linear(width, 2)

def make(width=4, steps=300):
    model = Net(width)
    rows = [{"params": [*model.body.parameters(), *model.norm.parameters()], "lr": 1e-3, "name": "backbone"},
            {"params": model.head.parameters(), "lr": 1e-2}]
    optimizer = torch.optim.AdamW(rows, weight_decay=0.2)
    return model, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

def curved():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.5, dtype=torch.float64))
    return model, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step / 50))

def decayed():
    model = Net()
    return model, torch.optim.AdamW([
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ])

def only_a_model():
    return Net()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(FILE)
    return path


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    yield from jobs_here(monkeypatch, tmp_path)


def test_a_function_becomes_a_design_of_the_models_own_class(
    file: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    output = file.with_name("net.lrd.json")
    assert run(["capture", f"{file}:make", "-o", str(output), "--steps-per-epoch", "30"]) == 0
    design = load(output)
    assert design.model.source == f"{file}:Net"
    assert [group.name for group in design.groups] == ["backbone", "head"]
    assert [group.options for group in design.groups] == [AdamWOptions(weight_decay=0.2)] * 2
    assert all(isinstance(group.lr.schedule, Cosine) for group in design.groups)
    assert (design.plan.epochs, design.plan.steps_per_epoch) == (10, 30)
    assert design.groups[1].follow == Follow(1, 10.0)
    assert "2 groups" in capsys.readouterr().err
    request.getfixturevalue("here")
    assert run(["verify", str(output), "--trust"]) == 0


@pytest.mark.usefixtures("here")
def test_with_arguments_the_function_itself_makes_the_model(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = file.with_name("wide.lrd.json")
    assert run(["capture", f"{file}:make", "-o", str(output), "--kwargs", '{"width": 8, "steps": 40}']) == 0
    design = load(output)
    assert (design.model.source, design.model.kwargs) == (f"{file}:make", {"width": 8, "steps": 40})
    assert "make gives more than the model" in capsys.readouterr().err
    assert design.plan.total_steps == 40


@pytest.mark.usefixtures("here")
def test_param_groups_that_mean_one_are_one_unless_they_are_wanted_apart(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    together, apart = file.with_name("a.lrd.json"), file.with_name("b.lrd.json")
    assert run(["capture", f"{file}:decayed", "-o", str(together), "--steps", "50"]) == 0
    assert [group.exempt for group in load(together).groups] == [DecayExemption()]
    assert "2 param groups are one group here, part of it without weight decay" in capsys.readouterr().err
    assert run(["capture", f"{file}:decayed", "-o", str(apart), "--steps", "50", "--no-fold"]) == 0
    assert [(group.exempt, group.follow) for group in load(apart).groups] == [(None, None)] * 2


@pytest.mark.usefixtures("here")
def test_what_needs_real_numbers_is_made_again_and_what_was_sampled_is_told(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = file.with_name("curved.lrd.json")
    assert run(["capture", f"{file}:curved", "-o", str(output)]) == 0
    (group,) = load(output).groups
    assert group.lr.base == 0.5
    assert isinstance(group.lr.schedule, Keyframes)
    told = capsys.readouterr().err
    assert "1,000 steps are assumed" in told
    assert "The lr was sampled; its keys are off by" in told


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["only_a_model"], "must return (model, optimizer)"),
        (["make", "--steps", "0"], "--steps"),
        (["make", "--kwargs", "[]"], "JSON object"),
        (["make", "--kwargs", '{"depth": 3}'], "cannot be called with depth=3"),
    ],
)
def test_what_cannot_be_captured_is_one_line_and_nothing_is_written(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    output = file.with_name("none.lrd.json")
    assert run(["capture", f"{file}:{arguments[0]}", "-o", str(output), *arguments[1:]]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert not output.exists()


def test_an_existing_file_is_kept_without_force_and_a_demo_has_no_optimizer(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = file.with_name("kept.lrd.json")
    output.write_text("mine")
    assert run(["capture", f"{file}:make", "-o", str(output)]) == 2
    assert "add --force" in capsys.readouterr().err
    assert output.read_text() == "mine"
    assert run(["capture", "demo:lenet", "-o", str(file.with_name("new.lrd.json"))]) == 2
    assert "names no function" in capsys.readouterr().err

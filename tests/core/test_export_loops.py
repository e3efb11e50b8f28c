"""The loop in an exported script: its data, accumulation, and steps that a GradScaler skips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from export_cases import demo_with, steps
from msgspec.structs import replace
from strategies import run_export, torch_model

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Freeze, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export

pytestmark = pytest.mark.torch

HEAD = 2
DATA = """
import torch
def make():
    torch.manual_seed(1)
    return [(torch.randn(8, 3, 32, 32), torch.randint(0, 10, (8,))) for _ in range(6)]
def dataset():
    return torch.utils.data.TensorDataset(torch.randn(70, 3, 32, 32), torch.randint(0, 10, (70,)))
"""


def planned(plan: Plan, design: Design | None = None) -> Design:
    return edits.set_plan(design or demo_design(), plan)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_batches.py").write_text(DATA)
    monkeypatch.syspath_prepend(str(tmp_path))
    return f"{tmp_path / 'my_batches.py'}:"


def lines_of_steps(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("step ")]


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "LBFGS"])
def test_a_script_trains_for_the_whole_plan_on_the_chosen_data(
    optimizer: str, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    design = edits.set_optimizer(planned(Plan(6, 2)), HEAD, optimizer)
    text = export(design, ExportOptions(data=f"{data}make"))
    assert "/" not in text[text.index("def batches") : text.index("def compute_loss")]  # no path of this machine
    run_export(text)["main"]()
    assert [line.split(":")[0] for line in lines_of_steps(capsys.readouterr().out)] == [f"step {n}" for n in range(12)]


def test_a_dataset_comes_in_the_designed_batches_which_are_accumulated(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    design = planned(Plan(Batches(samples=70, batch_size=10, accumulation=3, drop_last=True), 2))
    exported = run_export(export(design, ExportOptions(data=f"{data}dataset")))
    assert [len(inputs) for inputs, _ in exported["batches"]()] == [10] * 14
    exported["main"]()
    assert len(lines_of_steps(capsys.readouterr().out)) == 14 // 3


@pytest.mark.parametrize("text", ["data", "data.txt:make", "my data.py:make", "d.py:a();b", "class.py:make", "d.py:"])
def test_what_is_no_function_of_a_file_is_no_data(text: str) -> None:
    with pytest.raises(UserError, match=r"is no data for a script; give FILE\.py:FUNCTION"):
        export(demo_design(), ExportOptions(data=text))


class Scaled:
    """A model trained under a GradScaler that starts too high, as a loop of a person's own would."""

    def __init__(self, design: Design) -> None:
        import torch

        self.exported = run_export(export(design))
        self.model = torch_model(design.model.inventory)
        several = "build_optimizers" in self.exported
        built = self.exported["build_optimizers" if several else "build_optimizer"](self.model)
        made = self.exported["build_schedulers" if several else "build_scheduler"](built)
        self.optimizers, self.schedulers = (built, made) if several else ((built,), (made,))
        self.scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=3)
        self.step = 0

    def attempt(self, spoiled: bool) -> bool:
        """One pass with gradients, not finite ones where `spoiled`; whether it was a step."""
        import torch

        if "apply_freeze" in self.exported:
            self.exported["apply_freeze"](self.model, self.step)
        needing = [p for p in self.model.parameters() if p.requires_grad]
        if needing:
            loss = torch.stack([p.sin().sum() for p in needing]).sum()
            self.scaler.scale(loss * float("inf") if spoiled else loss).backward()
        stepped: bool = self.exported["scaled_step"](self.scaler, *self.optimizers)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        if stepped:
            self.step += 1
            for scheduler in self.schedulers:
                scheduler.step()
        return stepped

    def rates(self) -> list[float]:
        return [group["lr"] for optimizer in self.optimizers for group in optimizer.param_groups]


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_skipped_step_does_not_move_the_schedule(name: str) -> None:
    design = demo_design() if name == "one" else edits.set_optimizer(demo_design(), HEAD, "SGD")
    spoiled, straight = Scaled(design), Scaled(design)
    pattern = [True, False, False, True, True, False, False, False, False, True, False]
    before: list[list[float]] = []
    for spoil in pattern:
        before.append(spoiled.rates())
        assert spoiled.attempt(spoil) is not spoil
    for _ in range(pattern.count(False)):
        assert straight.attempt(False)
    assert spoiled.step == straight.step
    assert spoiled.rates() == straight.rates()
    assert [a == b for a, b in zip(before, [*before[1:], spoiled.rates()], strict=True)] == pattern


@pytest.mark.parametrize("both", [False, True])
def test_a_scaler_steps_also_while_all_of_an_optimizer_is_frozen(both: bool) -> None:
    freeze = (Freeze(steps(0), steps(2)),)
    design = demo_with({"freeze": freeze}, {"freeze": freeze} if both else {})
    run = Scaled(edits.set_optimizer(design, HEAD, "SGD"))
    weights: list[Any] = []
    for _ in range(4):
        weights.append(run.model.state_dict()["classifier.5.weight" if both else "features.0.weight"].clone())
        assert run.attempt(False)
    assert run.step == 4
    assert [weights[n].equal(weights[n + 1]) for n in range(3)] == [True, True, False]


def test_the_loop_of_the_script_waits_where_the_scaler_skips(capsys: pytest.CaptureFixture[str]) -> None:
    exported = run_export(export(replace(demo_design(), plan=Plan(5, 1))))
    answers = iter([True, False, True, True, False])
    exported["scaled_step"] = lambda scaler, optimizer: (optimizer.step(), next(answers))[1]
    exported["main"]()
    found = [line.split(":")[0] for line in lines_of_steps(capsys.readouterr().out)]
    assert found == ["step 0", "step 1", "step 1", "step 2", "step 3"]

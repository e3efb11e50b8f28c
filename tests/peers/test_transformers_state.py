"""Files for the Trainer where it alone would go wrong: checkpoints of edited designs, evaluation, skipped steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from export_cases import CASES, demo_with, small, steps
from msgspec.structs import replace
from strategies import run_export, torch_model

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Plan, Track
from lrdesigner.export import ExportOptions, export
from lrdesigner.schedules import Absolute, Greedy, Linear, Plateau

pytestmark = pytest.mark.peers

STEPS = 30


def steered(node: Any) -> Design:
    """Both groups steered by the same metric, which one optimizer can do."""
    return demo_with({"lr": Track(0.1, node)}, {"lr": Track(0.1, node)})


# The loss falls, so that one which is to rise does not improve.
WORSE = steered(Plateau(0.5, 0, mode="max", every=steps(4)))
DESIGNS = {
    "plain": demo_design(),
    "weight_decay": CASES["weight_decay"],
    "plateau": WORSE,
    "greedy": steered(Greedy(0.9, patience=0, ceiling=Absolute(1.0), every=steps(4))),
}


def short(design: Design) -> Design:
    """The same for few steps, and parameters of one number each."""
    return edits.set_plan(small(design), Plan(STEPS // 3, 3))


class Run:
    """A run of the real Trainer, up to `until` steps, which notes the rates that each step uses."""

    def __init__(
        self,
        design: Design,
        folder: Path,
        *,
        until: int = STEPS,
        resume: bool = False,
        apply_edits: bool = False,
        scaler: Any = None,
        **arguments: Any,
    ) -> None:
        import torch
        import transformers

        self.rates = rates = list[list[float]]()
        self.file = file = run_export(export(design, ExportOptions("transformers", "snippet")))

        class Net(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                for name, child in torch_model(design.model.inventory).named_children():
                    self.add_module(name, child)

            def forward(self, x: Any, return_loss: bool = True) -> Any:
                return {"loss": torch.stack([p.sin().sum() for p in self.parameters()]).sum()}

        class Watch(transformers.TrainerCallback):  # type: ignore[misc, unused-ignore]
            def on_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
                rates.append([float(group["lr"]) for group in given["optimizer"].param_groups])

            def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
                control.should_training_stop |= state.global_step >= until

        if "METRIC_EVERY" in file:
            arguments = {
                "eval_strategy": "steps",
                "eval_steps": file["METRIC_EVERY"],
                "metric_for_best_model": "loss",
                **arguments,
            }
        arguments = {"max_steps": STEPS, "save_strategy": "steps", "save_steps": 20, **arguments}
        self.model = Net()
        self.pair = file["build_pair"](self.model)
        self.trainer = transformers.Trainer(
            self.model,
            transformers.TrainingArguments(
                str(folder),
                use_cpu=True,
                report_to="none",
                disable_tqdm=True,
                logging_strategy="no",
                dataloader_pin_memory=False,
                **arguments,
            ),
            train_dataset=[{"x": torch.zeros(1)}] * 64,
            eval_dataset=[{"x": torch.zeros(1)}] * 8,
            optimizers=self.pair,
            callbacks=[file["PlanCallback"](apply_edits=apply_edits), Watch()],
        )
        if scaler is not None:
            self.trainer.accelerator.scaler = scaler
        self.trainer.train(resume_from_checkpoint=resume)

    def weights(self) -> dict[str, list[float]]:
        return {name: value.tolist() for name, value in self.model.state_dict().items()}


@pytest.mark.parametrize("name", DESIGNS)
def test_a_run_resumed_from_a_checkpoint_is_the_same_run(name: str, tmp_path: Path) -> None:
    design = short(DESIGNS[name])
    straight = Run(design, tmp_path / "straight", save_strategy="no")
    Run(design, tmp_path / "halved", until=20)
    second = Run(design, tmp_path / "halved", resume=True)
    assert len({tuple(rates) for rates in straight.rates[20:]}) > 1
    assert second.rates == straight.rates[20:]
    assert second.weights() == straight.weights()


@pytest.mark.parametrize("apply_edits", [False, True])
def test_an_edited_base_rate_is_taken_if_one_asks_for_it(apply_edits: bool, tmp_path: Path) -> None:
    old = short(DESIGNS["plain"])
    first, second = old.groups
    new = replace(old, groups=(replace(first, lr=replace(first.lr, base=0.5)), second))
    Run(old, tmp_path, until=20)
    resumed = Run(new, tmp_path, resume=True, apply_edits=apply_edits)
    straight = Run(new if apply_edits else old, tmp_path / "straight", save_strategy="no")
    for found, rates in zip(resumed.rates, straight.rates[20:], strict=True):
        assert found == pytest.approx(rates, rel=1e-12)


def test_the_settings_of_a_plateau_are_those_of_the_file(tmp_path: Path) -> None:
    edited = steered(Plateau(0.1, 7, mode="max", every=steps(4)))
    before = Run(short(WORSE), tmp_path, until=20)
    after = Run(short(edited), tmp_path, resume=True)
    scheduler = after.pair[1]
    assert (scheduler.factor, scheduler.patience, scheduler.best) == (0.1, 7, before.pair[1].best)
    assert after.rates[0] == [group["lr"] for group in before.pair[0].param_groups] != [0.1, 0.1]


def test_a_checkpoint_of_other_groups_is_refused(tmp_path: Path) -> None:
    design = short(DESIGNS["plain"])
    first, second = design.groups
    Run(design, tmp_path, until=20)
    with pytest.raises(ValueError, match="the checkpoint has name backbone, not trunk"):
        Run(replace(design, groups=(replace(first, name="trunk"), second)), tmp_path, resume=True)


def test_a_trainer_that_makes_its_own_optimizer_is_told() -> None:
    file = run_export(export(DESIGNS["plain"], ExportOptions("transformers", "snippet")))
    with pytest.raises(ValueError, match="set optimizers=build_pair"):
        file["PlanCallback"]().on_init_end(None, None, None, optimizer=None)


@pytest.mark.parametrize(
    "wrong", [{"eval_strategy": "no"}, {"eval_steps": 7}, {"metric_for_best_model": None}, {"eval_strategy": "epoch"}]
)
def test_an_evaluation_that_does_not_steer_as_designed_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="eval_strategy='steps', eval_steps=4 and metric_for_best_model"):
        Run(short(DESIGNS["plateau"]), tmp_path, **wrong)


def test_evaluations_may_be_told_as_a_share_of_the_run(tmp_path: Path) -> None:
    run = Run(short(DESIGNS["plateau"]), tmp_path, eval_steps=4 / STEPS, save_strategy="no")
    assert len(run.rates) == STEPS


def test_the_schedule_waits_where_a_scaler_skips(tmp_path: Path) -> None:
    import torch

    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)  # gradients overflow until it is low enough
    design = short(demo_with({"lr": Track(0.1, Linear(1.0, 0.1))}))
    scaled = Run(design, tmp_path, save_strategy="no", scaler=scaler, max_grad_norm=0)
    straight = Run(design, tmp_path, save_strategy="no", max_grad_norm=0)
    skipped = scaled.rates.count(scaled.rates[0]) - 1
    assert skipped > 0
    assert scaled.rates[skipped:] == straight.rates[: STEPS - skipped]


def test_the_script_evaluates_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "rates.py").write_text(export(edits.set_plan(WORSE, Plan(4, 2)), ExportOptions("transformers")))
    done = subprocess.run(
        [sys.executable, "rates.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("step ")]
    assert lines == [f"step {number}" for number in range(8)]
    assert done.stdout.count("eval_loss") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["rates.py"]

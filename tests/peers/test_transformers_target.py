"""Files for the Trainer of transformers, under the real one: every step as designed, and a resumed run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from export_cases import CASES, exportable_designs, small
from hypothesis import HealthCheck, assume, given, settings
from msgspec.structs import replace
from target_runs import DESIGNS, assert_planned, exported, loss_of, model_of, needing, tracks

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export
from lrdesigner.tracks import frozen_stretches

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
transformers = pytest.importorskip("transformers")
NAMES = ["demo", "native", "weight_decay", "betas", "thaw", "never_trains", "plateau"]


def train(design: Design, folder: Path, steps: int | None = None, *, native: bool = False, **arguments: Any) -> Any:
    """A run of the Trainer; what it held before each step is in `found`, what needed gradients in `needed`."""
    import torch

    file = exported(design, "transformers", native=native)
    net: Any = model_of(design)
    kind: Any = type(net)

    class Net(kind):
        found: ClassVar[list[Any]] = []
        needed: ClassVar[list[set[str]]] = []

        def forward(self, x: Any, return_loss: bool = True) -> Any:
            if self.training:
                self.found.append(tracks([pair[0]]))
                self.needed.append(needing(self))
            return {"loss": loss_of(self)}

    Net.__name__ = kind.__name__  # which rules may ask for
    net.__class__ = Net
    pair = file["build_pair"](net)
    stop: list[Any] = []
    if steps is not None:

        class Stop(transformers.TrainerCallback):
            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                control.should_training_stop |= state.global_step >= steps

        stop.append(Stop())
    if "METRIC_EVERY" in file:
        every = file["METRIC_EVERY"]
        arguments = {"eval_strategy": "steps", "eval_steps": every, "metric_for_best_model": "loss"} | arguments
    resume = arguments.pop("resume", None)
    arguments = {"max_steps": design.plan.total_steps, "save_strategy": "no", **arguments}
    trainer = transformers.Trainer(
        net,
        transformers.TrainingArguments(
            str(folder), use_cpu=True, report_to="none", disable_tqdm=True, logging_strategy="no", seed=1, **arguments
        ),
        train_dataset=[{"x": torch.zeros(1)}] * 64,
        eval_dataset=[{"x": torch.zeros(1)}] * 8,
        optimizers=pair,
        callbacks=[file["PlanCallback"](), *stop],
    )
    trainer.train(resume_from_checkpoint=resume)
    return net


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(exportable_designs())
def test_every_track_of_any_design_is_at_every_step_what_was_drawn(tmp_path: Path, design: Design) -> None:
    assume(not any("Plateau" in type(group.lr.schedule).__name__ for group in design.groups))
    design = one_optimizer(design)
    try:
        exported(design, "transformers")
    except UserError as error:
        assume("Every group is frozen" not in str(error))
        raise
    net = train(design, tmp_path, 60)
    assert_planned(design, net.found[:60])


def one_optimizer(design: Design) -> Design:
    first = design.groups[0].options
    tracks = {"momentum": None, "beta2": None, "weight_decay": None}
    return replace(design, groups=tuple(replace(group, options=first, **tracks) for group in design.groups))


@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_the_cases_are_at_every_step_what_was_drawn_also_with_accumulation(
    name: str, accumulation: int, tmp_path: Path
) -> None:
    design = small(DESIGNS[name])
    net = train(design, tmp_path, 120, native=name == "native", gradient_accumulation_steps=accumulation)
    found = net.found[::accumulation]
    assert len(found) == 120
    assert_planned(design, found, native=name == "native")
    for group in design.groups:
        for start, end in frozen_stretches(group.freeze, design.plan):
            for step in range(start, min(end, 120)):
                needed = net.needed[step * accumulation]
                assert not [n for n in needed if n.startswith("classifier.5") == (group.id == 2)]


@pytest.mark.parametrize("name", ["demo", "native", "weight_decay", "thaw"])
def test_a_run_resumed_from_the_trainers_checkpoint_is_the_same_run(name: str, tmp_path: Path) -> None:
    import torch

    design = small(edits.set_plan(DESIGNS[name], replace(DESIGNS[name].plan, epochs=2)))
    native = name == "native"
    straight = train(design, tmp_path / "a", native=native)
    train(design, tmp_path / "b", 40, native=native, save_strategy="steps", save_steps=40)
    second = train(design, tmp_path / "b", native=native, resume=True)
    assert second.found == straight.found[40:]
    for key, weights in second.state_dict().items():
        torch.testing.assert_close(weights, straight.state_dict()[key], rtol=0, atol=0)


def test_a_trainer_with_another_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the Trainer makes 10 steps, designed were 450: set max_steps=450"):
        train(small(DESIGNS["demo"]), tmp_path, max_steps=10)
    with pytest.raises(ValueError, match="set eval_strategy='steps', eval_steps=45 and metric_for_best_model"):
        train(small(DESIGNS["plateau"]), tmp_path, eval_steps=7)


def test_a_frozen_norm_layer_keeps_its_statistics_though_the_trainer_calls_train(tmp_path: Path) -> None:
    import torch

    file = exported(CASES["thaw"], "transformers")
    norm = torch.nn.BatchNorm1d(2)
    model = torch.nn.Sequential(norm)
    calls: list[int] = []
    file["apply_freeze"] = None
    scope = file["PlanCallback"].on_train_begin.__globals__
    scope["apply_freeze"] = lambda model, step: (calls.append(step), norm.eval())
    state = type("State", (), {"max_steps": 450, "global_step": 0})()
    counter = type("Counter", (), {"last_epoch": 7})()
    callback = file["PlanCallback"]()
    callback.on_train_begin(None, state, None, model=model, lr_scheduler=counter)
    for _ in range(3):
        model.train()
        model(torch.randn(4, 2))
    assert calls == [7, 7, 7]
    assert int(norm.num_batches_tracked) == 0
    model.eval()
    model(torch.randn(4, 2))
    callback.on_train_end(None, state, None, model=model)
    model.train()
    model(torch.randn(4, 2))
    assert (len(calls), int(norm.num_batches_tracked)) == (3, 1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("two", "takes one optimizer, and the design has 2 (AdamW and SGD)"),
        ("two_plateaus", "each AdamW, steered differently"),
        ("both_frozen_at_first", "Every group is frozen at step 0"),
    ],
)
def test_what_the_trainer_cannot_do_is_refused(name: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        export(DESIGNS[name], ExportOptions("transformers"))
    assert words in str(caught.value)


def test_the_script_trains(tmp_path: Path) -> None:
    design = edits.set_plan(DESIGNS["thaw"], replace(DESIGNS["thaw"].plan, epochs=2))
    (tmp_path / "rates.py").write_text(export(design, ExportOptions("transformers")))
    done = subprocess.run([sys.executable, "rates.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\nstep ") == 90
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rates.py"]

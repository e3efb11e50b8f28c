"""Files for Lightning under its real Trainer: rates, freezing, accumulation, resuming, and steps that a scaler skips."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_cases import CASES, RECORDED, MovingTraining, demo_with, exportable_designs, planned, small, steps
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import FUNCTIONS, run_export, torch_model

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Freeze, Plan, Track
from lrdesigner.export import ExportOptions, export
from lrdesigner.param_groups import param_groups
from lrdesigner.proof import metrics_of
from lrdesigner.schedules import Cosine, Plateau

pytest.importorskip("lightning")
# Lightning warns of few workers, of a fit without logger, and of what it uses in torch.
pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

HEAD = 2
LIGHTNING = ExportOptions("lightning", form="snippet", schedule_form="functions")
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


def net(design: Design, model: Any = None, **attributes: Any) -> Any:
    """A module of the file's class that notes every track before each step, and logs the metrics of the design."""
    import torch

    exported = run_export(export(design, LIGHTNING))
    metrics = metrics_of(design)
    every = exported.get("METRIC_EVERY", 1)
    periods = every if isinstance(every, tuple) else (every,)
    names = tuple(f"metric_{place}" for place in range(len(metrics)))

    class Net(exported["DesignedOptimizers"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.exported, self.design = exported, design
            self.model = torch_model(design.model.inventory) if model is None else model
            self.found: list[dict[str, dict[str, float]]] = []
            self.trained: list[set[str]] = []
            self.spoiled: list[set[str] | None] = []
            self.attempts = 0

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            optimizers = self.optimizers(use_pl_optimizer=False)
            optimizers = optimizers if isinstance(optimizers, list) else [optimizers]
            if len(self.found) == self.designed_step():
                self.found.append({g["name"]: tracks(g) for o in optimizers for g in o.param_groups})
                self.trained.append({n for n, p in self.model.named_parameters() if p.requires_grad})
            self._log_metrics()
            bad = self.spoiled[self.attempts] if self.attempts < len(self.spoiled) else set()
            self.attempts += 1
            loss: Any = torch.zeros(())
            for name, p in self.model.named_parameters():
                if p.requires_grad:
                    loss = loss + p.sin().sum() * (float("inf") if bad is None or name in bad else 1.0)
            return self.optimize(loss, batch_idx) if len(optimizers) > 1 else loss

        def _log_metrics(self) -> None:
            done = self.designed_step() + 1  # as it is when the step has been made
            for name, values, period in zip(names, metrics, periods, strict=False):
                if values:
                    value = values[min(max(done // period, 1), len(values)) - 1]
                    self.trainer.callback_metrics[name] = torch.tensor(value, dtype=torch.float64)

    if any(metrics):
        Net.monitor = names if len(metrics) > 1 else names[0]
    made = Net()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def tracks(group: dict[str, Any]) -> dict[str, float]:
    betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
    return {key: float(group[key]) for key in ("lr", "weight_decay", "momentum") if key in group} | betas


def fit(module: Any, count: int, accumulation: int = 1, **more: Any) -> Any:
    """Train for so many steps, in one epoch; `more` is for Trainer, or for its fit."""
    import lightning
    import torch

    several = not module.automatic_optimization
    of_fit = {key: more.pop(key) for key in ("ckpt_path", "weights_only") if key in more}
    if several:
        module.accumulation = accumulation
    elif accumulation > 1:
        more["accumulate_grad_batches"] = accumulation
    number = len(param_groups(module.design)) if several else 1
    trainer = lightning.Trainer(**{**QUIET, "max_epochs": 1, "max_steps": number * count, **more})
    batches = torch.utils.data.DataLoader(torch.zeros(count * accumulation, 1), batch_size=1)
    trainer.fit(module, batches, **of_fit)
    return trainer


def saver(at: int, file: Path) -> Any:
    """A callback that writes a checkpoint behind so many steps."""
    import lightning

    class Saver(lightning.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            if module.designed_step() == at and not file.exists():
                trainer.save_checkpoint(file)

    return Saver()


def assert_as_planned(module: Any) -> None:
    for group, track, near, values in planned(module.design, len(module.found)):
        found = np.array([row[group][track] for row in module.found])
        assert (abs(found - values) <= near).all(), (group, track)


def assert_same_weights(one: Any, other: Any, near: float = 0.0) -> None:
    import torch

    there = other.state_dict()
    for name, weights in one.state_dict().items():
        torch.testing.assert_close(weights, there[name], rtol=near, atol=near, equal_nan=True)


@pytest.mark.parametrize("name", [name for name in CASES if "greedy" not in name])
def test_the_cases_are_at_every_step_what_was_drawn(name: str) -> None:
    design = small(CASES[name])
    module = net(design)
    fit(module, design.plan.total_steps)
    assert len(module.found) == design.plan.total_steps
    assert_as_planned(module)


@settings(max_examples=20, deadline=None)
@given(exportable_designs(), st.sampled_from([1, 1, 2, 3]))
def test_any_design_is_at_every_step_what_was_drawn_and_trains_as_a_loop_of_torch(
    design: Design, accumulation: int
) -> None:
    total = design.plan.total_steps
    module, loop = net(design), MovingTraining(design, FUNCTIONS)
    fit(module, total, accumulation)
    loop.train(total)
    assert len(module.found) == total
    assert_as_planned(module)
    assert module.found == loop.found
    assert_same_weights(module.model, loop.model, 0.0 if accumulation == 1 else 1e-4)


@settings(max_examples=12, deadline=None)
@given(exportable_designs(), st.data(), st.sampled_from([1, 2]))
def test_a_run_resumed_in_the_middle_is_the_same_run(
    tmp_path_factory: pytest.TempPathFactory, design: Design, data: st.DataObject, accumulation: int
) -> None:
    total = design.plan.total_steps
    assume(total > 1)
    at = data.draw(st.integers(1, total - 1))
    file = tmp_path_factory.mktemp("run") / "half.ckpt"
    straight, resumed = net(design), net(design)
    fit(straight, total, accumulation, callbacks=[saver(at, file)])
    resumed.found = straight.found[:at]
    fit(resumed, total, accumulation, ckpt_path=file, weights_only=True)
    assert resumed.found == straight.found
    assert resumed.designed_step() == straight.designed_step() == total
    assert_same_weights(resumed.model, straight.model)

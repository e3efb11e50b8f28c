"""What tests of files for Lightning share: modules of the file's class, and runs of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from export_cases import planned, steps
from msgspec.structs import replace
from target_runs import exported, model_of, needing, tracks

from lrdesigner import edits
from lrdesigner.document import Design, Freeze, Model, Plan, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.param_groups import param_groups
from lrdesigner.proof import metrics_of

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


def net(design: Design, *, native: bool = False, **attributes: Any) -> Any:
    """A module of the file's class that notes every track before each step, and logs the metrics of the design."""
    import torch

    file = exported(design, "lightning", native=native)
    metrics = metrics_of(design)
    every = file.get("METRIC_EVERY", 1)
    periods = every if isinstance(every, tuple) else (every,)
    names = tuple(f"metric_{place}" for place in range(len(metrics)))

    class Net(file["DesignedOptimizers"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.design = design
            self.model = model_of(design)
            self.found: list[dict[str, dict[str, float]]] = []
            self.needed: list[set[str]] = []
            self.spoiled: list[set[str] | None] = []
            self.attempts = 0

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            optimizers = self.optimizers(use_pl_optimizer=False)
            optimizers = optimizers if isinstance(optimizers, list) else [optimizers]
            if len(self.found) == self.designed_step():
                self.found.append(tracks(optimizers))
                self.needed.append(needing(self.model))
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


def batch_norm_design(frozen: int | None = 4) -> Design:
    """A group with a batch norm that is frozen in its first steps, and one without."""
    parameters = tuple(
        ParameterInfo(name, shape, "float32", int(np.prod(shape)), True)
        for name, shape in (("stem.weight", (2,)), ("stem.bias", (2,)), ("head.weight", (1, 2)), ("head.bias", (1,)))
    )
    modules = (ModuleInfo("", "Sequential"), ModuleInfo("stem", "BatchNorm1d"), ModuleInfo("head", "Linear"))
    design = replace(new_design(Model("", {}, Inventory(modules, parameters))), plan=Plan(8, 1))
    design = edits.add_group(design, "stem", ["stem"])
    return edits.set_freeze(design, design.groups[-1].id, (Freeze(steps(0), steps(frozen)) if frozen else Freeze(),))

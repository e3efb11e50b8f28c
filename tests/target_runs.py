"""What tests of targets of other libraries share: a model of few numbers, and measured values against the plan."""

from __future__ import annotations

from typing import Any

import numpy as np
from export_cases import CASES, planned, small
from strategies import FUNCTIONS, run_export, torch_model

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.export import ExportOptions, export
from lrdesigner.param_groups import param_groups, steering
from lrdesigner.schedules import Cosine

DESIGNS: dict[str, Design] = {
    "demo": demo_design(),
    "two": edits.set_optimizer(demo_design(), 2, "SGD"),
    "native": edits.set_schedule(edits.set_schedule(demo_design(), 1, Cosine()), 2, Cosine()),
    **{name: CASES[name] for name in ("weight_decay", "betas", "thaw", "never_trains", "many_freezes", "plateau")},
    **{name: CASES[name] for name in ("plateau_of_one", "two_plateaus", "both_frozen_at_first")},
}


def exported(design: Design, target: str, *, native: bool = False) -> dict[str, Any]:
    form = "auto" if native else FUNCTIONS.schedule_form
    return run_export(export(design, ExportOptions(target, "snippet", schedule_form=form)))


def tracks(optimizers: Any) -> dict[str, dict[str, float]]:
    """What the groups hold now, by name."""
    found = {}
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
        plain = {key: float(group[key]) for key in ("lr", "weight_decay", "momentum") if key in group}
        found[group["name"]] = plain | betas
    return found


def assert_planned(design: Design, found: list[dict[str, dict[str, float]]], *, native: bool = False) -> None:
    """Every track at every step; what a metric steers is not compared, as it depends on the metric."""
    parts = (part for found_parts in param_groups(design) for part in found_parts)
    steered = {part.name for part in parts if steering(part.group) is not None}
    for group, track, near, values in planned(design, len(found)):
        if track == "lr" and group in steered:
            continue
        real = np.array([row[group][track] for row in found])
        worst = int(np.argmax(np.abs(real - values)))
        allowed = near * 1000 if native else near
        assert abs(real[worst] - values[worst]) <= allowed, (group, track, worst, real[worst], values[worst])


def model_of(design: Design) -> Any:
    return torch_model(design.model.inventory)


def loss_of(model: Any) -> Any:
    """A loss of all parameters, which needs no inputs."""
    import torch

    return torch.stack([p.sin().sum() for p in model.parameters()]).sum()


def needing(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


__all__ = ["DESIGNS", "assert_planned", "exported", "loss_of", "model_of", "needing", "small", "tracks"]

"""Live models, optimizers and schedulers for tests of capturing."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from lrdesigner.capturing.design import Captured
from lrdesigner.capturing.live import capture_with_notes
from lrdesigner.curves import track_values
from lrdesigner.document import Design, Group
from lrdesigner.tracks import Slot, track_of

TRACKS = ("lr", "weight_decay", "momentum", "beta1", "beta2")


def net() -> Any:
    import torch

    body = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 4))
    return torch.nn.ModuleDict({"body": body, "head": torch.nn.Linear(4, 2)})


def two_groups(model: Any) -> list[dict[str, Any]]:
    return [
        {"params": list(model["body"].parameters()), "lr": 0.1},
        {"params": list(model["head"].parameters()), "lr": 0.02},
    ]


def made(name: str, optimizer: Any, **arguments: Any) -> Any:
    module = "torch.optim.swa_utils" if name == "SWALR" else "torch.optim.lr_scheduler"
    return getattr(importlib.import_module(module), name)(optimizer, **arguments)


def real_values(optimizer: Any, schedulers: list[Any], count: int) -> dict[str, np.ndarray[Any, Any]]:
    """Values of every track and group, by "track place", of the real thing stepped `count` - 1 times."""
    rows: dict[str, list[float]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in range(count):
            for place, group in enumerate(optimizer.param_groups):
                betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
                for track in TRACKS:
                    if track in group or track in betas:
                        rows.setdefault(f"{track} {place}", []).append(float((group | betas)[track]))
            optimizer.step()
            if step < count - 1:
                for scheduler in schedulers:
                    scheduler.step()
    return {name: np.array(values) for name, values in rows.items()}


def largest_difference(design: Design, real: dict[str, np.ndarray[Any, Any]], first: int = 0) -> float:
    """Over the base value, or the value where that is larger; groups in the order of one optimizer's."""
    found = 0.0
    for name, values in real.items():
        track, place = name.split()
        planned = planned_values(design, design.groups[int(place)], track, first + np.arange(len(values)))
        base = max(float(np.abs(values).max()), 1e-300)
        found = max(found, float((np.abs(planned - values) / base).max()))
    return found


def planned_values(design: Design, group: Group, track: str, steps: Any) -> Any:
    slot: Slot = "momentum" if track == "beta1" else track  # type: ignore[assignment]
    return track_values(track_of(group, slot), design.plan, steps)


def captured(optimizer: Any, scheduler: Any, model: Any, **lengths: Any) -> Captured:
    return capture_with_notes(model, optimizer, scheduler, **lengths)

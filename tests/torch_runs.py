"""Stepping torch's own schedulers as a training loop does."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from lrdesigner.schedules import TorchForm


def optimizer_with(base_lr: float) -> Any:
    import torch

    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base_lr)


def torch_rates(optimizer: Any, scheduler: Any, count: int) -> list[float]:
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SequentialLR warns of itself
            scheduler.step()
    return rates


def scheduler_of(form: TorchForm, optimizer: Any) -> Any:
    return getattr(importlib.import_module(form.module), form.name)(optimizer, **form.arguments)

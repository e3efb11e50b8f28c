"""The real schedulers of torch, timm, transformers and ignite, driven on a real optimizer.

Every function returns the value that updates 0, 1, ... `count - 1` used: read before the update, as an array over the
updates for one base rate, or over updates × groups for several. A test that needs a peer which is not installed skips.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import pytest

Rates = float | Sequence[float]
Build = Callable[..., Any]

TIMM_CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "cosine": ("CosineLRScheduler", {}),
    "tanh": ("TanhLRScheduler", {}),
    "poly": ("PolyLRScheduler", {}),
    "step": ("StepLRScheduler", {}),
    "constant": ("StepLRScheduler", {"decay_t": 1}),
    "multistep": ("MultiStepLRScheduler", {}),
    "wsd": ("WSDLRScheduler", {}),
    "rsqrt": ("WSDLRScheduler", {"stable_fn": "rsqrt", "decay_fn": "linear"}),
}


def optimizer_for(base_lr: Rates, **options: Any) -> Any:
    """An SGD with a group for each base rate; its default rate, which transformers reads, is the first."""
    import torch

    bases = [base_lr] if isinstance(base_lr, (int, float)) else list(base_lr)
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": base} for base in bases]
    return torch.optim.SGD(groups, lr=bases[0], **options)


def _updates(optimizer: Any, base_lr: Rates, count: int, key: str, after: Callable[[int], None]) -> np.ndarray:
    used = []
    with _quiet():
        for update in range(count):
            used.append([group[key] for group in optimizer.param_groups])
            optimizer.step()
            if update + 1 < count:  # so that a scheduler with an end is not asked for one more
                after(update)
    return _shaped(used, base_lr)


def _shaped(used: list[list[float]], base_lr: Rates) -> np.ndarray:
    values = np.array(used, dtype=float)
    return values[:, 0] if isinstance(base_lr, (int, float)) else values


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer's own warnings are no failure of ours
        yield


def torch_rates(
    scheduler: str | Build,
    base_lr: Rates,
    count: int,
    /,
    *,
    key: str = "lr",
    metrics: Sequence[float] | None = None,
    **parameters: Any,
) -> np.ndarray:
    """A scheduler of torch by its class name, or what a function of the optimizer builds.

    `metrics[t]` is reported after update t; `key` is the group's entry to record, such as "momentum".
    """
    import torch

    optimizer = optimizer_for(base_lr, momentum=0.9)
    if isinstance(scheduler, str):
        places = (torch.optim.lr_scheduler, torch.optim.swa_utils)
        scheduler = next(getattr(place, scheduler) for place in places if hasattr(place, scheduler))
    with _quiet():
        driven = scheduler(optimizer, **parameters)
    return _updates(optimizer, base_lr, count, key, _step(driven, metrics))


def _step(scheduler: Any, metrics: Sequence[float] | None) -> Callable[[int], None]:
    return lambda update: scheduler.step() if metrics is None else scheduler.step(metrics[update])


def timm_scheduler() -> ModuleType:
    """The package `timm.scheduler` alone.

    It needs torch and numpy only, but `timm` itself imports torchvision. Where that is missing a bare parent stands in
    for timm: the subpackage is found in its folder and timm's own `__init__` does not run.
    """
    alone = "timm" not in sys.modules and importlib.util.find_spec("torchvision") is None
    found = importlib.util.find_spec("timm") if alone else None
    if found is not None and found.submodule_search_locations is not None:
        parent = ModuleType("timm")
        parent.__path__ = list(found.submodule_search_locations)
        sys.modules["timm"] = parent
    module: ModuleType = pytest.importorskip("timm.scheduler")
    return module


def timm_rates(name: str, base_lr: Rates, count: int, /, **parameters: Any) -> np.ndarray:
    """A scheduler of timm by its name in `create_scheduler_v2`, with the parameters of its class, counted in updates.

    Update 0 uses what the constructor sets, each later one what `step_update` sets.
    """
    class_name, preset = TIMM_CLASSES[name]
    optimizer = optimizer_for(base_lr)
    built = getattr(timm_scheduler(), class_name)(optimizer, t_in_epochs=False, **(preset | parameters))
    return _updates(optimizer, base_lr, count, "lr", lambda update: built.step_update(update + 1))


def transformers_rates(
    scheduler_type: str,
    base_lr: Rates,
    count: int,
    /,
    *,
    num_warmup_steps: int | None = 0,
    num_training_steps: int | None = None,
    metrics: Sequence[float] | None = None,
    **specific: Any,
) -> np.ndarray:
    """A scheduler of transformers by its `SchedulerType`, as `get_scheduler` builds it.

    `metrics[t]` is reported after update t, for the two types that take one: reduce_lr_on_plateau and greedy.
    """
    optimization = pytest.importorskip("transformers.optimization")
    optimizer = optimizer_for(base_lr)
    with _quiet():
        built = optimization.get_scheduler(
            scheduler_type,
            optimizer,
            num_warmup_steps=num_warmup_steps,
            num_training_steps=num_training_steps,
            scheduler_specific_kwargs=specific,
        )
    return _updates(optimizer, base_lr, count, "lr", _step(built, metrics))


def ignite_rates(
    scheduler: str | Build, base_lr: Rates, count: int, /, *, key: str = "lr", **parameters: Any
) -> np.ndarray:
    """A handler of ignite by its class name, or what a function of `ignite.handlers` and the optimizer builds.

    A real engine runs one iteration for each update and triggers the handler as each starts.
    """
    handlers = pytest.importorskip("ignite.handlers")
    engines = pytest.importorskip("ignite.engine")
    optimizer = optimizer_for(base_lr, momentum=0.9)
    if isinstance(scheduler, str):
        handler = getattr(handlers, scheduler)(optimizer, param_name=key, **parameters)
    else:
        handler = scheduler(handlers, optimizer, **parameters)
    used: list[list[float]] = []

    def update(_engine: Any, _batch: Any) -> None:
        used.append([group[key] for group in optimizer.param_groups])
        optimizer.step()

    trainer = engines.Engine(update)
    trainer.add_event_handler(engines.Events.ITERATION_STARTED, handler)
    with _quiet():
        trainer.run([None] * count, max_epochs=1)
    return _shaped(used, base_lr)

"""Using an exported file: its optimizers, its schedulers, and what their param groups hold."""

from __future__ import annotations

import importlib.util
import math
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.user_files import import_file

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

Metric = Callable[[int, int, str], float | None]

NOT_OPTIONS = ("params", "param_names", "name")


class MissingPackageError(ModuleNotFoundError):
    """A library that the exported file is for is not installed."""


def refuse_missing(packages: Sequence[str]) -> None:
    """Raise `JobError` for the first of these packages that this Python does not have; none is imported."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise JobError(
                f"The package {package} is not installed in the Python at {sys.executable}; install it there "
                f"(pip install {package}), or choose a Python that has it."
            ) from MissingPackageError(package)


def import_exported(file: str) -> ModuleType:
    """Import the exported file by its path, without putting its folder on the path."""
    try:
        return import_file(file, folder_on_path=False)
    except JobError as error:
        missing = error.__cause__
        if not isinstance(missing, ModuleNotFoundError) or not missing.name:
            raise
        raise JobError(
            f"The exported code needs the package {missing.name}, which this Python lacks; install it there, or "
            "choose a Python that has it."
        ) from missing


def build_optimizers(exported: ModuleType, model: nn.Module) -> tuple[Optimizer, ...]:
    """Call `build_optimizers(model)`, or `build_optimizer(model)` where there is one optimizer."""
    several = getattr(exported, "build_optimizers", None)
    with user_code(f"Building the optimizer of {_base(exported)}"):
        if several is not None:
            return tuple(several(model))
        return (_function(exported, "build_optimizer")(model),)


class Schedulers:
    """The schedulers of an exported file, one per optimizer, each stepped as the file says.

    Those that a metric steers get it every `METRIC_EVERY` updates, the others are stepped after each. `all` has them in
    the order of the optimizers.
    """

    def __init__(self, exported: ModuleType, optimizers: tuple[Optimizer, ...]) -> None:
        several = getattr(exported, "build_schedulers", None)
        with user_code(f"Building the schedule of {_base(exported)}"):
            if several is not None:
                self.all: tuple[Any, ...] = tuple(several(optimizers))
            else:
                self.all = (_function(exported, "build_scheduler")(optimizers[0]),)
        every = getattr(exported, "METRIC_EVERY", None)
        self._every = tuple(every) if isinstance(every, tuple) else (every,) * len(self.all)
        if len(self._every) != len(self.all) or not all(n is None or n >= 1 for n in self._every):
            raise JobError(f"METRIC_EVERY of {_base(exported)} does not fit its {len(self.all)} schedulers.")

    def step(self, updates: int, metric: Metric) -> None:
        """Go on after update number `updates`, counted from 1."""
        self.go(updates - 1, updates, metric)

    def go(self, before: int, after: int, metric: Metric) -> None:
        """Go on from one step of the plan to a later one, of which a metric is asked for at most once.

        `metric` tells the value for scheduler number n, evaluated every so many updates, in the mode "min" or "max";
        None: it is not evaluated any more.
        """
        for place, (scheduler, every) in enumerate(zip(self.all, self._every, strict=True)):
            if every is None:
                _advance(scheduler, after - before)
            elif after // every > before // every:
                value = metric(place, every, str(getattr(scheduler, "mode", "min")))
                if value is not None:
                    scheduler.step(value)

    def start_at(self, step: int) -> None:
        """Go to a step before there was any update; what a metric steers has not met any yet."""
        if step > 0:
            with warnings.catch_warnings():
                # torch expects updates before; here there are none on purpose.
                warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
                self.go(0, step, lambda place, every, mode: None)


def _advance(scheduler: Any, steps: int) -> None:
    """So many steps; at once where the rates are functions of the step."""
    from torch.optim.lr_scheduler import LambdaLR

    if steps > 1 and isinstance(scheduler, LambdaLR):
        scheduler.last_epoch += steps - 1
        steps = 1
    for _ in range(steps):
        scheduler.step()


class PlannedMetrics:
    """What the schedulers are given at their evaluations, in order: one row for each of them."""

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        self._rows = rows

    def at(self, updates: int) -> Metric:
        """The `metric` of `Schedulers.step` after so many updates."""

        def metric(place: int, every: int, mode: str) -> float | None:
            values, evaluation = self._rows[place] if place < len(self._rows) else (), updates // every - 1
            return float(values[evaluation]) if evaluation < len(values) else None

        return metric


def checkpointing(exported: ModuleType) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The file's `save_state(optimizer, scheduler)` and `load_state(state, optimizer, scheduler)`."""
    return _function(exported, "save_state"), _function(exported, "load_state")


def freeze_function(exported: ModuleType) -> Callable[[nn.Module, int], None]:
    """The file's `apply_freeze(model, step)`; does nothing where nothing freezes."""
    apply_freeze = getattr(exported, "apply_freeze", None)

    def freeze(model: nn.Module, step: int) -> None:
        if apply_freeze is not None:
            with user_code(f"apply_freeze at step {step}"):
                apply_freeze(model, step)

    return freeze


class Groups:
    """The param groups of all optimizers, in order, with one name each."""

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        pairs = [(optimizer, group) for optimizer in optimizers for group in optimizer.param_groups]
        self._optimizers = [type(optimizer).__name__ for optimizer, _ in pairs]
        self._groups: list[dict[str, Any]] = [group for _, group in pairs]
        self.names = [str(group.get("name", f"group {i}")) for i, group in enumerate(self._groups)]
        if len(set(self.names)) < len(self.names):
            raise JobError(f"Two param groups have the same name: {', '.join(self.names)}.")

    @property
    def members(self) -> list[tuple[str, list[nn.Parameter]]]:
        """The parameters of each group, with its name."""
        return [(name, group["params"]) for name, group in zip(self.names, self._groups, strict=True)]

    def report(self, model: nn.Module) -> list[dict[str, Any]]:
        """The rows of `ParamGroupReport`: optimizer, members by their first name in the model, plain options."""
        names: dict[int, str] = {}
        for name, parameter in model.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), name)
        return [
            {
                "name": name,
                "optimizer": optimizer,
                "parameters": [_member(names, parameter, name) for parameter in group["params"]],
                "options": _options(group),
            }
            for name, optimizer, group in zip(self.names, self._optimizers, self._groups, strict=True)
        ]

    def tracks(self) -> list[dict[str, float]]:
        """The values that each group holds now: lr, weight_decay, momentum, beta1, beta2, where it has them."""
        return [_tracks(group) for group in self._groups]

    def trainable(self, model: nn.Module) -> tuple[dict[str, int], int]:
        """How many parameters need a gradient: of each group by name, and of those in no group."""
        found = {
            name: sum(parameter.requires_grad for parameter in group["params"])
            for name, group in zip(self.names, self._groups, strict=True)
        }
        held = {id(parameter) for group in self._groups for parameter in group["params"]}
        others = sum(p.requires_grad for p in model.parameters() if id(p) not in held)
        return found, others

    def rates(self, step: int) -> dict[str, float]:
        """The lr that each group holds now, by name; `step` is named if one is no finite number."""
        rates = {name: float(group["lr"]) for name, group in zip(self.names, self._groups, strict=True)}
        for name, rate in rates.items():
            check_finite(rate, "lr", name, step)
        return rates

    def multiply(self, rates: Mapping[str, float], scale: Mapping[str, float]) -> dict[str, float]:
        """Let each group have its rate times its number in `scale`; the rates that this gives."""
        scaled = {name: rate * scale.get(name, 1.0) for name, rate in rates.items()}
        self.put(scaled)
        return scaled

    def put(self, rates: Mapping[str, float]) -> None:
        """Let each group have this lr; where it is a tensor, the same tensor holds it."""
        for name, group in zip(self.names, self._groups, strict=True):
            if hasattr(group["lr"], "fill_"):
                group["lr"].fill_(rates[name])
            else:
                group["lr"] = rates[name]


def check_finite(value: float, track: str, group: str, step: int) -> None:
    """Raise `JobError` for a value that no optimizer can use."""
    if not math.isfinite(value):
        raise JobError(f"The {track} of group {group!r} became {value} at step {step}.")


def _tracks(group: dict[str, Any]) -> dict[str, float]:
    values = {key: float(group[key]) for key in ("lr", "weight_decay", "momentum") if group.get(key) is not None}
    betas = group.get("betas")
    if betas is not None:
        values["beta1"], values["beta2"] = float(betas[0]), float(betas[1])
    return values


def _member(names: dict[int, str], parameter: nn.Parameter, group: str) -> str:
    name = names.get(id(parameter))
    if name is None:
        raise JobError(f"Group {group!r} holds a tensor that is not a parameter of the model.")
    return name


def _options(group: dict[str, Any]) -> dict[str, Any]:
    plain = {key: _plain(value) for key, value in group.items() if key not in NOT_OPTIONS}
    return {key: value for key, value in plain.items() if value is not _NOT_PLAIN}


_NOT_PLAIN = object()


def _plain(value: object) -> object:
    """The value as JSON has it (a one-element tensor as its number, infinity as text), or `_NOT_PLAIN`."""
    import torch

    if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_meta:
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return _NOT_PLAIN if any(item is _NOT_PLAIN for item in items) else items
    return _NOT_PLAIN


def _function(exported: ModuleType, name: str) -> Any:
    found = getattr(exported, name, None)
    if not callable(found):
        raise JobError(f"{_base(exported)} is not an exported file: it has no function {name}.")
    return found


def _base(exported: ModuleType) -> str:
    return os.path.basename(exported.__file__ or exported.__name__)

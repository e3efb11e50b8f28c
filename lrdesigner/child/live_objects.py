"""Live optimizers and schedulers told as plain data: groups, members, options, attributes, and values at every step."""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import BuildError, JobError
from lrdesigner.child.live_values import Timed, done_of, follows_metric, length_of, measured, scopes_of, told_the_time
from lrdesigner.child.twins import untouched

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

UNKNOWN_LENGTH = 1000
"""Steps of a run whose length nobody tells."""
_WRAPPERS = {"DataParallel": "module", "DistributedDataParallel": "module", "OptimizedModule": "_orig_mod"}
_NOT_PLAIN = object()


def arranged(optimizer: Any, scheduler: Any, steps_per_epoch: int | None) -> tuple[list[Optimizer], list[Timed]]:
    """One or several optimizers and schedulers as lists; schedulers also as Lightning's {"scheduler", "interval"}.

    Raises `JobError` for what is neither, and for a scheduler of epochs of unknown length.
    """
    import torch

    optimizers = [_inner(one, "optimizer", "param_groups") for one in _listed(optimizer)]
    if not optimizers:
        raise JobError("There is no optimizer to capture.")
    for one in optimizers:
        if not isinstance(one, torch.optim.Optimizer):
            raise JobError(f"The optimizer is a value of type {type(one).__name__}, not a torch.optim.Optimizer.")
    timed = [_timed(one, steps_per_epoch) for one in _listed(scheduler)]
    for one in timed:
        owner = getattr(one.scheduler, "optimizer", None)
        if not any(_inner(owner, "optimizer", "param_groups") is optimizer for optimizer in optimizers):
            raise JobError(f"The {type(one.scheduler).__name__} does not belong to an optimizer that was given.")
    return optimizers, timed


def _listed(things: Any) -> list[Any]:
    if things is None:
        return []
    return [one for one in things if one is not None] if isinstance(things, list | tuple) else [things]


def _inner(wrapper: Any, name: str, own: str) -> Any:
    """What a wrapper such as accelerate's holds: it has not `own` itself, and something under `name` that may."""
    while hasattr(wrapper, "__dict__") and own not in vars(wrapper) and name in vars(wrapper):
        wrapper = vars(wrapper)[name]
    return wrapper


def _timed(given: Any, steps_per_epoch: int | None) -> Timed:
    interval, frequency, scheduler = "step", 1, given
    if isinstance(given, Mapping):
        if "scheduler" not in given:
            raise JobError('A scheduler that is given as a dict needs the key "scheduler".')
        interval, frequency = given.get("interval", "epoch"), given.get("frequency", 1)
        scheduler = given["scheduler"]
    if told_the_time(scheduler):
        interval = "epoch" if scheduler.t_in_epochs else "step"
    if not hasattr(scheduler, "optimizer") and hasattr(scheduler, "scheduler"):
        scheduler = scheduler.scheduler
    if not callable(getattr(scheduler, "step", None)):
        raise JobError(f"The scheduler is a value of type {type(scheduler).__name__}, which has no step().")
    if interval not in ("step", "epoch") or not isinstance(frequency, int) or frequency < 1:
        raise JobError('The interval of a scheduler is "step" or "epoch", its frequency a whole number from 1 on.')
    if interval == "epoch" and steps_per_epoch is None and not follows_metric(scheduler):
        raise JobError(f"The {type(scheduler).__name__} is stepped once per epoch; say how many steps an epoch has.")
    return Timed(scheduler, frequency * ((steps_per_epoch or 1) if interval == "epoch" else 1))


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside DataParallel, DistributedDataParallel and torch.compile."""
    while (inner := getattr(model, _WRAPPERS.get(type(model).__name__, ""), None)) is not None:
        model = inner
    return model


def described(
    model: nn.Module,
    optimizers: Sequence[Optimizer],
    timed: Sequence[Timed],
    first_names: Mapping[int, str],
    steps: int | None,
) -> dict[str, Any]:
    """The fields of `LiveObjects`: everything but the inventory.

    `first_names` has the first name in the model of every parameter, by its id. `steps` is the length of the run, if
    known. Nothing live is changed. Raises `JobError` for values that tell nothing, as on meta.
    """
    known = steps or max((length_of(one) for one in timed), default=0)
    total = known or UNKNOWN_LENGTH
    with untouched(optimizers, [one.scheduler for one in timed]) as put_back, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schedulers that are stepped without their optimizer
        found = measured(model, optimizers, timed, total)
    remarks = list(found.remarks)
    if put_back:
        remarks.append(f"A function of a scheduler wrote {', '.join(sorted(set(put_back)))}; that was put back.")
    return {
        "optimizers": [
            _optimizer(optimizer, lanes, first_names) for optimizer, lanes in zip(optimizers, found.lanes, strict=True)
        ],
        "schedulers": [{**_scheduler(one.scheduler, optimizers), "every": one.every} for one in timed],
        "steps": total,
        "steps_known": bool(known),
        "done": done_of(timed),
        "first": found.first,
        "measured": found.known,
        "values": found.values,
        "remarks": remarks,
    }


def _optimizer(optimizer: Optimizer, lanes: list[dict[str, int]], first_names: Mapping[int, str]) -> dict[str, Any]:
    import torch

    kind = type(optimizer)
    in_torch = getattr(torch.optim, kind.__name__, None) is kind
    return {
        "type": kind.__name__ if in_torch else f"{kind.__module__}.{kind.__qualname__}",
        "in_torch": in_torch,
        "arguments": _arguments(kind, optimizer),
        "groups": [
            {**_group(group, first_names), "lanes": tracks}
            for group, tracks in zip(optimizer.param_groups, lanes, strict=True)
        ],
    }


def _group(group: Mapping[str, Any], first_names: Mapping[int, str]) -> dict[str, Any]:
    known = [first_names.get(id(tensor)) for tensor in group["params"]]
    name = group.get("name")
    return {
        "name": name if isinstance(name, str) else "",
        "parameters": list(dict.fromkeys(name for name in known if name is not None)),
        "strangers": known.count(None),
        "rounded": str(getattr(group.get("lr"), "dtype", "torch.float64")) != "torch.float64",
        "options": _plain_items({k: v for k, v in group.items() if k not in ("params", "param_names", "name")}),
    }


def _arguments(kind: type, optimizer: Optimizer) -> list[str]:
    """The options that the constructor takes; where it does not tell, those that have defaults."""
    try:
        arguments = inspect.signature(kind).parameters
    except (TypeError, ValueError):
        return list(optimizer.defaults)
    open_ended = any(argument.kind is argument.VAR_KEYWORD for argument in arguments.values())
    return [*arguments, *(optimizer.defaults if open_ended else ())]


def _scheduler(scheduler: Any, optimizers: Sequence[Optimizer]) -> dict[str, Any]:
    kind = type(scheduler)
    owner = _inner(getattr(scheduler, "optimizer", None), "optimizer", "param_groups")
    attributes = {name: value for name, value in vars(scheduler).items() if name not in ("optimizer", "_schedulers")}
    children = getattr(scheduler, "_schedulers", None) or ()
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "optimizer": next((place for place, one in enumerate(optimizers) if one is owner), 0),
        "attributes": _plain_items(attributes) | _about_functions(scheduler),
        "children": [_scheduler(child, optimizers) for child in children],
    }


def _about_functions(scheduler: Any) -> dict[str, Any]:
    """What attributes that are functions tell: their names, the keywords that they were given, and where they lie.

    Files that this program has written have the design as data beside the functions.
    """
    found: dict[str, Any] = {}
    if getattr(scheduler, "_scale_fn_custom", None) is not None:
        found["custom_scale"] = True
    if isinstance(functions := getattr(scheduler, "lr_lambdas", None), list):
        found["functions"] = [_function(function) for function in functions]
        kept = {scope.get("DESIGN") for scope in scopes_of(functions)}
        if len(kept) == 1 and isinstance(design := kept.pop(), str):
            found["kept_design"] = design
    return found


def _function(function: Any) -> dict[str, Any]:
    """One that was given arguments without their names tells nothing."""
    keywords = {}
    if isinstance(function, functools.partial) and not function.args:
        function, keywords = function.func, function.keywords
    return {"name": str(getattr(function, "__name__", "")), "keywords": _plain_items(keywords)}


def _plain_items(values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {str(name): _plain(value) for name, value in values.items()}
    return {name: value for name, value in plain.items() if value is not _NOT_PLAIN}


def _plain(value: Any) -> Any:
    """The value as JSON has it; tensors of one element are numbers, counters sorted lists. Else `_NOT_PLAIN`."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.is_meta:
            raise BuildError("An option of an optimizer is a tensor on meta, which holds no number.")
        value = value.item() if value.numel() == 1 else _NOT_PLAIN
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Counter):
        value = sorted(value.elements())
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return _NOT_PLAIN if any(item is _NOT_PLAIN for item in items) else items
    if isinstance(value, dict):
        return _plain_items(value)
    return _NOT_PLAIN

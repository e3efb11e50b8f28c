"""The capture job: a function's model, optimizers and schedulers, told as plain data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.live_objects import arranged, described, unwrapped
from lrdesigner.child.model_walk import buffer_rows, module_rows, parameter_rows, walk
from lrdesigner.child.user_files import find, import_file, split_source

if TYPE_CHECKING:
    from torch import nn

ROWS_PER_MESSAGE = 2000
VALUES_PER_MESSAGE = 50_000


def capture(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Report the inventory, then everything but the values, then these in chunks."""
    file, name = split_source(request["source"])
    function = find(import_file(file), name, file)
    if not callable(function):
        raise JobError(f"{name} in {os.path.basename(file)} is not a function that makes a model and its optimizer.")
    kwargs, lengths = request.get("kwargs", {}), (request.get("steps"), request.get("steps_per_epoch"))
    channel.send("progress", {"stage": "making the model and its optimizer"})
    try:
        model, told = _made(function, name, kwargs, lengths, "meta")
    except JobError as error:
        # What needs real numbers says so by naming meta; a model that is moved to another device does too.
        if "meta" not in str(error).lower():
            raise
        model, told = _made(function, name, kwargs, lengths, "cpu")
    rows = model_rows(model)
    channel.send("inventory", {"bases": rows.pop("bases")})
    for kind, found in rows.items():
        for start in range(0, len(found), ROWS_PER_MESSAGE):
            channel.send("inventory", {kind: found[start : start + ROWS_PER_MESSAGE]})
    values = told.pop("values")
    class_name = _class_name(file, unwrapped(model), rows)
    channel.send("captured", {"live": told, "model_name": class_name or name})
    for lane, found in enumerate(values):
        for start in range(0, max(len(found), 1), VALUES_PER_MESSAGE):
            if channel.stop.is_set():
                return "stopped", {}
            channel.send("captured", {"lane": lane, "values": found[start : start + VALUES_PER_MESSAGE]})
    return "finished", {"lanes": len(values)}


def live_objects(
    model: nn.Module, optimizer: Any, scheduler: Any, steps: int | None, steps_per_epoch: int | None
) -> dict[str, Any]:
    """Live objects as the fields of `LiveObjects`; raises `JobError` for what is none."""
    import torch

    if not isinstance(model, torch.nn.Module):
        raise JobError(f"The model is a value of type {type(model).__name__}, not a torch.nn.Module.")
    optimizers, timed = arranged(optimizer, scheduler, steps_per_epoch)
    return described(model, optimizers, timed, first_names(unwrapped(model)), steps)


def model_rows(model: nn.Module) -> dict[str, Any]:
    """The rows of `Inventory`, without the wrappers around the model."""
    inner, bases = unwrapped(model), dict[str, list[str]]()
    return {
        "modules": list(module_rows(inner, bases)),
        "parameters": list(parameter_rows(inner)),
        "buffers": list(buffer_rows(inner)),
        "bases": {name: found for name, found in bases.items() if found},
    }


def first_names(model: nn.Module) -> dict[int, str]:
    """The first name of each parameter's tensor, by the parameter's id; ties by storage count too."""
    parameters = (p for _, module in walk(model) for p in module._parameters.values() if p is not None)  # noqa: SLF001
    rows = parameter_rows(model)
    return {id(parameter): row["tied_to"] or row["name"] for parameter, row in zip(parameters, rows, strict=True)}


def _made(
    function: Callable[..., Any], name: str, kwargs: Mapping[str, Any], lengths: tuple[Any, Any], device: str
) -> tuple[nn.Module, dict[str, Any]]:
    import torch

    with user_code(f"Calling {name}"), torch.device(device):
        made = function(**kwargs)
    if not isinstance(made, tuple | list) or not 2 <= len(made) <= 3:
        raise JobError(f"{name} must return (model, optimizer) or (model, optimizer, scheduler), not {_a(made)}.")
    model, optimizer, scheduler = (*made, None)[:3]
    with user_code(f"Reading what {name} returned"):
        return model, live_objects(model, optimizer, scheduler, *lengths)


def _a(made: Any) -> str:
    if isinstance(made, tuple | list):
        return f"{len(made)} values"
    return "None" if made is None else f"a value of type {type(made).__name__}"


def _class_name(file: str, model: nn.Module, rows: dict[str, Any]) -> str | None:
    """The name of the model's class, if the file has it and makes the same model of it without arguments."""
    name = type(model).__qualname__
    try:
        again = build_model(f"{file}:{name}", {}, "meta")
        found = model_rows(again)
        return name if type(again) is type(model) and all(found[kind] == rows[kind] for kind in rows) else None
    except JobError:
        return None

"""The capture job: a function's model, optimizers and schedulers, told as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.build_model import build_model, build_objects
from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import BuildError, JobError, user_code
from lrdesigner.child.live_objects import arranged, described, unwrapped
from lrdesigner.child.model_walk import buffer_rows, module_rows, parameter_rows, walk

if TYPE_CHECKING:
    from torch import nn

ROWS_PER_MESSAGE = 2000
VALUES_PER_MESSAGE = 50_000


def capture(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Report the inventory, then everything but the values, then these in chunks."""
    channel.send("progress", {"stage": "making the model and its optimizer"})
    source, rung = str(request["source"]), str(request.get("rung", "meta"))
    model, optimizer, scheduler = _made(source, request.get("kwargs", {}), rung)
    told = _told(source, model, optimizer, scheduler, request)
    rows = model_rows(model)
    model_source = _class_source(source, unwrapped(model), rows, rung)
    channel.send("inventory", {"bases": rows.pop("bases")})
    for kind, found in rows.items():
        for start in range(0, len(found), ROWS_PER_MESSAGE):
            channel.send("inventory", {kind: found[start : start + ROWS_PER_MESSAGE]})
    values = told.pop("values")
    channel.send("captured", {"live": told, "model_source": model_source})
    for lane, found in enumerate(values):
        for start in range(0, len(found), VALUES_PER_MESSAGE):
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


def _made(source: str, kwargs: Mapping[str, Any], rung: str) -> tuple[Any, Any, Any]:
    made = build_objects(source, kwargs, rung)
    if not isinstance(made, tuple) or not 2 <= len(made) <= 3:
        name = source.rpartition(":")[2]
        raise JobError(f"{name} must return (model, optimizer) or (model, optimizer, scheduler), not {_a(made)}.")
    model, optimizer, scheduler = (*made, None)[:3]
    return model, optimizer, scheduler


def _told(source: str, model: Any, optimizer: Any, scheduler: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `BuildError` where a number that is wanted is not there, as on meta: built really it would be."""
    name = source.rpartition(":")[2]
    try:
        with user_code(f"Reading what {name} returned"):
            return live_objects(model, optimizer, scheduler, request.get("steps"), request.get("steps_per_epoch"))
    except JobError as error:
        if isinstance(error.__cause__, Exception):
            raise BuildError(str(error)) from error.__cause__
        raise


def _a(made: Any) -> str:
    if isinstance(made, tuple):
        return f"{len(made)} value{'s' if len(made) != 1 else ''}"
    return "None" if made is None else f"a value of type {type(made).__name__}"


def _class_source(source: str, model: nn.Module, rows: dict[str, Any], rung: str) -> str:
    """The model's class, if it stands beside the function and makes the same model without arguments; else ""."""
    beside = f"{source.rpartition(':')[0]}:{type(model).__qualname__}"
    try:
        again = build_model(beside, {}, rung)
        return beside if type(again) is type(model) and model_rows(again) == rows else ""
    except JobError:
        return ""

"""The options of the commands that train: on what, where, how long."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec
import typer

from lrdesigner.errors import UserError
from lrdesigner.trials.options import Device, Precision, RangeOptions, TrialOptions

Options = TypeVar("Options", TrialOptions, RangeOptions)

_HELP: dict[str, str] = {
    "steps": "The budget in updates; without it the whole plan.",
    "seconds": "The budget in seconds of training.",
    "whole": "Compress the whole schedule into the budget.",
    "start": "The first step of the plan; the schedule is not compressed.",
    "device": "auto, cpu, cuda or mps.",
    "data": "demo (handwritten digits), text, synthetic or FILE.py:FUNCTION.",
    "weights": "A checkpoint to begin with; else random weights.",
    "batch_size": "Samples in one forward pass.",
    "accumulation": "Batches whose gradients make one update.",
    "precision": "float32, bfloat16 or float16.",
    "clip": "The largest total gradient norm.",
    "compile": "Train the model as torch.compile makes it.",
    "one_batch": "Train on the first batch again and again.",
    "seed": "What the weights and the order of the batches follow from.",
    "diagnose_every": "Updates between diagnostics; 0: none.",
    "probes": "Moments at which critical rates are looked for.",
    "processes": "Train data-parallel in so many processes.",
    "sharded": "Shard the model over the processes (FSDP2).",
}
"""An option for each field of `TrialOptions`."""
_NAMES = {"start": "from"}
_TYPES: dict[str, Any] = {"steps": int | None, "seconds": float | None, "clip": float | None}


def taking_trial_options(command: Callable[..., int]) -> Callable[..., int]:
    """The command with an option for each field of `TrialOptions` in the place of its parameter `options`."""
    return taking_trial_options_but({})(command)


def taking_trial_options_but(refused: Mapping[str, str]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """As `taking_trial_options`; options for these fields are refused by name, with the reason that stands there."""

    def taking(command: Callable[..., int]) -> Callable[..., int]:
        own, hints = inspect.signature(command).parameters, get_type_hints(command, include_extras=True)
        added = [_parameter(field, refused) for field in msgspec.structs.fields(TrialOptions)]
        parameters: list[inspect.Parameter] = []
        for name, parameter in own.items():
            parameters += added if name == "options" else [parameter.replace(annotation=hints[name])]

        @functools.wraps(command)
        def with_options(**given: Any) -> int:
            values = {parameter.name: given.pop(parameter.name) for parameter in added}
            _refuse(values, refused)
            return command(options=trial_options(**values), **given)

        with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return with_options

    return taking


def _refuse(values: dict[str, Any], refused: Mapping[str, str]) -> None:
    """Raise `UserError` for one of these that was given, and take them out."""
    for name, reason in refused.items():
        if values.pop(name) is not None:
            raise UserError(f"{_option(name)} does not go with this command, leave it out: {reason}.")


def trial_options(**given: Any) -> TrialOptions:
    """The options with these values; raises `UserError` that names the one that cannot be."""
    return converted(given, TrialOptions)


def converted(given: dict[str, Any], kind: type[Options]) -> Options:
    """What was typed as options of a kind; raises `UserError` that names the one that cannot be."""
    for name, choices in (("device", get_args(Device)), ("precision", get_args(Precision))):
        if given.get(name, choices[0]) not in choices:
            raise UserError(f"--{name} cannot be {given[name]!r}; choose one of {', '.join(choices)}.")
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        told, _, where = str(error).partition(" - at `$.")
        name = where.rstrip("`")
        if name not in given:
            raise UserError(told) from None
        raise UserError(f"{_option(name)} cannot be {given[name]}: {told[:1].lower()}{told[1:]}.") from None


def _parameter(field: msgspec.structs.FieldInfo, refused: Mapping[str, str]) -> inspect.Parameter:
    """For a field that is refused an option that help does not show, so that whoever types it is told why."""
    of_type: Any = _TYPES.get(field.name, type(field.default))
    hidden = field.name in refused
    option = typer.Option(_option(field.name), help=_HELP[field.name], hidden=hidden)
    annotation: Any = Annotated[of_type | None if hidden else of_type, option]
    place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    default = None if hidden else field.default
    return inspect.Parameter(field.name, place, default=default, annotation=annotation)


def _option(name: str) -> str:
    return "--" + _NAMES.get(name, name).replace("_", "-")

"""Commands about models: inspect and new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.cli.output import say, write_json, write_table
from lrdesigner.cli.preset_commands import PresetOption, chosen_presets, with_presets
from lrdesigner.demos import starting_design
from lrdesigner.design_file import SUFFIX, save
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.jobs.run import inspect_model
from lrdesigner.models.arguments import parse_inputs, parse_kwargs
from lrdesigner.models.interpreter import parse_python
from lrdesigner.models.opening import Inspection
from lrdesigner.models.source import FORMS, ModelSource, parse_source
from lrdesigner.numbers import count

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help=f"{FORMS[0].upper()}{FORMS[1:]}.")]
KwargsOption = Annotated[
    str, typer.Option("--kwargs", help="Keyword arguments of the class or factory, as JSON: '{\"depth\": 12}'.")
]
PythonOption = Annotated[
    str, typer.Option("--python", metavar="PYTHON", help="The Python with the model's packages, or its environment.")
]
InputOption = Annotated[
    str,
    typer.Option("--input", help="Shapes of the model's inputs, for the order of the forward pass: '[[1,3,224,224]]'."),
]
LimitOption = Annotated[
    float, typer.Option("--time-limit", help="Seconds after which building the model is given up.", min=0.1)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


def inspect(
    model: ModelArgument,
    as_json: JsonOption = False,
    time_limit: LimitOption = 60.0,
    kwargs: KwargsOption = "{}",
    python: PythonOption = "",
    inputs: InputOption = "",
) -> None:
    """Build a model without its weights, or read a checkpoint, and list its modules and parameters."""
    source, found = _inspected(model, kwargs, time_limit, parse_python(python), inputs)
    inventory = found.inventory
    if as_json:
        write_json(_inventory_json(source, inventory))
        _say_remarks(found)
        return
    write_table(
        ("name", "type", "shape", "parameters", ""),
        _inventory_rows(inventory),
        right=("parameters",),
    )
    total, trainable = inventory.total_parameters, inventory.trainable_parameters
    say(f"{source.text}: {total:,} parameters, {trainable:,} of them trainable.")
    _say_remarks(found)


def new(
    model: ModelArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DESIGN", help=f"Design file to write: NAME{SUFFIX}.")
    ],
    time_limit: LimitOption = 60.0,
    kwargs: KwargsOption = "{}",
    python: PythonOption = "",
    inputs: InputOption = "",
    epochs: Annotated[int | None, typer.Option("--epochs", help="Passes over the data.")] = None,
    steps_per_epoch: Annotated[
        int | None, typer.Option("--steps-per-epoch", help="Optimizer updates in one pass over the data.")
    ] = None,
    samples: Annotated[int | None, typer.Option(help="Samples in the training set; the steps follow from it.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Samples in one forward pass of one device.")] = None,
    accumulation: Annotated[int | None, typer.Option(help="Batches whose gradients make one update.")] = None,
    devices: Annotated[int | None, typer.Option(help="Devices that share each pass over the data.")] = None,
    preset: PresetOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Make a design for a model: one group that takes everything (for a demo: its groups)."""
    if output.exists() and not force:
        raise UserError(f"{output} exists; choose another name or add --force.")
    sizes = {"samples": samples, "batch_size": batch_size, "accumulation": accumulation, "devices": devices}
    batches = {name: value for name, value in sizes.items() if value is not None}
    if batches and steps_per_epoch is not None:
        raise UserError("Give either --steps-per-epoch, or --samples with --batch-size and the like, not both.")
    presets, interpreter = chosen_presets(preset), parse_python(python)
    source, found = _inspected(model, kwargs, time_limit, interpreter, inputs)
    inventory = found.inventory
    design = starting_design(source, inventory, parse_kwargs(kwargs), interpreter, parse_inputs(inputs))
    save(with_presets(_with_length(design, epochs, steps_per_epoch, batches), presets), output)
    say(f"Wrote {output}: {source.text}, {count(inventory.trainable_parameters)} trainable parameters.")
    _say_remarks(found)


def _with_length(design: Design, epochs: int | None, steps: int | None, batches: dict[str, int]) -> Design:
    """The design with the length that was asked for; raises `UserError` out of bounds."""
    if epochs is not None:
        design = edits.set_plan(design, replace(design.plan, epochs=epochs))
    if steps is not None:
        design = edits.set_plan(design, replace(design.plan, epoch=steps))
    return edits.set_batches(design, **batches) if batches else design


def _inspected(model: str, kwargs: str, time_limit: float, python: str, inputs: str) -> tuple[ModelSource, Inspection]:
    source = parse_source(model)
    given = parse_kwargs(kwargs), time_limit, python or None, parse_inputs(inputs)
    return source, inspect_model(source, *given)


def _say_remarks(found: Inspection) -> None:
    for remark in found.remarks:
        say(remark)


def _inventory_json(source: ModelSource, inventory: Inventory) -> dict[str, Any]:
    return {
        "source": source.text,
        "modules": inventory.modules,
        "parameters": [_parameter_json(parameter) for parameter in inventory.parameters],
        "buffers": inventory.buffers,
        "bases": inventory.bases,
        "order": inventory.order,
        "total_parameters": inventory.total_parameters,
        "trainable_parameters": inventory.trainable_parameters,
    }


def _parameter_json(parameter: ParameterInfo) -> dict[str, Any]:
    """Every field, also one that has its default; "lazy" only where it holds."""
    fields = {name: getattr(parameter, name) for name in parameter.__struct_fields__ if name != "lazy"}
    return fields | ({"lazy": True} if parameter.lazy else {})


def _inventory_rows(inventory: Inventory) -> list[tuple[str, ...]]:
    """Modules, each followed by its own parameters, of which some have dots in their names."""
    own: dict[str, list[tuple[str, ...]]] = {module.path: [] for module in inventory.modules}
    for parameter in inventory.parameters:
        notes = f"tied to {parameter.tied_to}" if parameter.tied_to else "" if parameter.trainable else "frozen"
        shape = "x".join(str(size) for size in parameter.shape)
        row = (f"  {parameter.name}", parameter.dtype, shape, f"{parameter.numel:,}", notes)
        owner = parameter.name.rpartition(".")[0]
        while owner and owner not in own:
            owner = owner.rpartition(".")[0]
        own[owner].append(row)
    rows: list[tuple[str, ...]] = []
    for module in inventory.modules:
        rows.append((module.path or "(model)", module.type, "", "", ""))
        rows += own[module.path]
    return rows

"""The command that reads groups and schedules off live objects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrdesigner.capturing.job import capture_from
from lrdesigner.cli.model_commands import KwargsOption, LimitOption, PythonOption
from lrdesigner.cli.output import say
from lrdesigner.design_file import SUFFIX, save
from lrdesigner.errors import UserError
from lrdesigner.models.arguments import parse_kwargs
from lrdesigner.models.interpreter import parse_python
from lrdesigner.models.source import parse_source
from lrdesigner.numbers import count

FunctionArgument = Annotated[
    str,
    typer.Argument(metavar="FILE.py:FUNCTION", help="What returns (model, optimizer[, scheduler])."),
]
OutputOption = Annotated[
    Path, typer.Option("-o", "--output", metavar="DESIGN", help=f"Design file to write: NAME{SUFFIX}.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", min=1, help="Optimizer updates of the whole run, if schedulers do not say.")
]
EpochOption = Annotated[
    int | None, typer.Option("--steps-per-epoch", min=1, help="Optimizer updates in one pass over the data.")
]
FoldOption = Annotated[
    bool, typer.Option("--fold/--no-fold", help="Make one group of param groups that differ in layer or weight decay.")
]


def capture(
    function: FunctionArgument,
    output: OutputOption,
    kwargs: KwargsOption = "{}",
    steps: StepsOption = None,
    steps_per_epoch: EpochOption = None,
    fold: FoldOption = True,
    python: PythonOption = "",
    time_limit: LimitOption = 60.0,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Read groups and schedules off a live model, optimizer and scheduler."""
    if output.exists() and not force:
        raise UserError(f"{output} exists; choose another name or add --force.")
    found = capture_from(
        parse_source(function),
        parse_kwargs(kwargs),
        steps=steps,
        steps_per_epoch=steps_per_epoch,
        fold=fold,
        time_limit=time_limit,
        python=parse_python(python),
    )
    save(found.design, output)
    groups, trainable = len(found.design.groups), found.design.model.inventory.trainable_parameters
    say(f"Wrote {output}: {groups} group{'s' if groups != 1 else ''}, {count(trainable)} trainable parameters.")
    for note in found.notes:
        say(note)

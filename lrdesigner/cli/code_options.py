"""Options of commands that are about what code is written."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class CodeForm(StrEnum):
    """What code is written as."""

    SCRIPT = "script"
    SNIPPET = "snippet"


class CodeSchedule(StrEnum):
    """What schedules are written as."""

    AUTO = "auto"
    NATIVE = "native"
    FUNCTIONS = "functions"


ScheduleFormOption = Annotated[
    CodeSchedule,
    typer.Option(
        "--schedule-form",
        help="native: a class of torch, where one draws the same; functions: of the step.",
    ),
]

FormOption = Annotated[CodeForm, typer.Option("--form", help="script: with a main(); snippet: to paste or import.")]
TensorOption = Annotated[
    bool, typer.Option("--tensor-lr", help="Make each rate a tensor, for a compiled step of the optimizer.")
]

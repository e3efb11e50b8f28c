"""The options of the command that runs sweeps, beside those of every trial."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """Who hands out the trials of a sweep."""

    POOL = "pool"
    OPTUNA = "optuna"


DesignsArgument = Annotated[list[Path], typer.Argument(metavar="DESIGN...", help="One design, or several to compare.")]
VaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="ADDRESS=VALUES",
        help="head.lr=1e-4,3e-4 or, with --random, *.lr=0.1..10; `lrdesigner fields` lists addresses.",
    ),
]
RandomOption = Annotated[int | None, typer.Option("--random", help="Draw so many variants instead of a grid.")]
BaseOption = Annotated[bool, typer.Option("--base", help="Run the design as it is too, to compare with.")]
SeedsOption = Annotated[int, typer.Option("--seeds", help="Runs of each variant, with seeds from --seed on.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", help="Trials at a time; default: one per GPU, or one.")]
FolderOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FOLDER", help="Keep the results there; a sweep stopped there goes on."),
]
BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", metavar="FOLDER", help="Run nothing; write a folder that runs on other machines."),
]
EngineOption = Annotated[Engine, typer.Option("--engine", help="Who hands out the trials; optuna: to many machines.")]
StorageOption = Annotated[
    str, typer.Option("--storage", help="Of optuna: journal:FILE, sqlite:///FILE, postgresql://USER@HOST/NAME.")
]
StudyOption = Annotated[str, typer.Option("--study", help="Of optuna: the name of the study.")]
HistoryOption = Annotated[bool, typer.Option("--history/--no-history", help="Keep the trials in the history.")]
WorkerOption = Annotated[bool, typer.Option("--worker", help="Of optuna: only do trials of a study that exists.")]

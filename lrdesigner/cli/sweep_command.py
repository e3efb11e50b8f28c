"""The commands that compare variants of a design by short trials."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lrdesigner.cli.design_commands import faultless_design
from lrdesigner.cli.model_commands import PythonOption
from lrdesigner.cli.output import say, write_lines, write_table
from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.proof_commands import INTERRUPTED, TrustOption, allowed
from lrdesigner.cli.shared_sweep import Shared, sweep_shared, work_on
from lrdesigner.cli.sweep_progress import SweepProgress
from lrdesigner.cli.sweep_words import table_of, write_sweep
from lrdesigner.cli.trial_options import taking_trial_options
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.addresses import addresses, places_at
from lrdesigner.trials.bundle import write_bundle
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.pool import Pool, Slot, slots_for
from lrdesigner.trials.sweep_files import (
    SweepFacts,
    not_run,
    planned_runs,
    read_facts,
    read_results,
    write_facts,
)
from lrdesigner.trials.variants import Run, Variant, baseline_of, runs_of, variants_of, varied


class Engine(StrEnum):
    """Who hands out the trials of a sweep."""

    POOL = "pool"
    OPTUNA = "optuna"


DesignsArgument = Annotated[list[Path], typer.Argument(metavar="DESIGN...", help="One design, or several to compare.")]
VaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vary", metavar="ADDRESS=VALUES", help="head.lr=1e-4,3e-4 or *.lr=0.1..10 (with --random); --fields lists."
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FOLDER", help="Keep the results there; a sweep stopped there goes on."),
]


@taking_trial_options
def sweep(
    design_files: DesignsArgument,
    options: TrialOptions,
    vary: VaryOption = None,
    random: Annotated[int | None, typer.Option("--random", help="Draw so many variants instead of a grid.")] = None,
    base: Annotated[bool, typer.Option("--base", help="Run the design as it is too, to compare with.")] = False,
    seeds: Annotated[int, typer.Option("--seeds", help="Runs of each variant, with seeds from --seed on.")] = 3,
    jobs: Annotated[int | None, typer.Option("--jobs", help="Trials at a time; default: one per GPU, or one.")] = None,
    output: FolderOption = None,
    engine: Annotated[Engine, typer.Option("--engine", help="Who hands out the trials; optuna: to many machines.")] = (
        Engine.POOL
    ),
    storage: Annotated[
        str, typer.Option("--storage", help="Of optuna: journal:FILE, sqlite:///FILE, postgresql://USER@HOST/NAME.")
    ] = "",
    study: Annotated[str, typer.Option("--study", help="Of optuna: the name of the study.")] = "lrdesigner",
    worker: Annotated[bool, typer.Option("--worker", help="Of optuna: only do trials of a study that exists.")] = False,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FOLDER", help="Run nothing; write a folder that runs on other machines."),
    ] = None,
    fields: Annotated[bool, typer.Option("--fields", help="Only list what can be varied, and its values.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON line per run, and one for the table.")] = False,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Compare variants of a design by short trials, best first; status 1 when all fail or diverge."""
    designs = _designs(design_files)
    if engine is Engine.POOL and worker:
        raise UserError("--worker does trials of a study: add --engine optuna.")
    if engine is Engine.OPTUNA and jobs is not None:
        raise UserError("With --engine optuna each worker does one trial at a time: start more of them, not --jobs.")
    if fields:
        _list_fields(next(iter(designs.values())))
        return 0
    if bundle is None:  # which runs nothing here
        designs = {name: allowed(design, trust, python) for name, design in designs.items()}
    first = next(iter(designs.values()))
    if worker:
        return work_on(Shared(storage, study, output), designs, as_json)
    variants = _variants(designs, vary or (), random, base, options.seed)
    runs = runs_of(variants, options, seeds)
    facts = SweepFacts(baseline_of(variants, first).label, first.plan.total_steps)
    if bundle is not None:
        _tell_bundle(bundle, write_bundle(bundle, runs, facts))
        return 0
    if engine is Engine.OPTUNA:
        return sweep_shared(Shared(storage, study, output), designs, runs, facts, as_json)
    with ExitStack() as stack:
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lrdesigner-")))
        return _run(runs, folder, facts, slots_for(options.device, jobs, processes=options.processes), as_json)


def sweep_results(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a sweep, or a bundle.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """Show how a sweep stands whose results are in a folder, also while they grow."""
    results = read_results(folder)
    if not results:
        raise UserError(f"{folder} holds no results of a sweep; give the folder that -o or --bundle named.")
    write_sweep(table_of(results, read_facts(folder)), as_json)
    return 0


def _tell_bundle(folder: Path, notes: Sequence[str]) -> None:
    say("".join(f"{note}\n" for note in notes).rstrip())
    write_lines([f"python {folder}/run.py"])


def _designs(files: Sequence[Path]) -> dict[str, Design]:
    """By the names of their files, or where two are alike by their paths."""
    names = [file.name.removesuffix(".json").removesuffix(".lrd") for file in files]
    alike = len(set(names)) < len(names)
    return {str(file) if alike else name: faultless_design(file) for file, name in zip(files, names, strict=True)}


def _variants(
    designs: dict[str, Design], vary: Sequence[str], count: int | None, base: bool, seed: int
) -> tuple[Variant, ...]:
    if not vary and len(designs) < 2:
        raise UserError("Nothing varies: give --vary ADDRESS=VALUES (--fields lists addresses), or several designs.")
    if not vary and count is not None:
        raise UserError("--random draws values of fields: give --vary ADDRESS=RANGE.")
    found = variants_of(designs, vary, count, seed)
    if not base:
        return found
    started = tuple(varied(design, {}, name if len(designs) > 1 else "") for name, design in designs.items())
    known = [variant.design for variant in started]
    return (*started, *(variant for variant in found if variant.design not in known))


def _list_fields(design: Design) -> None:
    rows = [(place.address, place.text) for address in addresses(design) for place in places_at(design, address)]
    write_table(["address", "value"], rows)


def _run(runs: Sequence[Run], folder: Path, facts: SweepFacts, slots: Sequence[Slot], as_json: bool) -> int:
    planned = planned_runs(runs, folder)
    write_facts(folder, facts)
    with ProgressBar(0, "Starting", shown=not as_json) as bar:
        pool = Pool(folder, slots, SweepProgress(len(planned), bar, as_json).watch)
        pool.run(planned)
    known = {result.id: result for result in read_results(folder)}
    results = [known.get(one.run.id) or not_run(one.run) for one in planned]
    write_sweep(table_of(results, facts), as_json)
    if pool.stopped:
        say("Stopped; with -o FOLDER the same command goes on where it was stopped.")
        return INTERRUPTED
    return 0 if any(result.state == "finished" for result in results) else 1

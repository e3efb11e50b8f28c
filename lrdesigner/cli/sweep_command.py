"""The commands that compare variants of a design by short trials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from lrdesigner.cli.design_commands import DesignArgument, faultless_design
from lrdesigner.cli.model_commands import JsonOption, PythonOption
from lrdesigner.cli.output import say, write_json, write_lines, write_table
from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.proof_commands import INTERRUPTED, TrustOption, allowed
from lrdesigner.cli.shared_sweep import Shared, kept_or_temporary, sweep_shared, work_on
from lrdesigner.cli.sweep_history import SweepHistory, recorded
from lrdesigner.cli.sweep_options import (
    BaseOption,
    BundleOption,
    DesignsArgument,
    Engine,
    EngineOption,
    FolderOption,
    HistoryOption,
    JobsOption,
    RandomOption,
    SeedsOption,
    StorageOption,
    StudyOption,
    VaryOption,
    WorkerOption,
)
from lrdesigner.cli.sweep_progress import SweepProgress
from lrdesigner.cli.sweep_words import table_of, write_sweep
from lrdesigner.cli.trial_options import taking_trial_options
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.addresses import addresses, places_at
from lrdesigner.trials.bundle import write_bundle
from lrdesigner.trials.follower import read_results
from lrdesigner.trials.history.log import new_id
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.pool import Pool
from lrdesigner.trials.slots import Slot, slots_for
from lrdesigner.trials.sweep_files import (
    SweepFacts,
    not_run,
    planned_runs,
    read_facts,
    write_facts,
)
from lrdesigner.trials.variants import Run, Variant, baseline_of, runs_of, variants_of, varied


@taking_trial_options
def sweep(
    design_files: DesignsArgument,
    options: TrialOptions,
    vary: VaryOption = None,
    random: RandomOption = None,
    base: BaseOption = False,
    seeds: SeedsOption = 3,
    jobs: JobsOption = None,
    output: FolderOption = None,
    bundle: BundleOption = None,
    engine: EngineOption = Engine.POOL,
    storage: StorageOption = "",
    study: StudyOption = "lrdesigner",
    worker: WorkerOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON line per run, and one for the table.")] = False,
    history: HistoryOption = True,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Compare variants of a design by short trials, best first; status 1 when all fail or diverge."""
    _check(engine, jobs, worker)
    designs = _designs(design_files)
    if bundle is None:  # which runs nothing here
        designs = {name: allowed(design, trust, python) for name, design in designs.items()}
    kept = SweepHistory(dict(zip(designs, design_files, strict=True))) if history else None
    shared = Shared(storage, study, output, kept)
    if worker:
        return work_on(shared, designs, as_json)
    variants = _variants(designs, vary or (), random, base, options.seed)
    runs = runs_of(variants, options, seeds)
    first = next(iter(designs.values()))
    facts = SweepFacts(baseline_of(variants, first).label, first.plan.total_steps, len(runs))
    if bundle is not None:
        return _bundle(bundle, runs, facts)
    if engine is Engine.OPTUNA:
        return sweep_shared(shared, designs, runs, facts, as_json)
    slots = slots_for(options.device, jobs, processes=options.processes)
    with kept_or_temporary(output) as folder:
        return _run(runs, folder, facts, slots, as_json, kept)


def fields(design_file: DesignArgument, as_json: JsonOption = False) -> None:
    """List the fields of a design that a sweep can vary, and what they hold."""
    design = faultless_design(design_file)
    found = [place for address in addresses(design) for place in places_at(design, address)]
    if as_json:
        write_json({"fields": [{"address": place.address, "value": place.text} for place in found]})
    else:
        write_table(["address", "value"], [(place.address, place.text) for place in found])


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


def _check(engine: Engine, jobs: int | None, worker: bool) -> None:
    if engine is Engine.POOL and worker:
        raise UserError("--worker does trials of a study: add --engine optuna.")
    if engine is Engine.OPTUNA and jobs is not None:
        raise UserError("With --engine optuna each worker does one trial at a time: start more of them, not --jobs.")


def _bundle(folder: Path, runs: Sequence[Run], facts: SweepFacts) -> int:
    for note in write_bundle(folder, runs, facts):
        say(note)
    write_lines([f"python {folder}/run.py"])
    return 0


def _designs(files: Sequence[Path]) -> dict[str, Design]:
    """By the names of their files, or where two are alike by their paths."""
    names = [file.name.removesuffix(".json").removesuffix(".lrd") for file in files]
    alike = len(set(names)) < len(names)
    return {str(file) if alike else name: faultless_design(file) for file, name in zip(files, names, strict=True)}


def _variants(
    designs: dict[str, Design], vary: Sequence[str], count: int | None, base: bool, seed: int
) -> tuple[Variant, ...]:
    if not vary and len(designs) < 2:
        raise UserError(
            "Nothing varies: give --vary ADDRESS=VALUES (`lrdesigner fields` lists addresses), or several designs."
        )
    if not vary and count is not None:
        raise UserError("--random draws values of fields: give --vary ADDRESS=RANGE.")
    found = variants_of(designs, vary, count, seed)
    if not base:
        return found
    started = tuple(varied(design, {}, name if len(designs) > 1 else "") for name, design in designs.items())
    known = [variant.design for variant in started]
    return (*started, *(variant for variant in found if variant.design not in known))


def _run(
    runs: Sequence[Run],
    folder: Path,
    facts: SweepFacts,
    slots: Sequence[Slot],
    as_json: bool,
    kept: SweepHistory | None,
) -> int:
    planned = planned_runs(runs, folder)
    facts = replace(facts, id=read_facts(folder).id or new_id())
    write_facts(folder, facts)
    with ProgressBar(0, "Starting", shown=not as_json) as bar, recorded(kept, facts.id) as keep:
        pool = Pool(folder, slots, SweepProgress(len(planned), bar, as_json).watch.beside(keep))
        pool.run(planned)
    known = {result.id: result for result in read_results(folder)}
    results = [known.get(one.run.id) or not_run(one.run) for one in planned]
    write_sweep(table_of(results, facts), as_json)
    if pool.stopped:
        say("Stopped; with -o FOLDER the same command goes on where it was stopped.")
        return INTERRUPTED
    return 0 if any(result.state == "finished" for result in results) else 1

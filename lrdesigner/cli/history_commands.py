"""Commands about kept trials: list, show, rename, delete, export, and the design as it was."""

from __future__ import annotations

import os
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from typer.core import TyperGroup

from lrdesigner.cli.model_commands import JsonOption
from lrdesigner.cli.output import say, write_json, write_lines, write_table
from lrdesigner.design_file import save
from lrdesigner.errors import UserError
from lrdesigner.trials.history.csv_table import export_csv
from lrdesigner.trials.history.entries import KeptTrial, storable
from lrdesigner.trials.history.store import Sheets, TrialHistory
from lrdesigner.trials.tensorboard import export_tensorboard

SHORT_ID = 8
"""Characters of an id that are shown; more where these are not enough."""

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A trial's id, or the beginning of it.")]
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of trials, or the beginnings of them.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


class ExportFormat(StrEnum):
    """As what kept trials are written."""

    CSV = "csv"
    TENSORBOARD = "tensorboard"


class ListsByDefault(TyperGroup):
    """A table of commands in which `list` may be left out; a design called as a command is named ./show."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `list` before what names no command."""
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["list", *args])


def history_table() -> typer.Typer:
    """The commands of `lrdesigner history`."""
    table = typer.Typer(
        cls=ListsByDefault, help="Kept trials: list them (with nothing else), show, rename, export, delete."
    )
    table.command("list")(list_trials)
    table.command("show")(show)
    table.command("export")(export)
    table.command("design")(design)
    table.command("rename")(rename)
    table.command("delete")(delete)
    return table


def list_trials(
    of_design: Annotated[str, typer.Argument(metavar="[DESIGN]", help="Only those of this design, or model.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List kept trials, newest first."""
    with TrialHistory() as history:
        found = _trials_of(history, of_design) if of_design else history.trials()
        size = history.size()
    if as_json:
        write_json({"trials": [msgspec.to_builtins(trial) for trial in found]})
        return
    titles = ("id", "started", "kind", "title", "state", "steps", "loss", "accuracy", "device")
    write_table(titles, [_row(trial) for trial in found], right=("steps", "loss", "accuracy"))
    say(f"{len(found)} trial{'s' if len(found) != 1 else ''}; the history takes {size / 1e6:.1f} MB.")


def show(trial_id: IdArgument, as_json: JsonOption = False) -> None:
    """Tell what a trial was asked, where it ran, how it ended, and what was measured."""
    with TrialHistory() as history:
        trial = history.trial(trial_id)
        sheets = history.sheets(trial.id)
    if as_json:
        write_json({**msgspec.to_builtins(trial), "measured": _measured(sheets)})
        return
    plain = msgspec.to_builtins(trial)
    facts = {name: value for name, value in plain.items() if not isinstance(value, dict)}
    facts |= {name: _when(plain[name]) for name in ("started", "ended") if plain[name] is not None}
    details = facts.pop("details")
    write_lines(_lines("", facts))
    for name in ("options", "environment", "summary"):
        write_lines(_lines(f"{name}.", plain[name]))
    write_lines(
        f"{name}: {told['rows']:,} rows of {', '.join(told['columns'])}" for name, told in _measured(sheets).items()
    )
    write_lines([details] if details else [])


def export(
    trial_ids: IdsArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.csv, or a folder for TensorBoard.")],
    output_format: Annotated[
        ExportFormat | None, typer.Option("--format", help="csv or tensorboard; else as the name of the output says.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write the numbers of trials as one CSV table, or each as a run for `tensorboard --logdir FOLDER`."""
    chosen = output_format or (ExportFormat.CSV if output.suffix.lower() == ".csv" else ExportFormat.TENSORBOARD)
    with TrialHistory() as history:
        trials = _found(history, trial_ids)
        if chosen is ExportFormat.TENSORBOARD:
            runs = export_tensorboard(history, trials, output)
            say(f"Wrote {len(runs)} run{'s' if len(runs) != 1 else ''}; look at them by: tensorboard --logdir {output}")
            return
        if len(trials) > 1:
            raise UserError("A CSV file holds one trial: name one, or use --format tensorboard.")
        _refuse_existing(output, force)
        export_csv(history.sheets(trials[0].id), output)
    say(f"Wrote {output}.")


def design(
    trial_id: IdArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="The design file to write.")],
    force: ForceOption = False,
) -> None:
    """Write the design as it was when the trial ran."""
    _refuse_existing(output, force)
    with TrialHistory() as history:
        save(history.design(history.trial(trial_id).id), output)
    say(f"Wrote {output}.")


def rename(
    trial_id: IdArgument, title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is called from now on.")]
) -> None:
    """Give a trial another title."""
    with TrialHistory() as history:
        trial = history.trial(trial_id)
        history.rename(trial.id, title)
    say(f"Renamed trial {trial.id[:SHORT_ID]}.")


def delete(trial_ids: IdsArgument) -> None:
    """Delete trials from the history; one that still runs is refused."""
    with TrialHistory() as history:
        trials = _found(history, trial_ids)
        history.delete(trial.id for trial in trials)
    say(f"Deleted {len(trials)} trial{'s' if len(trials) != 1 else ''}.")


def _trials_of(history: TrialHistory, of_design: str) -> list[KeptTrial]:
    place = storable(os.path.realpath(of_design))
    found = history.trials(place) or history.trials(storable(of_design))
    if not found and not Path(of_design).exists():
        raise UserError(
            f"There is neither a design {of_design} nor a kept trial of it; `lrdesigner history` lists all."
        )
    return found


def _found(history: TrialHistory, trial_ids: list[str]) -> list[KeptTrial]:
    """The trials that are meant, each once."""
    trials = [history.trial(one) for one in trial_ids]
    return list({trial.id: trial for trial in trials}.values())


def _refuse_existing(output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise UserError(f"{output} exists; choose another name or add --force.")


def _row(trial: KeptTrial) -> tuple[str, ...]:
    summary = trial.summary
    return (
        trial.id[:SHORT_ID],
        _when(trial.started),
        trial.kind,
        trial.name,
        trial.state,
        _figure(summary.get("points", summary.get("steps", trial.updates))),
        _figure(summary.get("final_loss")),
        _figure(summary.get("test_accuracy")),
        trial.environment.device,
    )


def _measured(sheets: Sheets) -> dict[str, dict[str, Any]]:
    return {
        name: {"rows": len(next(iter(columns.values()))), "columns": list(columns)} for name, columns in sheets.items()
    }


def _lines(start: str, values: dict[str, Any]) -> list[str]:
    return [f"{start}{name}: {_figure(value)}" for name, value in values.items() if value not in ("", None)]


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _figure(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)

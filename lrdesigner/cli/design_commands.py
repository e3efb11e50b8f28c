"""Commands about a design file: show, curves, check."""

from __future__ import annotations

import csv
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from lrdesigner import findings
from lrdesigner.cli.design_words import design_json, design_lines
from lrdesigner.cli.model_commands import JsonOption
from lrdesigner.cli.output import finding_line, say, write_json, write_lines, write_table
from lrdesigner.curve_table import group_table
from lrdesigner.curves import values_at
from lrdesigner.design_file import holds_design, load_with_faults, without_faults
from lrdesigner.document import Design
from lrdesigner.embedded import edited_words
from lrdesigner.errors import UserError
from lrdesigner.faults import Opened
from lrdesigner.numbers import rate
from lrdesigner.param_groups import param_groups
from lrdesigner.reasons import why

DesignArgument = Annotated[Path, typer.Argument(metavar="DESIGN", help="A design file, or exported code.")]


def opened_design(file: Path) -> Opened:
    """A design file's design, or that of exported code; of code that was edited this is said."""
    opened = load_with_faults(file)
    held = holds_design(file)
    if held is not None and held.edited:
        say(edited_words(file.name))
    return opened


def faultless_design(file: Path) -> Design:
    """The same, for commands that take no design with a fault."""
    return without_faults(opened_design(file), str(file))


class Format(StrEnum):
    """How curves are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(
    design_file: DesignArgument,
    as_json: JsonOption = False,
    why_here: Annotated[
        str | None, typer.Option("--why", metavar="NAME", help="Only why this parameter or module is where it is.")
    ] = None,
) -> None:
    """Show the rules and groups of a design: members, options, schedules."""
    design = faultless_design(design_file)
    if why_here is not None:
        text = why(design, why_here)
        if as_json:
            write_json({"name": why_here, "why": text.splitlines()})
        else:
            write_lines([text])
    elif as_json:
        write_json(design_json(design))
    else:
        write_lines(design_lines(design))


def curves(
    design_file: DesignArgument,
    at: Annotated[str, typer.Option("--at", help="Steps, separated by commas: 0,10,20.")] = "",
    every: Annotated[int | None, typer.Option("--every", min=1, help="Every N-th step.")] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to write them.")] = Format.TABLE,
) -> None:
    """Write every hyperparameter of every param group over time; the value at step t is what update t + 1 uses."""
    design = faultless_design(design_file)
    steps = _steps(design, at, every)
    groups = {g.name: values_at(g, design.plan, steps) for found in param_groups(design) for g in found}
    if output_format is Format.JSON:
        plain = {name: {track: values.tolist() for track, values in tracks.items()} for name, tracks in groups.items()}
        write_json({"unit": "step", "steps": steps.tolist(), "groups": plain})
        return
    if output_format is Format.CSV:
        table = group_table([g for found in param_groups(design) for g in found], design.plan, steps)
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(table.titles)
        writer.writerows(table.rows())
        return
    shown = [(name, track, values) for name, tracks in groups.items() for track, values in tracks.items()]
    # The rates, and of the rest what moves; csv and json hold everything.
    shown = [(name, track, v) for name, track, v in shown if track == "lr" or (v.size and bool(np.ptp(v) > 0))]
    titles = ["step", *(f"{name} {track}" for name, track, _ in shown)]
    rows = [[f"{step:,}", *(rate(float(v[i])) for _, _, v in shown)] for i, step in enumerate(steps.tolist())]
    write_table(titles, rows, right=titles)


def check(design_file: DesignArgument, as_json: JsonOption = False) -> int:
    """List what is wrong with a design; status 1 when one of the findings is an error."""
    opened = opened_design(design_file)
    found = findings.check(opened.design, opened.faults)
    if as_json:
        write_json({"findings": [_finding_json(finding) for finding in found]})
    else:
        write_lines(finding_line(finding) for finding in found)
        say("No problems found." if not found else f"{len(found)} finding{'s' if len(found) != 1 else ''}.")
    return 1 if any(finding.severity == "error" for finding in found) else 0


def _steps(design: Design, at: str, every: int | None) -> Any:
    if at and every:
        raise UserError("Give either --at or --every, not both.")
    total = design.plan.total_steps
    if not at:
        return np.arange(0, total, every or max(total // 20, 1), dtype=np.int64)
    try:
        steps = [int(part) for part in at.replace("_", "").split(",")]
    except ValueError:
        raise UserError(f"--at wants whole numbers separated by commas, such as 0,10,20, not {at!r}.") from None
    if min(steps) < 0 or max(steps) > 10**15:
        raise UserError(f"--at: steps count from 0, and {at!r} holds one that cannot be.")
    return np.array(steps, dtype=np.int64)


def _finding_json(finding: findings.Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": finding.where,
        "message": finding.message,
        "fix": finding.fix.label if finding.fix else None,
    }

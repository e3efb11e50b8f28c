"""Commands about a design file: show, curves, check, export."""

from __future__ import annotations

import csv
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from lrdesigner import findings
from lrdesigner.cli.model_commands import JsonOption
from lrdesigner.cli.output import say, write_json, write_lines, write_table
from lrdesigner.curves import values_at
from lrdesigner.design_file import load, load_with_faults, write_atomically
from lrdesigner.document import Batches, Design, Group, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.export import export, refuse_to_replace_sources
from lrdesigner.membership import membership
from lrdesigner.numbers import exact, rate
from lrdesigner.optimizers import optimizer_name, torch_options
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import shape_of
from lrdesigner.tracks import TRACK_KINDS, frozen_stretches, moves, slots_of, track_of

DesignArgument = Annotated[Path, typer.Argument(metavar="DESIGN", help="A design file, NAME.lrd.json.")]


class Format(StrEnum):
    """How curves are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(design_file: DesignArgument, as_json: JsonOption = False) -> None:
    """Show the groups of a design: members, options, schedules."""
    design = load(design_file)
    if as_json:
        write_json(_design_json(design))
        return
    plan, trainable = design.plan, design.model.inventory.trainable_parameters
    write_lines(
        [
            f"{design.model.source or 'no model'}: {trainable:,} trainable parameters",
            f"{plan.epochs:,} epochs of {plan.steps_per_epoch:,} steps, {plan.total_steps:,} steps in all",
        ]
    )
    members = membership(design)
    for group in design.groups:
        parameters = members.trainable(group.id)
        scalars = sum(parameter.numel for parameter in parameters)
        options = ", ".join(f"{key} {_option(value)}" for key, value in torch_options(group.options).items())
        remainder = " (takes the rest)" if group.id == design.remainder else ""
        write_lines(
            [
                "",
                f"{group.name}{remainder}: {scalars:,} parameters in {len(parameters)} tensors",
                f"  {optimizer_name(group.options)}, base lr {rate(group.lr.base)}, {options}",
                *_moving_lines(group, plan),
                *(f"    {parameter.name}" for parameter in parameters),
            ]
        )


def _moving_lines(group: Group, plan: Plan) -> list[str]:
    """What each track that moves does, and when the group is frozen."""
    lines = []
    for slot in slots_of(group):
        if moves(group, slot):
            title = "" if slot == "lr" else f"{TRACK_KINDS[slot].title}: "
            lines.append(f"  {title}{schedule_text(track_of(group, slot), plan)}")
    stretches = [
        f"from step {start:,} on" if end == plan.total_steps else f"from step {start:,} to {end - 1:,}"
        for start, end in _stretches(group, plan)
    ]
    return [*lines, *([f"  frozen {', '.join(stretches)}"] if stretches else [])]


def _stretches(group: Group, plan: Plan) -> list[tuple[int, int]]:
    """(first frozen step, one past the last) as far as the run goes."""
    return [(start, min(end, plan.total_steps)) for start, end in frozen_stretches(group.freeze, plan)]


def schedule_text(track: Track, plan: Plan) -> str:
    """What a track does, in words."""
    return shape_of(track.schedule).describe(track.schedule, plan.span_for(track.base))


def curves(
    design_file: DesignArgument,
    at: Annotated[str, typer.Option("--at", help="Steps, separated by commas: 0,10,20.")] = "",
    every: Annotated[int | None, typer.Option("--every", min=1, help="Every N-th step.")] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to write them.")] = Format.TABLE,
) -> None:
    """Write every hyperparameter of every param group over time; the value at step t is what update t + 1 uses."""
    design = load(design_file)
    steps = _steps(design, at, every)
    groups = {g.name: values_at(g, design.plan, steps) for found in param_groups(design) for g in found}
    if output_format is Format.JSON:
        plain = {name: {track: values.tolist() for track, values in tracks.items()} for name, tracks in groups.items()}
        write_json({"unit": "step", "steps": steps.tolist(), "groups": plain})
        return
    if output_format is Format.CSV:
        columns = [(name, track, values) for name, tracks in groups.items() for track, values in tracks.items()]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["step", *(f"{name}.{track}" for name, track, _ in columns)])
        writer.writerows([int(step), *(repr(float(v[i])) for _, _, v in columns)] for i, step in enumerate(steps))
        return
    shown = [(name, track, values) for name, tracks in groups.items() for track, values in tracks.items()]
    # The rates, and of the rest what moves; csv and json hold everything.
    shown = [(name, track, v) for name, track, v in shown if track == "lr" or (v.size and bool(np.ptp(v) > 0))]
    titles = ["step", *(f"{name} {track}" for name, track, _ in shown)]
    rows = [[f"{step:,}", *(rate(float(v[i])) for _, _, v in shown)] for i, step in enumerate(steps.tolist())]
    write_table(titles, rows, right=titles)


def check(design_file: DesignArgument, as_json: JsonOption = False) -> int:
    """List what is wrong with a design; status 1 when one of the findings is an error."""
    opened = load_with_faults(design_file)
    found = findings.check(opened.design, opened.faults)
    if as_json:
        write_json({"findings": [_finding_json(finding) for finding in found]})
    else:
        write_lines(f"{f.severity}: {f.where}: {f.message} [{f.code}]" for f in found)
        say("No problems found." if not found else f"{len(found)} finding{'s' if len(found) != 1 else ''}.")
    return 1 if any(finding.severity == "error" for finding in found) else 0


def export_code(
    design_file: DesignArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="File to write.")],
    target: Annotated[str, typer.Option("--target", help="What the code is for: torch.")] = "torch",
) -> None:
    """Write a design as code."""
    design = load(design_file)
    refuse_to_replace_sources(design, output, design_file)
    write_atomically(output, export(design, target).encode())
    say(f"Wrote {output}.")


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


def _design_json(design: Design) -> dict[str, Any]:
    members = membership(design)
    return {
        "source": design.model.source,
        "plan": {
            "steps_per_epoch": design.plan.steps_per_epoch,
            "epochs": design.plan.epochs,
            "total_steps": design.plan.total_steps,
        }
        | ({"batches": design.plan.epoch} if isinstance(design.plan.epoch, Batches) else {}),
        "groups": [_group_json(design, group, [p.name for p in members.members(group.id)]) for group in design.groups],
    }


def _group_json(design: Design, group: Group, names: list[str]) -> dict[str, Any]:
    return {
        "name": group.name,
        "remainder": group.id == design.remainder,
        "optimizer": optimizer_name(group.options),
        "options": torch_options(group.options),
        "base_lr": group.lr.base,
        "schedule": group.lr.schedule,
        "schedule_text": schedule_text(group.lr, design.plan),
        "tracks": {
            slot: {"schedule": getattr(group, slot), "schedule_text": schedule_text(track_of(group, slot), design.plan)}
            for slot in slots_of(group)
            if slot != "lr" and moves(group, slot)
        },
        "frozen": [list(stretch) for stretch in _stretches(group, design.plan)],
        "members": names,
    }


def _finding_json(finding: findings.Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": finding.where,
        "message": finding.message,
        "fix": finding.fix.label if finding.fix else None,
    }


def _option(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_option(part) for part in value) + ")"
    return exact(value) if isinstance(value, float) else str(value)

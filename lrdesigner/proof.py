"""What verification and trial share: the exported file written where a child can import it, and the requests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import DEFAULT_OPTIONS, TARGETS, ExportOptions, export
from lrdesigner.export.freezing import freeze_steps
from lrdesigner.jobs.protocol import RangeTestRequest, TrialRequest, VerifyRequest
from lrdesigner.model_inputs import described_inputs
from lrdesigner.models.source import parse_source
from lrdesigner.param_groups import param_groups, steering, trained_groups
from lrdesigner.resuming import resumes
from lrdesigner.schedules.metric_runs import metric_values
from lrdesigner.trials.options import NO_OPTIONS, RangeOptions, TrialOptions

DATA = ("demo", "text", "synthetic")
"""Data that the program has itself."""

INVENTORY = "inventory.json"
MISSING_PACKAGE = "MissingPackageError"
"""The error of a child whose Python lacks what a target needs."""


@contextmanager
def exported_file(design: Design, options: ExportOptions = DEFAULT_OPTIONS) -> Iterator[Path]:
    """The very text that the person gets, in a temporary folder; raises `UserError` if it cannot be exported.

    Beside it lies what is known of a model that has names and shapes only.
    """
    with written_code(export(design, options)) as file:
        if parse_source(design.model.source).is_read:
            file.with_name(INVENTORY).write_bytes(msgspec.json.encode(design.model.inventory))
        yield file


@contextmanager
def written_code(text: str) -> Iterator[Path]:
    """A Python file with this text that a child can import, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="lrdesigner-") as folder:
        file = Path(folder) / "exported.py"
        file.write_text(text, encoding="utf-8")
        yield file


def verify_request(design: Design, file: Path, options: ExportOptions = DEFAULT_OPTIONS) -> VerifyRequest:
    """Ask a child to step the exported code, a file of `exported_file`, through the whole plan, and to resume it."""
    source = parse_source(design.model.source)
    return VerifyRequest(
        source=source.child_source,
        inventory=str(file.with_name(INVENTORY)) if source.is_read else "",
        exported_file=str(file),
        steps=design.plan.total_steps,
        metrics=metrics_of(design),
        freeze_steps=tuple(freeze_steps(design)),
        resumes=resumes(design),
        packages=tuple(TARGETS[options.target].packages),
        kwargs=design.model.kwargs,
    )


def metrics_of(design: Design) -> tuple[tuple[float, ...], ...]:
    """For each optimizer the metric that its rates are drawn for, by evaluation; nothing where none steers them."""
    nodes = [steering(groups[0].group) for groups in param_groups(design)]
    return tuple(tuple(metric_values(node, design.plan.span)) if node else () for node in nodes)


def trial_code(options: TrialOptions) -> ExportOptions:
    """What a trial exports a design as: several processes need a file that is made for them."""
    target = "fsdp" if options.sharded else "ddp" if options.processes > 1 else DEFAULT_OPTIONS.target
    return ExportOptions(target)


def trial_request(design: Design, file: Path, options: TrialOptions = NO_OPTIONS) -> TrialRequest:
    """Ask a child to train with the exported code; raises `UserError` for what the design has no trial of.

    Files that the options name are made absolute here.
    """
    return TrialRequest(options=checked_options(design, options), **_trained(design, file))


def range_test_request(
    design: Design, file: Path, wanted: RangeOptions, options: TrialOptions = NO_OPTIONS
) -> RangeTestRequest:
    """Ask a child to train copies of the model with growing rates; raises `UserError` as `trial_request` does."""
    if wanted.group and all(group.name != wanted.group for group in design.groups):
        raise UserError(f"There is no group {wanted.group!r}; there are {', '.join(g.name for g in design.groups)}.")
    if options.processes > 1:
        raise UserError("A range test trains in one process: leave out the number of processes.")
    return RangeTestRequest(range=wanted, options=checked_options(design, options), **_trained(design, file))


def checked_options(design: Design, options: TrialOptions) -> TrialOptions:
    """The options with absolute files, if the design has such a trial; raises `UserError`."""
    total = design.plan.total_steps
    if options.start >= total:
        raise UserError(f"The plan has steps 0 to {total - 1:,}: a trial cannot begin at {options.start:,}.")
    if options.steps and not options.whole and options.steps > total - options.start:
        room = total - options.start
        raise UserError(f"The trial runs steps of the plan: between 1 and {room:,}, not {options.steps:,}.")
    weights = options.weights
    if weights and not Path(weights).is_file():
        raise UserError(f"The checkpoint {weights} does not exist.")
    return replace(
        options,
        data=options.data if options.data in DATA else _data_function(options.data),
        weights=str(Path(weights).absolute()) if weights else "",
    )


def _trained(design: Design, file: Path) -> dict[str, Any]:
    """What every request names that trains the design's model with an exported file."""
    source = parse_source(design.model.source)
    if source.is_read:
        raise UserError(
            f"{source.text} has names and shapes only, and a trial trains the model: open the model itself, such as "
            "FILE.py:CLASS."
        )
    groups: dict[str, list[str]] = {}
    for part in trained_groups(design):
        groups.setdefault(part.group.name, []).append(part.name)
    return {
        "source": source.child_source,
        "exported_file": str(file),
        "total_steps": design.plan.total_steps,
        "kwargs": design.model.kwargs,
        "inputs": described_inputs(design.model.inputs),
        "groups": {name: tuple(parts) for name, parts in groups.items()},
    }


def _data_function(data: str) -> str:
    file, colon, name = data.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise UserError(f"{data!r} is no data; give demo, text, synthetic or FILE.py:FUNCTION.")
    if not Path(file).is_file():
        raise UserError(f"The data function's file {file} does not exist.")
    return f"{Path(file).absolute()}:{name}"

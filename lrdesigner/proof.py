"""What verification and trial share: the exported file written where a child can import it, and the requests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import DEFAULT_OPTIONS, TARGETS, ExportOptions, export
from lrdesigner.export.freezing import freeze_steps
from lrdesigner.jobs.protocol import TrialRequest, VerifyRequest
from lrdesigner.models.source import parse_source
from lrdesigner.param_groups import param_groups, steering
from lrdesigner.resuming import resumes
from lrdesigner.schedules.metric_runs import metric_values

DEVICES = ("auto", "cpu", "cuda", "mps")
BATCH_SIZE = 32


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


def trial_request(
    design: Design, file: Path, *, steps: int | None = None, device: str = "auto", data: str = "demo"
) -> TrialRequest:
    """Ask a child to train with the exported code for the first `steps` of the plan (None: all of it).

    `data` is "demo", "synthetic" or "FILE.py:FUNCTION", which is made absolute here.
    """
    if device not in DEVICES:
        raise UserError(f"There is no device {device!r}; choose one of {', '.join(DEVICES)}.")
    source = parse_source(design.model.source)
    if source.is_read:
        raise UserError(
            f"{source.text} has names and shapes only, and a trial trains the model: open the model itself, such as "
            "FILE.py:CLASS."
        )
    total = design.plan.total_steps
    if steps is not None and not 1 <= steps <= total:
        raise UserError(f"The trial runs the first steps of the plan: between 1 and {total:,}, not {steps:,}.")
    return TrialRequest(
        source=source.child_source,
        exported_file=str(file),
        steps=steps or total,
        batch_size=BATCH_SIZE,
        device=device,
        data=data if data in ("demo", "synthetic") else _data_function(data),
        kwargs=design.model.kwargs,
    )


def _data_function(data: str) -> str:
    file, colon, name = data.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise UserError(f"{data!r} is no data; give demo, synthetic or FILE.py:FUNCTION.")
    if not Path(file).is_file():
        raise UserError(f"The data function's file {file} does not exist.")
    return f"{Path(file).absolute()}:{name}"

"""The command that writes a design as code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lrdesigner.cli.code_options import CodeForm, CodeSchedule, FormOption, ScheduleFormOption, TensorOption
from lrdesigner.cli.design_commands import DesignArgument, opened_design
from lrdesigner.cli.output import say
from lrdesigner.cli.proof_commands import TrustOption
from lrdesigner.design_file import write_atomically
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import TARGETS, ExportOptions, export, refuse_to_replace_sources
from lrdesigner.export.objections import as_sentences, changed_model, objections, outdated_model
from lrdesigner.export.other_targets import OTHER_TARGETS
from lrdesigner.findings import Finding
from lrdesigner.jobs.run import inspect_model
from lrdesigner.models.source import parse_source
from lrdesigner.models.trust import TrustStore, question_for_source

KINDS = ", ".join((*TARGETS, *OTHER_TARGETS))
MODEL_SECONDS = 60.0
"""Time that a model may take to be built for the comparison."""


def export_code(
    design_file: DesignArgument,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="File to write.")],
    target: Annotated[
        str,
        typer.Option("--target", help=f"What it is for: {KINDS}."),
    ] = "torch",
    form: FormOption = CodeForm.SCRIPT,
    data: Annotated[
        str, typer.Option("--data", metavar="FILE.py:FUNCTION", help="What a script trains on, as for a trial.")
    ] = "",
    schedule_form: ScheduleFormOption = CodeSchedule.AUTO,
    tensor_lr: TensorOption = False,
    every: Annotated[int, typer.Option("--every", min=1, help="With --target curves: every N-th step.")] = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Write in spite of errors in the design; the file then says so.")
    ] = False,
    trust: TrustOption = False,
) -> None:
    """Write a design as code, unless the check finds errors in it or its model is another by now."""
    opened = opened_design(design_file)
    refuse_to_replace_sources(opened.design, output, design_file)
    options = ExportOptions(target, form.value, data, schedule_form.value, tensor_lr)
    found = objections(opened.design, opened.faults) or _changes_of_model(opened.design, trust)
    if target in OTHER_TARGETS:
        _refuse_options_of_code(options, target)
        text = OTHER_TARGETS[target].write(opened.design, every)
    else:
        if every != 1:
            raise UserError("--every is for --target curves; code has every step in it.")
        text = export(opened.design, options.despite(as_sentences(found)))  # raises where nothing could be written
    if found and not force:
        raise UserError(_refusal(found))
    write_atomically(output, text.encode())
    say(f"Wrote {output}{' in spite of its errors' if found else ''}.")


def _refuse_options_of_code(options: ExportOptions, target: str) -> None:
    if options != ExportOptions(target):
        raise UserError(f"--target {target} writes no code: leave --form, --data, --schedule-form and --tensor-lr out.")


def _changes_of_model(design: Design, trust: bool) -> tuple[Finding, ...]:
    """What building or reading the model anew finds; nothing for a demo, and where its code may not run."""
    model = design.model
    if not model.source or model.source.startswith("demo:"):
        return ()
    source = parse_source(model.source)
    question, store = question_for_source(source, model.python), TrustStore()
    if trust:
        store.remember(question, True)
    elif store.changed(question):
        return (outdated_model(f"The code of {source.text}"),)
    elif not store.answer(question):
        say("The model was not compared with the design, since its code may not run; add --trust if it may.")
        return ()
    found = inspect_model(source, model.kwargs, MODEL_SECONDS, question.python or None)
    return changed_model(design, found.inventory)


def _refusal(found: Sequence[Finding]) -> str:
    first = as_sentences(found)[0]
    others = f" ({len(found) - 1:,} more: lrdesigner check lists them)" if len(found) > 1 else ""
    return f"Nothing was written. {first}{others} Mend that, or add --force to write the code all the same."

"""The command that trains with the exported code, and what the commands share that run it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from lrdesigner.cli.design_commands import DesignArgument, faultless_design
from lrdesigner.cli.keeping import recorder_for, tell_unkept
from lrdesigner.cli.model_commands import PythonOption
from lrdesigner.cli.output import finding_line, say, write_json, write_lines
from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.trial_options import taking_trial_options
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import CriticalRate, Diagnostics, Metrics, Report
from lrdesigner.jobs.run import run_job
from lrdesigner.models.interpreter import parse_python
from lrdesigner.models.trust import TrustStore, question_for
from lrdesigner.proof import exported_file, trial_code, trial_request
from lrdesigner.trials.findings import trial_findings
from lrdesigner.trials.headroom import headroom_lines
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.record import TrialRecord

TrustOption = Annotated[
    bool, typer.Option("--trust", help="Run the code that the design names, and remember that it may run.")
]

INTERRUPTED = 130
"""The status that shells know for Ctrl-C, which is the only way to stop a command."""


@taking_trial_options
def trial(
    design_file: DesignArgument,
    options: TrialOptions,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per step.")] = False,
    diagnostics: Annotated[bool, typer.Option("--diagnostics", help="Lines of JSON for the diagnostics too.")] = False,
    history: Annotated[bool, typer.Option("--history/--no-history", help="Keep it in the history.")] = True,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Train with the exported code for a short while; status 1 when it fails or diverges."""
    design = allowed(faultless_design(design_file), trust, python)
    return _run(design, design_file if history else None, options, as_json, diagnostics)


def _run(design: Design, kept_as: Path | None, options: TrialOptions, as_json: bool, diagnostics: bool) -> int:
    """Run a trial; it is kept as one of the design in the file `kept_as`, or not at all."""
    told: tuple[type[Report], ...] = (Metrics, CriticalRate) if as_json else ()
    told += (Diagnostics,) if as_json and diagnostics else ()
    with exported_file(design, trial_code(options)) as file, ProgressBar(0, "Starting", shown=not as_json) as bar:
        request = trial_request(design, file, options)
        record = TrialRecord(design, options)
        recorder = recorder_for(design, kept_as, file, request.options)

        def take(report: Any) -> None:
            if recorder is not None:
                recorder.take(report)
            if isinstance(report, Metrics):
                record.add([report])
                bar.show(len(record.steps))
            else:
                record.note(report)
                bar.describe(record.stage, record.updates)
            if isinstance(report, told):
                write_json(report)

        outcome = run_job(request, on_report=take, python=design.model.python or None)
    if recorder is not None:
        recorder.end(outcome)
        recorder.wait()
    record.end(outcome)
    reason = outcome.state if outcome.state in ("finished", "stopped", "diverged") else "failed"
    if as_json:
        write_json({"kind": "end", "reason": reason, "metrics": outcome.metrics})
    else:
        write_lines(f"{key}: {_figure(value)}" for key, value in outcome.metrics.items())
        write_lines(headroom_lines(record.critical, [group.name for group in design.groups]))
        write_lines(finding_line(finding) for finding in trial_findings(record, design))
    say(outcome.message)
    tell_unkept(recorder)
    if reason == "stopped":
        return INTERRUPTED
    return 0 if reason == "finished" else 1


def allowed(design: Design, trust: bool, python: str) -> Design:
    """The design, with the interpreter that was named, if its code may run: there must be an answer, now or remembered.

    A design file that names code is no consent to run it; an interpreter that is typed here is.
    """
    named = parse_python(python)
    question = question_for(replace(design, model=replace(design.model, python=named)) if python else design)
    asked = question.without(named)
    store = TrustStore()
    if trust:
        store.remember(asked, True)
    elif not store.answer(asked):
        raise UserError(
            f"This design runs the code of {asked.names} with {asked.interpreter}, which may do anything you may; "
            "add --trust if you trust that code."
        )
    return replace(design, model=replace(design.model, python=question.python))


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

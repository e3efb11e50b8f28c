"""The command that holds the exported code of each target against the design."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lrdesigner.cli.code_options import CodeForm, CodeSchedule, FormOption, ScheduleFormOption, TensorOption
from lrdesigner.cli.design_commands import DesignArgument, faultless_design
from lrdesigner.cli.model_commands import PythonOption
from lrdesigner.cli.output import say, write_lines
from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.proof_commands import INTERRUPTED, TrustOption, allowed
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import TARGETS, ExportOptions
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_ladder
from lrdesigner.proof import MISSING_PACKAGE, exported_file, verify_request
from lrdesigner.verification import Verdict, Verifier, largest_difference, report_taker, resumed_words

ALL = "all"


def verify(
    design_file: DesignArgument,
    target: Annotated[
        str, typer.Option("--target", help=f"What the code is for: {', '.join(TARGETS)}, or {ALL} in turn.")
    ] = "torch",
    form: FormOption = CodeForm.SCRIPT,
    schedule_form: ScheduleFormOption = CodeSchedule.AUTO,
    tensor_lr: TensorOption = False,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Step the real optimizer through the exported code for the whole plan, resume it, and compare with the design."""
    if target != ALL and target not in TARGETS:
        raise UserError(f"There is no export target {target!r}; known: {', '.join(TARGETS)} and {ALL}.")
    design = allowed(faultless_design(design_file), trust, python)
    options = ExportOptions(target, form.value, schedule_form=schedule_form.value, tensor_lr=tensor_lr)
    return _all(design, options) if target == ALL else _one(design, options)


def _one(design: Design, options: ExportOptions) -> int:
    outcome, verdict = _run(design, options)
    if outcome.state == "stopped":
        say("Interrupted.")
        return INTERRUPTED
    if _lacks_package(outcome):
        raise UserError(outcome.message)
    if outcome.state != "finished":
        say(f"Verification failed: {outcome.message}")
        return 1
    write_lines(f"{name}: {_differences(tracks)}" for name, tracks in verdict.differences.items())
    write_lines(resumed_words(report) for report in verdict.resumed if not report.problem)
    write_lines(verdict.problems)
    words = "The exported code equals the design" if verdict.passed else "The exported code DIFFERS from the design"
    say(f"{words}: {verdict.steps:,} steps, largest difference {largest_difference(verdict):.1e} of the base value.")
    return 0 if verdict.passed else 1


def _all(design: Design, options: ExportOptions) -> int:
    """Every target in turn; one that cannot take the design, or whose library is not installed, is no failure."""
    status = 0
    for name, target in TARGETS.items():
        if refusal := target.refusal(design):
            _tell(name, f"skipped: {refusal}")
            continue
        outcome, verdict = _run(design, options.for_target(name))
        if outcome.state == "stopped":
            say("Interrupted.")
            return INTERRUPTED
        if _lacks_package(outcome):
            _tell(name, f"skipped: {outcome.message.partition(';')[0]}.")
        elif outcome.state != "finished":
            status = 1
            _tell(name, f"FAILED: {outcome.message}")
        else:
            status = status if verdict.passed else 1
            _tell(name, _summary(verdict))
    return status


def _tell(target: str, found: str) -> None:
    write_lines([f"{target:<{max(map(len, TARGETS))}}   {found}"])
    sys.stdout.flush()


def _run(design: Design, options: ExportOptions) -> tuple[Outcome, Verdict]:
    verifier = Verifier(design, options)
    words = f"Verifying {options.target}"
    with exported_file(design, options) as file, ProgressBar(design.plan.total_steps, words) as bar:
        request, taker = verify_request(design, file, options), report_taker(verifier, bar.show)
        outcome = run_ladder(request, on_report=taker, python=design.model.python or None)
    return outcome, verifier.verdict()


def _lacks_package(outcome: Outcome) -> bool:
    return outcome.failure is not None and outcome.failure.error == MISSING_PACKAGE


def _summary(verdict: Verdict) -> str:
    if verdict.problems:
        more = f" ({len(verdict.problems) - 1:,} more: verify this target alone)" if verdict.problems[1:] else ""
        return f"DIFFERS: {verdict.problems[0]}{more}"
    resumed = [f"{report.step:,}" for report in verdict.resumed if not report.untried]
    exact = f"resumed exactly at step {' and '.join(resumed)}" if resumed else "not resumed"
    largest = f"largest difference {largest_difference(verdict):.1e} of the base value"
    return f"equals the design: {verdict.steps:,} steps, {largest}; {exact}"


def _differences(tracks: dict[str, float]) -> str:
    return ", ".join(f"{track} {value:.1e}" for track, value in tracks.items())

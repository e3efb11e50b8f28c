"""Commands that run the exported code: verify and trial."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from lrdesigner.cli.design_commands import DesignArgument
from lrdesigner.cli.output import say, write_json, write_lines
from lrdesigner.design_file import load
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.jobs.run import run_job
from lrdesigner.models.source import parse_source
from lrdesigner.models.trust import TrustStore
from lrdesigner.proof import exported_file, trial_request, verify_request
from lrdesigner.verification import Verifier, largest_difference, report_taker

TrustOption = Annotated[
    bool, typer.Option("--trust", help="Run the Python file that the design names, and remember it.")
]

INTERRUPTED = 130
"""The status that shells know for Ctrl-C, which is the only way to stop a command."""


def verify(design_file: DesignArgument, trust: TrustOption = False) -> int:
    """Step the real optimizer through the exported code for the whole plan and compare with the design."""
    design = load(design_file)
    _allow(design, trust)
    verifier = Verifier(design)
    with exported_file(design) as file, _ProgressBar(design.plan.total_steps, "Verifying") as advance:
        outcome = run_job(verify_request(design, file), on_report=report_taker(verifier, advance))
    if outcome.state == "stopped":
        say("Interrupted.")
        return INTERRUPTED
    if outcome.state != "finished":
        say(f"Verification failed: {outcome.message}")
        return 1
    verdict = verifier.verdict()
    write_lines(f"{name}: {_differences(tracks)}" for name, tracks in verdict.differences.items())
    write_lines(verdict.problems)
    words = "The exported code equals the design" if verdict.passed else "The exported code DIFFERS from the design"
    say(f"{words}: {verdict.steps:,} steps, largest difference {largest_difference(verdict):.1e} of the base value.")
    return 0 if verdict.passed else 1


def trial(
    design_file: DesignArgument,
    steps: Annotated[int | None, typer.Option("--steps", help="Run only the first N steps of the plan.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    data: Annotated[str, typer.Option("--data", help="demo, synthetic or FILE.py:FUNCTION.")] = "demo",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per step.")] = False,
    trust: TrustOption = False,
) -> int:
    """Train with the exported code for a short while; status 1 when it fails or diverges."""
    design = load(design_file)
    _allow(design, trust)
    planned = steps or design.plan.total_steps
    with exported_file(design) as file, _ProgressBar(planned, "Training", shown=not as_json) as advance:

        def take(report: Any) -> None:
            if isinstance(report, Metrics):
                advance(report.step + 1)
                if as_json:
                    write_json(report)

        request = trial_request(design, file, steps=steps, device=device, data=data)
        outcome = run_job(request, on_report=take)
    reason = outcome.state if outcome.state in ("finished", "stopped", "diverged") else "failed"
    if as_json:
        write_json({"kind": "end", "reason": reason, "metrics": outcome.metrics})
    else:
        write_lines(f"{key}: {_figure(value)}" for key, value in outcome.metrics.items())
    say(outcome.message)
    if reason == "stopped":
        return INTERRUPTED
    return 0 if reason == "finished" else 1


def _allow(design: Design, trust: bool) -> None:
    """A design file that names a Python file is no consent to run it: there must be an answer, now or remembered."""
    if not design.model.source:
        raise UserError("The design has no model.")
    source = parse_source(design.model.source)
    store = TrustStore()
    if trust:
        store.remember(source, True)
    elif not store.answer(source):
        raise UserError(
            f"This design runs the code of {source.file} with {sys.executable}, which may do anything you may; "
            "add --trust if you trust that file."
        )


class _ProgressBar:
    """A progress bar on stderr, when a person watches; its value is a function that takes the steps done."""

    def __init__(self, total: int, text: str, *, shown: bool = True) -> None:
        self._bar: Any = None
        if shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(text, total=total)

    def __enter__(self) -> Any:
        if self._bar is None:
            return lambda done: None
        self._bar.start()
        return lambda done: self._bar.update(self._task, completed=done)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _differences(tracks: dict[str, float]) -> str:
    return ", ".join(f"{track} {value:.1e}" for track, value in tracks.items())


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

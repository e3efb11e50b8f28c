"""The command that trains with the exported code, and what the commands share that run it."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from lrdesigner.cli.design_commands import DesignArgument, faultless_design
from lrdesigner.cli.model_commands import PythonOption
from lrdesigner.cli.output import say, write_json, write_lines
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.jobs.run import run_job
from lrdesigner.models.interpreter import parse_python
from lrdesigner.models.trust import TrustStore, question_for
from lrdesigner.proof import exported_file, trial_request

TrustOption = Annotated[
    bool, typer.Option("--trust", help="Run the code that the design names, and remember that it may run.")
]

INTERRUPTED = 130
"""The status that shells know for Ctrl-C, which is the only way to stop a command."""


def trial(
    design_file: DesignArgument,
    steps: Annotated[int | None, typer.Option("--steps", help="Run only the first N steps of the plan.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    data: Annotated[str, typer.Option("--data", help="demo, synthetic or FILE.py:FUNCTION.")] = "demo",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per step.")] = False,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Train with the exported code for a short while; status 1 when it fails or diverges."""
    design = allowed(faultless_design(design_file), trust, python)
    planned = steps or design.plan.total_steps
    with exported_file(design) as file, ProgressBar(planned, "Training", shown=not as_json) as advance:

        def take(report: Any) -> None:
            if isinstance(report, Metrics):
                advance(report.step + 1)
                if as_json:
                    write_json(report)

        request = trial_request(design, file, steps=steps, device=device, data=data)
        outcome = run_job(request, on_report=take, python=design.model.python or None)
    reason = outcome.state if outcome.state in ("finished", "stopped", "diverged") else "failed"
    if as_json:
        write_json({"kind": "end", "reason": reason, "metrics": outcome.metrics})
    else:
        write_lines(f"{key}: {_figure(value)}" for key, value in outcome.metrics.items())
    say(outcome.message)
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


class ProgressBar:
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


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

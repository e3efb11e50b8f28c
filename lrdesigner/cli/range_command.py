"""The command that tells which rates a design could have: a range test and critical rates, without touching it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from lrdesigner.cli.design_commands import DesignArgument, faultless_design
from lrdesigner.cli.keeping import recorder_for, tell_unkept
from lrdesigner.cli.model_commands import PythonOption
from lrdesigner.cli.output import say, write_json, write_lines
from lrdesigner.cli.progress import ProgressBar
from lrdesigner.cli.proof_commands import INTERRUPTED, TrustOption, allowed
from lrdesigner.cli.trial_options import converted, trial_options
from lrdesigner.document import Design
from lrdesigner.jobs.protocol import CriticalRate, Progress, RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_job
from lrdesigner.numbers import rate
from lrdesigner.proof import exported_file, range_test_request, trial_request
from lrdesigner.trials.headroom import headroom_lines
from lrdesigner.trials.history.recording import TrialRecorder
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner.trials.range_result import RangeCurves, Suggestion, range_curves, suggestion
from lrdesigner.trials.rate_scaling import full_rate_step

PROBED_STEPS, PROBES = 100, 3
SHOWN = 13
"""Lines of the table."""


def range_test(
    design_file: DesignArgument,
    low: Annotated[float, typer.Option("--low", help="The multiplier of the planned rates to begin with.")] = 1e-3,
    high: Annotated[float, typer.Option("--high", help="The multiplier to end with.")] = 1e3,
    updates: Annotated[int, typer.Option("--updates", help="Updates of each copy.")] = 100,
    seeds: Annotated[int, typer.Option("--seeds", help="Copies, each with its own weights and batches.")] = 3,
    group: Annotated[str, typer.Option("--group", help="Only this group's rate grows; else all do.")] = "",
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    data: Annotated[str, typer.Option("--data", help="demo, text, synthetic or FILE.py:FUNCTION.")] = "demo",
    batch_size: Annotated[int, typer.Option("--batch-size", help="Samples in one forward pass.")] = 32,
    critical: Annotated[bool, typer.Option("--critical/--no-critical", help="Look for critical rates too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per report.")] = False,
    history: Annotated[bool, typer.Option("--history/--no-history", help="Keep it in the history.")] = True,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Train copies with growing rates, and tell between which ones the loss falls; the design stays as it is."""
    design = allowed(faultless_design(design_file), trust, python)
    wanted = converted({"low": low, "high": high, "updates": updates, "seeds": seeds, "group": group}, RangeOptions)
    options = trial_options(device=device, data=data, batch_size=batch_size, start=full_rate_step(design))
    test = _Run(design, options, as_json, design_file if history else None)
    outcome = test.ranges(wanted)
    curves = range_curves(test.points)
    if outcome.succeeded and critical:
        outcome = test.critical()
    found = suggestion(curves) if curves is not None else Suggestion(None, None, "There are too few points.")
    if as_json:
        write_json({"kind": "end", "reason": outcome.state, "low": found.low, "high": found.high, "why": found.reason})
    else:
        write_lines(_table(curves) if curves is not None else [])
        write_lines([_suggested(found), *headroom_lines(test.rates, [g.name for g in design.groups])])
    say(outcome.message)
    tell_unkept(test.recorder)
    if outcome.state == "stopped":
        return INTERRUPTED
    return 0 if outcome.succeeded else 1


class _Run:
    """The two jobs, and what they have told."""

    def __init__(self, design: Design, options: TrialOptions, as_json: bool, kept_as: Path | None) -> None:
        self._design, self._options, self._as_json, self._kept_as = design, options, as_json, kept_as
        self.recorder: TrialRecorder | None = None
        self.points: list[RangePoint] = []
        self.rates: list[CriticalRate] = []

    def ranges(self, wanted: RangeOptions) -> Outcome:
        """The range test."""
        with exported_file(self._design) as file:
            request = range_test_request(self._design, file, wanted, self._options)
            recorder = recorder_for(self._design, self._kept_as, file, request.options, wanted)
            outcome = self._done(request, recorder)
        if recorder is not None:
            recorder.end(outcome)
            recorder.wait()
        self.recorder = recorder
        return outcome

    def critical(self) -> Outcome:
        """A short trial that looks for critical rates, at the planned rates."""
        left = self._design.plan.total_steps - self._options.start
        options = replace(self._options, steps=min(PROBED_STEPS, left), probes=PROBES, diagnose_every=0)
        with exported_file(self._design) as file:
            return self._done(trial_request(self._design, file, options))

    def _done(self, request: Any, recorder: TrialRecorder | None = None) -> Outcome:
        with ProgressBar(0, "Starting", shown=not self._as_json) as bar:

            def take(report: Any) -> None:
                if recorder is not None:
                    recorder.take(report)
                match report:
                    case Progress():
                        bar.describe(report.stage, report.total)
                        bar.show(report.done)
                    case RangePoint():
                        self.points.append(report)
                        bar.show(len(self.points))
                    case CriticalRate():
                        self.rates.append(report)
                if self._as_json and isinstance(report, RangePoint | CriticalRate):
                    write_json(report)

            return run_job(request, on_report=take, python=self._design.model.python or None)


def _table(curves: RangeCurves) -> list[str]:
    step = max(len(curves.multipliers) // (SHOWN - 1), 1)
    rows = [
        f"{rate(curves.multipliers[i]):>12}  {curves.median[i]:8.4g}  {curves.low[i]:8.4g} .. {curves.high[i]:.4g}"
        for i in range(0, len(curves.multipliers), step)
        if curves.median[i] == curves.median[i]  # beyond that the loss exploded
    ]
    return [f"{'multiplier':>12}  {'loss':>8}  {'band':>8}", *rows]


def _suggested(found: Suggestion) -> str:
    if found.low is None or found.high is None:
        return f"No suggestion: {found.reason}"
    return f"Suggested: {rate(found.low)} to {rate(found.high)} times the planned rates. {found.reason}"

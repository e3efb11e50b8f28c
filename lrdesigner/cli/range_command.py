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
from lrdesigner.cli.trial_options import converted, taking_trial_options_but
from lrdesigner.document import Design
from lrdesigner.jobs.protocol import CriticalRate, Progress, RangePoint
from lrdesigner.jobs.reader import Outcome
from lrdesigner.jobs.run import run_job
from lrdesigner.numbers import rate
from lrdesigner.proof import exported_file, range_test_request, trial_request
from lrdesigner.trials.headroom import headroom_lines, probing_options
from lrdesigner.trials.history.recording import TrialRecorder
from lrdesigner.trials.options import NOT_OF_RANGE_TESTS, RangeOptions, TrialOptions
from lrdesigner.trials.range_result import RangeCurves, Suggestion, range_curves, suggestion, suggestion_text
from lrdesigner.trials.rate_scaling import full_rate_step

SHOWN = 13
"""Lines of the table."""


@taking_trial_options_but(NOT_OF_RANGE_TESTS)
def range_test(
    design_file: DesignArgument,
    options: TrialOptions,
    low: Annotated[float, typer.Option("--low", help="The multiplier of the planned rates to begin with.")] = 1e-3,
    high: Annotated[float, typer.Option("--high", help="The multiplier to end with.")] = 1e3,
    updates: Annotated[int, typer.Option("--updates", help="Updates of each copy.")] = 100,
    seeds: Annotated[int, typer.Option("--seeds", help="Copies, each with its own weights and batches.")] = 3,
    group: Annotated[str, typer.Option("--group", help="Only this group's rate grows; else all do.")] = "",
    critical: Annotated[bool, typer.Option("--critical/--no-critical", help="Look for critical rates too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per report.")] = False,
    history: Annotated[bool, typer.Option("--history/--no-history", help="Keep it in the history.")] = True,
    trust: TrustOption = False,
    python: PythonOption = "",
) -> int:
    """Train copies with growing rates, and tell between which ones the loss falls; the design stays as it is."""
    design = allowed(faultless_design(design_file), trust, python)
    wanted = converted({"low": low, "high": high, "updates": updates, "seeds": seeds, "group": group}, RangeOptions)
    test = _Run(design, replace(options, start=full_rate_step(design)), as_json, design_file if history else None)
    outcome = test.ranges(wanted)
    curves = range_curves(test.points)
    if outcome.succeeded and critical:
        outcome = test.critical()
    found = suggestion(curves) if curves is not None else Suggestion(None, None, "There are too few points.")
    if as_json:
        if curves is not None:
            write_json(_curve(curves))
        told = {"low": found.low, "high": found.high, "steepest": found.steepest, "slope": found.slope}
        write_json({"kind": "end", "reason": outcome.state, **told, "why": found.reason})
    elif test.points:  # without any only what went wrong is of interest
        write_lines(_table(curves) if curves is not None else [])
        suggested = "" if found.middle is None else "Suggested: "
        write_lines([suggested + suggestion_text(found), *headroom_lines(test.rates, [g.name for g in design.groups])])
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
        options = probing_options(self._options, self._design.plan.total_steps)
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
        f"{rate(curves.multipliers[i]):>12}  {curves.median[i]:8.4g}  {_slope(curves.slope[i]):>12}  "
        f"{curves.low[i]:8.4g} .. {curves.high[i]:.4g}"
        for i in range(0, len(curves.multipliers), step)
        if curves.median[i] == curves.median[i]  # beyond that the loss exploded
    ]
    return [f"{'multiplier':>12}  {'loss':>8}  {'slope/decade':>12}  {'band':>8}", *rows]


def _slope(value: float) -> str:
    return f"{value:+.2g}" if value == value else "-"


def _curve(curves: RangeCurves) -> dict[str, Any]:
    """What the table tells, of every multiplier; null where too many copies have exploded."""
    shown = ("multipliers", "median", "low", "high", "slope")
    return {"kind": "curve", **{name: getattr(curves, name).tolist() for name in shown}}

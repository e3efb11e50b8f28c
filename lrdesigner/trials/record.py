"""What a running or finished trial has shown so far; it keeps the design that it ran."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrdesigner.curves import lanes_values, relative_difference
from lrdesigner.document import Design
from lrdesigner.jobs.protocol import AnyReport, CriticalRate, Diagnostics, Metrics, Progress
from lrdesigner.jobs.reader import Outcome
from lrdesigner.param_groups import ParamGroup, steering, trained_groups
from lrdesigner.tracks import lane_of
from lrdesigner.trials.diagnostics_columns import DiagnosticsColumns
from lrdesigner.trials.growing import Growing
from lrdesigner.trials.options import NO_OPTIONS, TrialOptions
from lrdesigner.trials.smoothing import RunningMean

State = Literal["running", "paused", "stopping", "finished", "stopped", "diverged", "failed"]

TRAINING = "training"
"""The stage that a child tells together with the number of updates."""


@dataclass(slots=True, eq=False)
class TrialRecord:
    """One trial. `steps`, `losses`, `smoothed` and each of `rates` are of one length; steps are those of the plan.

    `updates` is how many it will have, 0 until the child has said so; `seconds` is how long it has trained.
    `discarded`: it was cancelled, and nobody wants to see it.
    `rates` and `deviations` are by the names of the param groups, of which a group of the design may have several.
    """

    design: Design
    options: TrialOptions = NO_OPTIONS
    updates: int = 0
    state: State = "running"
    stage: str = "Starting"
    message: str = ""
    details: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    silent: bool = False
    discarded: bool = False
    steps: Growing = field(default_factory=Growing)
    losses: Growing = field(default_factory=Growing)
    smoothed: Growing = field(default_factory=Growing)
    rates: dict[str, Growing] = field(default_factory=dict)
    deviations: dict[str, float] = field(default_factory=dict)
    diagnostics: DiagnosticsColumns = field(default_factory=DiagnosticsColumns)
    critical: list[CriticalRate] = field(default_factory=list)
    _mean: RunningMean = field(default_factory=RunningMean)
    _parts: tuple[Design, tuple[ParamGroup, ...]] | None = None

    @property
    def first_step(self) -> int:
        """The first step of the plan that it takes."""
        return self.options.start

    @property
    def end_step(self) -> int:
        """The step of the plan at which it ends, were it not stopped."""
        total = self.design.plan.total_steps
        if self.options.whole:
            return total
        known = self.updates or self.options.steps
        return min(self.first_step + known, total) if known else total

    @property
    def reached(self) -> int:
        """The step of the plan that its next update would take."""
        done, total = len(self.steps), self.design.plan.total_steps
        if self.options.whole:
            return done * total // (self.updates or self.options.steps or total)
        return self.first_step + done

    @property
    def parts(self) -> tuple[ParamGroup, ...]:
        """What torch was given: the param groups of the design."""
        if self._parts is None or self._parts[0] is not self.design:
            self._parts = self.design, trained_groups(self.design)
        return self._parts[1]

    def parts_of(self, group: int) -> tuple[ParamGroup, ...]:
        """The param groups of a group of the design."""
        return tuple(part for part in self.parts if part.group.id == group)

    @property
    def steered(self) -> tuple[str, ...]:
        """The groups whose measured rate may leave the drawn curve: a metric steers it, here the loss of this trial."""
        names = {part.group.name: None for part in self.parts if part.name in self.rates and steering(part.group)}
        return tuple(names)

    @property
    def worst(self) -> dict[str, float]:
        """The largest difference from the plan of each group of the design that has been compared."""
        found: dict[str, float] = {}
        for part in self.parts:
            if part.name in self.deviations:
                name = part.group.name
                found[name] = max(found.get(name, 0.0), self.deviations[part.name])
        return found

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in ("running", "paused", "stopping")

    def add(self, batch: Iterable[Metrics]) -> None:
        """Take in finished steps, in order."""
        fresh = list(batch)
        before = len(self.steps)
        self.steps.extend([metrics.step for metrics in fresh])
        self.losses.extend([metrics.loss for metrics in fresh])
        self.smoothed.extend([self._mean.taken(metrics.loss) for metrics in fresh])
        for name in {name for metrics in fresh for name in metrics.lr} - self.rates.keys():
            self.rates[name] = Growing()
            self.rates[name].extend([math.nan] * before)
        for name, column in self.rates.items():
            column.extend([metrics.lr.get(name, math.nan) for metrics in fresh])
        self._compare(before)

    def note(self, report: AnyReport) -> None:
        """Take in what comes beside the finished steps."""
        match report:
            case Progress():
                self.stage = report.stage
                self.updates = report.total if report.stage == TRAINING else self.updates
            case Diagnostics():
                self.diagnostics.add(report)
            case CriticalRate():
                self.critical.append(report)

    def end(self, outcome: Outcome) -> None:
        """Note how it ended; what was measured stays."""
        stopped_by_us = self.state == "stopping" and outcome.state in ("stopped", "cancelled")
        match outcome.state:
            case "finished" | "diverged":
                self.state = outcome.state
            case "stopped" | "cancelled":
                self.state = "stopped"
            case _:
                self.state = "failed"
        self.message = "" if stopped_by_us else outcome.message
        self.details, self.summary, self.silent = outcome.details, outcome.metrics, False

    def seconds_left(self) -> float | None:
        """How long it will still take, judging by the speed so far; None before that can be said."""
        done = len(self.steps)
        if done < 5 or self.seconds <= 0:
            return None
        left = max(self.updates - done, 0) * self.seconds / done
        budget = self.options.seconds
        return left if budget is None or self.options.whole else min(left, max(budget - self.seconds, 0.0))

    @property
    def done(self) -> float:
        """The share of it that is done, of its updates or of its time."""
        share = len(self.steps) / self.updates if self.updates else 0.0
        budget = self.options.seconds
        return min(share if budget is None or self.options.whole else max(share, self.seconds / budget), 1.0)

    def _compare(self, start: int) -> None:
        """Largest |measured - planned| of each param group, over its base rate; not of rates that a metric steers."""
        steps, plan = self.steps.array[start:].astype(np.int64), self.design.plan
        if not steps.size:
            return
        compared = [part for part in self.parts if part.name in self.rates and not steering(part.group)]
        planned = lanes_values([lane_of(part.group, "lr", plan) for part in compared], plan, steps)
        for part, wanted in zip(compared, planned, strict=True):
            measured = self.rates[part.name].array[start:]
            known = relative_difference(measured, wanted, part.group.lr.base)[np.isfinite(measured)]
            if known.size:
                self.deviations[part.name] = max(self.deviations.get(part.name, 0.0), float(known.max()))

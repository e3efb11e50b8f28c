"""Verification: the real optimizers, stepped through the exported code, held against the design at every step.

Curves are to agree to 1e-12 of their base. Rates that torch's (or transformers') own scheduler computes, one
multiplication after the other, are to agree to 1e-9: those that a metric steers, and those of a native form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrdesigner.curves import TOLERANCE, relative_difference, values_at
from lrdesigner.document import Design
from lrdesigner.export import DEFAULT_OPTIONS, ExportOptions
from lrdesigner.export.freezing import freeze_steps
from lrdesigner.export.schedule_forms import chosen_form
from lrdesigner.jobs.protocol import Freezing, ParamGroups, Resumed, Values
from lrdesigner.optimizers import CustomOptions, optimizer_of, torch_options
from lrdesigner.param_groups import ParamGroup, param_groups, steering
from lrdesigner.resuming import resumes
from lrdesigner.tracks import frozen_stretches, option_of, slots_of, track_of

TORCH_TOLERANCE = 1e-9
"""Largest allowed `relative_difference` of a rate that a scheduler of torch's own computes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. `differences`: param group -> track -> largest |difference| / base."""

    steps: int
    differences: dict[str, dict[str, float]]
    problems: tuple[str, ...]
    resumed: tuple[Resumed, ...] = ()

    @property
    def passed(self) -> bool:
        """Nothing differs by more than the tolerance, in groups, members, options or any value, nor when resumed."""
        return not self.problems


@dataclass
class Verifier:
    """Takes the child's reports as they come, and keeps only the largest differences."""

    design: Design
    options: ExportOptions = DEFAULT_OPTIONS
    _groups: tuple[ParamGroup, ...] = ()
    _problems: list[str] = field(default_factory=list)
    _differences: dict[str, dict[str, float]] = field(default_factory=dict)
    _next_step: int = 0
    _freezes: list[int] = field(default_factory=list)
    _resumed: list[Resumed] = field(default_factory=list)
    _told_groups: bool = False
    _native: bool = False

    def __post_init__(self) -> None:
        self._groups = tuple(group for found in param_groups(self.design) for group in found)
        self._differences = {group.name: {} for group in self._groups}
        self._freezes = freeze_steps(self.design)
        form = chosen_form(self.design, self.options.schedule_form, tensor_lr=self.options.tensor_lr)
        self._native = form.name == "native"

    def take_groups(self, report: ParamGroups) -> None:
        """Compare names, order, optimizers, members and options."""
        self._told_groups = True
        found, wanted = [group.name for group in report.groups], [group.name for group in self._groups]
        if found != wanted:
            self._problems.append(f"The param groups are {found}, designed were {wanted}.")
            return
        for real, planned in zip(report.groups, self._groups, strict=True):
            options = planned.group.options
            custom = isinstance(options, CustomOptions)
            if not custom:  # of one by its path, the path is all that is known
                self._compare(planned.name, "optimizer", real.optimizer, optimizer_of(options).name)
            self._compare(planned.name, "members", sorted(real.parameters), sorted(p.name for p in planned.parameters))
            for option, value in torch_options(options).items():
                if custom and option not in real.options:
                    continue  # an argument of the class that its groups do not keep
                self._compare(planned.name, option, _plain(real.options.get(option)), _plain(value))

    def take_values(self, report: Values) -> None:
        """Compare one chunk of values."""
        counts = {len(values) for tracks in report.groups.values() for values in tracks.values()}
        if report.start != self._next_step or len(counts) != 1 or 0 in counts:
            self._problems.append(f"Values from step {report.start:,} came when step {self._next_step:,} was due.")
            return
        steps = np.arange(report.start, report.start + counts.pop(), dtype=np.int64)
        self._next_step = int(steps[-1]) + 1
        for group in self._groups:
            planned = values_at(group, self.design.plan, steps)
            for track in planned.keys() - report.groups.get(group.name, {}).keys():
                self._problems.append(f"{group.name}: {track} was not reported.")
            for track, values in report.groups.get(group.name, {}).items():
                self._compare_track(group, track, steps, np.asarray(values), planned.get(track))

    def take_freezing(self, report: Freezing) -> None:
        """Compare what needs a gradient at a step where something begins or ends to be frozen."""
        if report.step in self._freezes:
            self._freezes.remove(report.step)
        when = f"need a gradient at step {report.step:,}"
        for group in self._groups:
            stretches = frozen_stretches(group.group.freeze, self.design.plan)
            frozen = any(start <= report.step < end for start, end in stretches)
            planned, real = 0 if frozen else len(group.parameters), report.trainable.get(group.name)
            if real != planned:
                self._problems.append(f"{group.name}: {real} parameters {when}, designed were {planned}.")
        if report.others:
            self._problems.append(f"{report.others} parameters of no param group {when}.")

    def take_resumed(self, report: Resumed) -> None:
        """Note how a resumed run went on."""
        self._resumed.append(report)
        if report.problem:
            self._problems.append(resumed_words(report))

    def verdict(self) -> Verdict:
        """The result, once the child has ended."""
        problems = list(self._problems)
        if self._freezes:
            problems.append(f"The freezing at step {self._freezes[0]:,} was not seen.")
        if not self._told_groups:
            problems.append("The exported code told nothing of its param groups.")
        if self._next_step != self.design.plan.total_steps:
            problems.append(f"Only {self._next_step:,} of {self.design.plan.total_steps:,} steps were compared.")
        seen = {report.step for report in self._resumed}
        problems += [f"Resuming at step {at:,} was not seen." for at, _ in resumes(self.design) if at not in seen]
        return Verdict(self._next_step, self._differences, tuple(dict.fromkeys(problems)), tuple(self._resumed))

    def _compare_track(self, group: ParamGroup, track: str, steps: Any, real: Any, planned: Any) -> None:
        if planned is None:
            return
        base = next(track_of(group.group, s).base for s in slots_of(group.group) if option_of(group.group, s) == track)
        difference = relative_difference(real, planned, max(base, 1e-300))
        worst = int(np.argmax(difference))
        largest = float(difference[worst])
        known = self._differences[group.name]
        known[track] = max(known.get(track, 0.0), largest)
        by_torch = track == "lr" and (self._native or steering(group.group) is not None)
        allowed = TORCH_TOLERANCE if by_torch else TOLERANCE
        if not largest <= allowed and not any(p.startswith(f"{group.name}: {track} ") for p in self._problems):
            self._problems.append(
                f"{group.name}: {track} is {float(real[worst])!r} at step {int(steps[worst]):,}, "
                f"designed was {float(planned[worst])!r}."
            )

    def _compare(self, group: str, what: str, real: Any, wanted: Any) -> None:
        if real != wanted:
            self._problems.append(f"{group}: {what} is {real!r}, designed was {wanted!r}.")


def largest_difference(verdict: Verdict) -> float:
    """The largest |difference| / base over all groups and tracks."""
    return max((value for tracks in verdict.differences.values() for value in tracks.values()), default=0.0)


def resumed_words(report: Resumed) -> str:
    """What a resumed run showed, in a sentence.

    >>> resumed_words(Resumed(225, 10))
    'Resumed at step 225: weights, rates and options are equal to the last bit after 10 more steps.'
    """
    if report.untried:
        return f"Resuming at step {report.step:,} was not tried. {report.untried}"
    if report.problem:
        return f"Resumed at step {report.step:,}: {report.problem}"
    what = "weights" if report.whole else "weights (small cuts of them)"
    steps = f"{report.steps:,} more step{'s' if report.steps > 1 else ''}"
    return f"Resumed at step {report.step:,}: {what}, rates and options are equal to the last bit after {steps}."


def report_taker(verifier: Verifier, progress: Callable[[int], object]) -> Callable[[Any], None]:
    """A listener for the child's reports that feeds the verifier and tells how many steps are done."""

    def take(report: Any) -> None:
        if isinstance(report, ParamGroups):
            verifier.take_groups(report)
        elif isinstance(report, Freezing):
            verifier.take_freezing(report)
        elif isinstance(report, Resumed):
            verifier.take_resumed(report)
        elif isinstance(report, Values):
            verifier.take_values(report)
            progress(report.start + max((len(v) for t in report.groups.values() for v in t.values()), default=0))

    return take


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [float(part) if isinstance(part, int) else part for part in value]
    return value

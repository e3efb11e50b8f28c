"""What the runs of a sweep say about its variants: means and spreads over seeds, differences in pairs, a ranking."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lrdesigner.document import Design
from lrdesigner.numbers import rate
from lrdesigner.trials.addresses import changed
from lrdesigner.trials.variants import Variant

Measure = Literal["test_accuracy", "test_loss", "final_loss"]

MEASURES: tuple[Measure, ...] = ("test_accuracy", "test_loss", "final_loss")
"""What variants are ranked by: the first that every finished run has."""

FEWEST_SEEDS = 3
"""Below so many, the spread over seeds says little."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How one run of a variant ended: `state` is an `Outcome`'s, "running" or "waiting" before.

    `whole`: it took the whole schedule, compressed into its steps.
    """

    id: str
    label: str
    seed: int
    state: str
    metrics: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    whole: bool = False

    def figure(self, measure: str) -> float | None:
        """A finite number among its metrics, of a run that finished."""
        value = self.metrics.get(measure) if self.state == "finished" else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        try:
            return float(value) if math.isfinite(value) else None
        except OverflowError:  # a whole number that is larger than any float
            return None


@dataclass(frozen=True, slots=True)
class Spread:
    """Numbers over seeds; `deviation` is the sample's standard deviation, None of a single one."""

    count: int
    mean: float
    deviation: float | None
    low: float
    high: float

    def __str__(self) -> str:
        """`0.93 ± 0.012`: two digits of the deviation, and of the mean no more than that leaves certain."""
        if not self.deviation:
            return rate(self.mean) if self.deviation is None else f"{rate(self.mean)} ± 0"
        digits = 1 - math.floor(math.log10(self.deviation))
        return f"{rate(round(self.mean, digits))} ± {float(f'{self.deviation:.2g}'):g}"


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One row of the table: how many runs ended how, and the spread of what finished ones measured.

    `differences` are those from the baseline with the same seed, of seeds with which both finished.
    """

    label: str
    finished: int = 0
    diverged: int = 0
    failed: int = 0
    stopped: int = 0
    waiting: int = 0
    figures: dict[str, Spread] = field(default_factory=dict)
    differences: dict[str, Spread] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether some runs finished and none diverged or failed."""
        return self.finished > 0 and not self.diverged and not self.failed


@dataclass(frozen=True, slots=True)
class SweepTable:
    """The variants of a sweep, best first, by `measure`; None where no run has finished. `steps` are fewest and most.

    `total_steps` is the length of the plan; `whole`: each run that finished took the whole schedule, compressed.
    """

    rows: tuple[VariantResult, ...]
    baseline: str
    measure: Measure | None
    steps: tuple[int, int]
    total_steps: int
    whole: bool = False

    @property
    def compressed(self) -> bool:
        """Whether the runs had fewer updates than the schedule that they went through."""
        return self.whole and self.steps[1] < self.total_steps

    @property
    def horizon(self) -> str:
        """After how many updates the figures were measured: "after 100 steps"."""
        low, high = self.steps
        steps = f"{low:,} steps" if low == high else f"{low:,} to {high:,} steps"
        return f"after the whole schedule, compressed into {steps}" if self.compressed else f"after {steps}"


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of some numbers; None of none.

    >>> str(spread([0.9, 0.92, 0.94]))
    '0.92 ± 0.02'
    """
    if not values:
        return None
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(len(values), statistics.fmean(values), deviation, min(values), max(values))


def sweep_table(results: Iterable[RunResult], baseline: str, total_steps: int) -> SweepTable:
    """The table of these runs. Variants of which runs diverged or failed come after those of which none did."""
    by_label: dict[str, list[RunResult]] = {}
    for result in results:
        by_label.setdefault(result.label, []).append(result)
    reference = by_label.get(baseline, [])
    rows = [_row(label, runs, reference) for label, runs in by_label.items()]
    every = [run for runs in by_label.values() for run in runs]
    measure = _measure(every)
    steps = [steps for run in every if (steps := run.figure("steps")) is not None]
    span = (int(min(steps)), int(max(steps))) if steps else (0, 0)
    ranked = tuple(sorted(rows, key=lambda row: _rank(row, measure)))
    whole = all(run.whole for run in every if run.state == "finished")
    return SweepTable(ranked, baseline, measure, span, total_steps, whole)


def verdict(table: SweepTable) -> str:
    """What may be said, and no more: the best variant, whether it stands out from the baseline, and after how long."""
    best = table.rows[0] if table.rows else None
    if best is None or table.measure is None or table.measure not in best.figures:
        return "No run has finished, so there is nothing to compare."
    found = best.figures[table.measure]
    words = f"{best.label} is best: {_name(table.measure)} {found}, {_seeds(found.count)}, {table.horizon}."
    return " ".join(part for part in (words, _against(best, table), _cautions(found.count, table)) if part)


def promote(design: Design, variant: Variant) -> Design:
    """The design with the values of a variant, which is the other design where it was one: one edit, to be undone.

    Raises `UserError` where the design has such a field no more.
    """
    if not variant.changes:
        return design if variant.design == design else variant.design
    for address, text in variant.changes:
        design = changed(design, address, text)
    return design


def _row(label: str, runs: Sequence[RunResult], reference: Sequence[RunResult]) -> VariantResult:
    states = [run.state for run in runs]
    known = {"finished", "diverged", "stopped", "cancelled", "running", "waiting"}
    figures: dict[str, Spread] = {
        measure: found
        for measure in MEASURES
        if (found := spread([value for run in runs if (value := run.figure(measure)) is not None])) is not None
    }
    return VariantResult(
        label,
        finished=states.count("finished"),
        diverged=states.count("diverged"),
        failed=sum(state not in known for state in states),
        stopped=states.count("stopped") + states.count("cancelled"),
        waiting=states.count("running") + states.count("waiting"),
        figures=figures,
        differences={} if list(runs) == list(reference) else _differences(runs, reference),
    )


def _differences(runs: Sequence[RunResult], reference: Sequence[RunResult]) -> dict[str, Spread]:
    by_seed = {run.seed: run for run in reference}
    found: dict[str, Spread] = {}
    for measure in MEASURES:
        pairs = [(run.figure(measure), by_seed[run.seed].figure(measure)) for run in runs if run.seed in by_seed]
        values = [one - other for one, other in pairs if one is not None and other is not None]
        difference = spread(values)
        if difference is not None:
            found[measure] = difference
    return found


def _measure(results: Iterable[RunResult]) -> Measure | None:
    finished = [result for result in results if result.state == "finished"]
    if not finished:
        return None
    return next((m for m in MEASURES if all(result.figure(m) is not None for result in finished)), None)


def _rank(row: VariantResult, measure: Measure | None) -> tuple[int, float]:
    """Sound ones first, then those that lost some runs, then those without a figure."""
    found = row.figures.get(measure or "")
    if found is None:
        return 2, 0.0
    return (0 if row.sound else 1), -found.mean if measure == "test_accuracy" else found.mean


def _against(best: VariantResult, table: SweepTable) -> str:
    difference = best.differences.get(table.measure or "")
    if best.label == table.baseline:
        return "It is what the others are compared with."
    if difference is None:
        return ""
    better = difference.low > 0 if table.measure == "test_accuracy" else difference.high < 0
    if difference.count > 1 and better and (difference.deviation or 0.0) < abs(difference.mean):
        return f"With every seed it beats {table.baseline}: by {rate(abs(difference.mean))} on average."
    return f"It does not stand out from {table.baseline}: the difference is {difference}, seed by seed."


def _cautions(seeds: int, table: SweepTable) -> str:
    found = []
    if seeds < FEWEST_SEEDS:
        found.append(f"Fewer than {FEWEST_SEEDS} seeds say little.")
    if table.compressed:
        found.append(
            f"The plan has {table.total_steps:,} steps; compressed, the schedule keeps its shape, not its pace."
        )
    elif 0 < table.steps[1] < table.total_steps:
        found.append(f"The plan has {table.total_steps:,} steps; what is best early need not be best at its end.")
    return " ".join(found)


def _seeds(count: int) -> str:
    return f"mean of {count} seeds" if count > 1 else "one seed"


def _name(measure: Measure) -> str:
    return measure.replace("_", " ")

"""What the trial panel says, as pure functions of the record."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from lrdesigner.curves import TOLERANCE
from lrdesigner.numbers import rate
from lrdesigner.trials.record import TrialRecord

NO_EVIDENCE = "synthetic batches: no evidence about learning rates"

COMPRESSED = "whole schedule, compressed"


def told_apart(names: Sequence[str]) -> list[str]:
    """Names of things in one list, without what all begin with, and numbered where some are the same.

    >>> told_apart(["net · lr=1 · seed 0", "net · lr=2 · seed 0"])
    ['lr=1 · seed 0', 'lr=2 · seed 0']
    >>> told_apart(["net", "net"])
    ['1. net', '2. net']
    """
    parts = [name.split(" · ") for name in names]
    while all(len(one) > 1 for one in parts) and len({one[0] for one in parts}) == 1:
        parts = [one[1:] for one in parts]
    short = [" · ".join(one) for one in parts]
    if len(set(short)) == len(short):
        return short
    return [f"{number}. {name}" for number, name in enumerate(short, 1)]


def progress_text(record: TrialRecord) -> str:
    """ "120 of 450 steps · 12 s left", or what is being done before the first step."""
    done = len(record.steps)
    if not record.running:
        return f"{done:,} of {record.updates:,} steps"
    if record.silent:
        return "Not responding; Stop ends it"
    if not done:
        return f"{record.stage[:1].upper()}{record.stage[1:]} …"
    parts = [f"{done:,} of {record.updates:,} steps"]
    left = record.seconds_left()
    if record.state == "stopping":
        parts.append("stopping")
    elif record.state == "paused":
        parts.append("paused")
    elif left is not None:
        parts.append(f"{duration(left)} left")
    if compressed(record):
        parts.append(COMPRESSED)
    return " · ".join(parts)


def result_text(record: TrialRecord) -> str:
    """ "Finished: 450 steps in 8.2 s on cpu · loss 2.31 → 0.21 · test accuracy 93.1 %"; "" while it runs."""
    if record.running:
        return ""
    if record.state == "failed":
        return f"Failed: {record.message}"
    head = {"finished": "Finished", "stopped": "Stopped", "diverged": "Diverged"}[record.state]
    summary = record.summary
    device = f" on {summary['device']}" if isinstance(summary.get("device"), str) else ""
    seconds = _number(summary.get("seconds"), record.seconds)
    parts = [f"{head}: {len(record.steps):,} steps in {duration(seconds)}{device}"]
    if compressed(record):
        parts.append(COMPRESSED)
    if record.state == "diverged" and record.message:
        parts.append(record.message.rstrip("."))
    if len(record.losses):
        parts.append(f"loss {_loss(record.losses.array[0])} → {_loss(record.smoothed.array[-1])}")
    accuracy = _number(summary.get("test_accuracy"), math.nan)
    if math.isfinite(accuracy) and record.options.data != "synthetic":
        parts.append(f"test accuracy {100 * accuracy:.1f} %")
    if record.options.data == "synthetic":
        parts.append(NO_EVIDENCE)
    return " · ".join(parts)


def compressed(record: TrialRecord) -> bool:
    """Whether it has fewer updates than the plan that it went through."""
    known = record.updates or record.options.steps or len(record.steps)
    return record.options.whole and 0 < known < record.design.plan.total_steps


def speed_text(record: TrialRecord) -> str:
    """ "12 ms/step · 2,700 samples/s · 1.2 GB · 3 % waiting", as last measured; "" before that."""
    last = record.diagnostics.last
    if last is None:
        return ""
    parts = [f"{1000 * last.seconds_per_update:.3g} ms/step"] if last.seconds_per_update else []
    parts += [f"{last.samples_per_second:,.0f} samples/s"] if last.samples_per_second else []
    parts += [memory_text(last.memory)] if last.memory else []
    parts += [f"{100 * last.data_share:.0f} % waiting"]
    return " · ".join([*parts, f"{last.skipped:,} updates skipped"] if last.skipped else parts)


def speed_details(record: TrialRecord) -> str:
    """The same, a line each, with what it means."""
    last = record.diagnostics.last
    if last is None:
        return ""
    return "\n".join(
        (
            f"One update takes {1000 * last.seconds_per_update:.4g} ms, waiting for data included.",
            f"{last.samples_per_second:,.1f} samples are trained on in a second.",
            f"{last.memory:,} bytes are in use." if last.memory else "How much memory is in use is not known.",
            f"{100 * last.data_share:.1f} % of the time goes into waiting for data.",
            f"{last.skipped:,} updates were skipped, because a gradient was not finite in this precision.",
        )
    )


def memory_text(size: int) -> str:
    """ "1.2 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def deviation_text(record: TrialRecord) -> str:
    """ "largest difference from plan: 0", over all groups that no metric steers."""
    if not record.deviations:
        return "steered by the metric" if record.steered else ""
    worst = max(record.deviations.values())
    return f"largest difference from plan: {rate(worst)}{' of base' if worst else ''}"


def deviation_details(record: TrialRecord) -> str:
    """One line per group of the design, of several param groups that of the worst."""
    parts = Counter(part.group.name for part in record.parts)
    several = {name: f" (of {number} param groups)" for name, number in parts.items() if number > 1}
    lines = [f"{name}: {rate(worst)}{several.get(name, '')}" for name, worst in record.worst.items()]
    return "\n".join([*lines, *(f"{name}: steered by the metric" for name in record.steered)])


def off_plan(record: TrialRecord) -> bool:
    """Whether some measured rate differs from the plan by more than rounding."""
    return any(worst > TOLERANCE for worst in record.deviations.values())


def duration(seconds: float) -> str:
    """8.2 s, 45 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _loss(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "not finite"


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else otherwise

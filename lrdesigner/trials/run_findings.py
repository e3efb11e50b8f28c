"""What a trial says of the run as a whole: memory, waiting for data, and how long a pass over the data is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import MOST_STEPS_PER_EPOCH, Batches, Plan
from lrdesigner.errors import UserError
from lrdesigner.findings.finding import Finding, Fix, Severity
from lrdesigner.places import Place
from lrdesigner.trials.evidence import Evidence

STARVED = 0.3
"""Of the time of an update that is waiting for data. Ours: below, faster data would save less than it costs to make."""

FEWEST_TIMED = 20


@dataclass(frozen=True, slots=True)
class Split:
    """An update's samples in batches that fit."""

    size: int
    accumulation: int


def split(samples: int, most: int) -> Split:
    """So many samples for each update, or a few more, in batches of at most `most`.

    >>> split(128, 48)
    Split(size=43, accumulation=3)
    """
    accumulation = -(-samples // most)
    return Split(-(-samples // accumulation), accumulation)


def out_of_memory(evidence: Evidence) -> Iterator[Finding]:
    """A batch that does not fit; the child has tried which one does."""
    most, options, epoch = evidence.figure("fits_batch_size"), evidence.record.options, evidence.design.plan.epoch
    if most is None:
        return
    planned = epoch if isinstance(epoch, Batches) else None
    if planned is not None and planned.batch_size <= most:
        return
    device = evidence.record.summary.get("device")
    where = f" of {device}" if isinstance(device, str) else ""
    message = f"A batch of {options.batch_size:,} samples did not fit in the memory{where}, "
    if most < 1:
        message += "nor did one of 1: it takes half precision, a smaller model or more memory."
        yield _of_run("out-of-memory", "error", message)
        return
    size, times = (planned or options).batch_size, (planned or options).accumulation
    fits = split(size * times, int(most))
    total = fits.size * fits.accumulation
    kept = "keep" if total == size * times else "come close to"
    message += f"one of {most:,} did; {fits.size:,} with an accumulation of {fits.accumulation:,} {kept} "
    message += f"{size * times:,} samples per update."
    edit = partial(edits.set_batches, batch_size=fits.size, accumulation=fits.accumulation)
    fix = Fix(f"Batch size {fits.size:,}, accumulation {fits.accumulation:,}", edit)
    yield _of_run("out-of-memory", "error", message, fix if planned is not None else None, "batch_size")


def waits_for_data(evidence: Evidence) -> Iterator[Finding]:
    """A device that waits for its batches."""
    share = evidence.figure("data_share") or 0.0
    if share > STARVED and evidence.updates >= FEWEST_TIMED:
        message = (
            f"{100 * share:.0f} % of the time was waiting for data, {evidence.after}: more workers of "
            "the DataLoader, or data that are prepared beforehand, make training faster."
        )
        yield _of_run("waits-for-data", "warning", message)


def epoch_of_other_length(evidence: Evidence) -> Iterator[Finding]:
    """A schedule that ends before or after the passes over the data that it is planned for."""
    plan = evidence.design.plan
    measured = _measured(evidence, plan)
    if measured is None or measured.steps_per_epoch == plan.steps_per_epoch:
        return
    data, planned = measured.steps_per_epoch, plan.steps_per_epoch
    if isinstance(measured.epoch, int) and abs(data - planned) == 1:  # the last batch, which need not be full
        return
    passes = plan.total_steps / data
    batches = evidence.record.options if not isinstance(plan.epoch, Batches) else plan.epoch
    updates = f"{data:,} update{'s' if data != 1 else ''}"
    message = (
        f"One pass over the data takes {updates} with a batch size of {batches.batch_size:,} and an accumulation of "
        f"{batches.accumulation:,}, the plan has {planned:,} steps per epoch: the schedule ends after "
        f"{passes:.3g} passes, not {plan.epochs:,}."
    )
    fix = Fix(f"{data:,} steps per epoch", partial(edits.set_plan, plan=measured))
    yield _of_run("epoch-length", "warning", message, fix, "samples" if isinstance(plan.epoch, Batches) else "epoch")


def _measured(evidence: Evidence, plan: Plan) -> Plan | None:
    """The plan with the length of a pass that the trial's own data told; None where they told none that can be."""
    samples, batches = evidence.figure("samples_per_epoch"), evidence.figure("batches_per_epoch")
    options = evidence.record.options
    if options.one_batch or options.processes > 1:  # data for one batch, or a share of the data
        return None
    if isinstance(plan.epoch, Batches):
        if samples is None:
            return None
        try:
            return edits.set_batches(replace(evidence.design, plan=plan), samples=int(samples)).plan
        except UserError:
            return None
    steps = -(-int(batches) // options.accumulation) if batches is not None else 0
    return replace(plan, epoch=steps) if 1 <= steps <= MOST_STEPS_PER_EPOCH else None


def _of_run(code: str, severity: Severity, message: str, fix: Fix | None = None, field: str = "") -> Finding:
    place = Place(area="plan", field=field)
    return Finding(f"trial-{code}", severity, "Trial", message, fix=fix, place=place)


RUN_CHECKS = (out_of_memory, waits_for_data, epoch_of_other_length)

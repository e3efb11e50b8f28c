"""A trial before it is kept, and after: what it was asked, to be run again, and its record, to be compared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from lrdesigner.design_file import SUFFIX
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import Metrics
from lrdesigner.trials.history.entries import KeptTrial, NewTrial, design_key
from lrdesigner.trials.history.reports import METRICS, SECONDS, reports_of
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import RangeOptions, TrialOptions
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.variants import Variant

Options = TypeVar("Options", TrialOptions, RangeOptions)

RANGE = "range"
"""Under what a range test keeps its own options beside those of a trial."""


def asked(options: TrialOptions, wanted: RangeOptions | None = None) -> dict[str, Any]:
    """What `NewTrial.options` is for a trial, or for a range test."""
    plain: dict[str, Any] = msgspec.to_builtins(options)
    return {**plain, RANGE: msgspec.to_builtins(wanted)} if wanted else plain


def trial_to_keep(
    design: Design,
    path: str | os.PathLike[str] | None,
    code: str,
    options: TrialOptions,
    wanted: RangeOptions | None = None,
) -> NewTrial:
    """A trial, or with `wanted` a range test, about to run; `path` is the design's file, None where it has none.

    One of a sweep is told by `variant_to_keep`.
    """
    return NewTrial(
        design=design,
        design_key=design_key(design, path),
        title=Path(path).name.removesuffix(SUFFIX) if path else design.model.source,
        code=code,
        options=asked(options, wanted),
        kind="range-test" if wanted else "trial",
        seed=options.seed,
    )


def variant_to_keep(
    variant: Variant, path: str | os.PathLike[str] | None, code: str, options: TrialOptions, sweep: str
) -> NewTrial:
    """A trial of a variant about to run in a sweep; `path` is the file of the design that is varied."""
    kept = trial_to_keep(variant.design, path, code, options)
    return replace(kept, kind="variant", variant=variant.label, sweep=sweep)


def trial_options(trial: KeptTrial) -> TrialOptions:
    """With what it was run; raises `UserError` when this version of the program has no such options."""
    return _converted(trial, {name: value for name, value in trial.options.items() if name != RANGE}, TrialOptions)


def range_options(trial: KeptTrial) -> RangeOptions:
    """The options of a range test; raises `UserError` as `trial_options` does."""
    return _converted(trial, trial.options.get(RANGE, {}), RangeOptions)


def record_of(history: TrialHistory, trial: KeptTrial) -> TrialRecord:
    """The record of a kept trial, with its design; raises `UserError` where the history does."""
    record = TrialRecord(design=history.design(trial.id), options=trial_options(trial))
    sheets = history.sheets(trial.id)
    reports = list(reports_of(sheets))
    record.add(report for report in reports if isinstance(report, Metrics))
    for report in reports:
        if not isinstance(report, Metrics):
            record.note(report)
    record.updates = int(trial.summary.get("updates_planned", len(record.steps)))
    record.seconds = max(sheets.get(METRICS, {}).get(SECONDS, ()), default=0.0)
    record.state = "failed" if trial.state == "crashed" else trial.state
    record.message, record.details, record.summary = trial.message, trial.details, trial.summary
    return record


def _converted(trial: KeptTrial, values: Any, of_type: type[Options]) -> Options:
    try:
        return msgspec.convert(values, of_type)
    except msgspec.ValidationError as error:
        raise UserError(f"Trial {trial.id} was run with options that this version does not know: {error}.") from None

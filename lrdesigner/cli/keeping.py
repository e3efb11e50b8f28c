"""Keeping what a command runs in the history of trials."""

from __future__ import annotations

from pathlib import Path

from lrdesigner.cli.output import say
from lrdesigner.document import Design
from lrdesigner.trials.history.recording import TrialRecorder
from lrdesigner.trials.history.reopened import trial_to_keep
from lrdesigner.trials.options import RangeOptions, TrialOptions


def recorder_for(
    design: Design, kept_as: Path | None, code: Path, options: TrialOptions, wanted: RangeOptions | None = None
) -> TrialRecorder | None:
    """What keeps a trial, or with `wanted` a range test, of the design in the file `kept_as`; None: it is not kept."""
    if kept_as is None:
        return None
    return TrialRecorder(trial_to_keep(design, kept_as, code.read_text(encoding="utf-8"), options, wanted))


def tell_unkept(recorder: TrialRecorder | None) -> None:
    """Say why the history lacks what was run, or part of it, if it does."""
    if recorder is not None and recorder.problem:
        say(f"The trial is not in the history: {recorder.problem}")

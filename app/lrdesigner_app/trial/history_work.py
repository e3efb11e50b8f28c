"""What the page of kept trials has done in the background: nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lrdesigner.document import Design
from lrdesigner.trials.history.csv_table import export_csv
from lrdesigner.trials.history.entries import KeptTrial, design_key
from lrdesigner.trials.history.reopened import losses_of, range_points, record_of, trial_options
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.range_result import RangeCurves, Suggestion, range_curves, suggestion
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.tensorboard import export_tensorboard
from lrdesigner_app.background import Task


@dataclass(frozen=True, slots=True, eq=False)
class KeptRange:
    """A range test of the history; None for both where it has too few points."""

    curves: RangeCurves | None
    found: Suggestion | None


def listed(design: Design | None, path: Path | None) -> list[KeptTrial]:
    """The trials of a design that has this file; None for its lists all."""
    with TrialHistory() as history:
        return history.trials(None if design is None else design_key(design, path))


def losses(task: Task, trials: Sequence[str]) -> list[TrialRecord]:
    """Records of trials with their losses alone."""
    found = []
    with TrialHistory() as history:
        for place, one in enumerate(trials):
            task.tell(place, len(trials))
            found.append(losses_of(history, history.trial(one)))
    return found


def kept_range(trial: str) -> KeptRange:
    """The curves of a range test, and what they suggest."""
    with TrialHistory() as history:
        curves = range_curves(range_points(history, history.trial(trial)))
    return KeptRange(curves, suggestion(curves) if curves is not None else None)


def record(trial: str) -> TrialRecord:
    """A trial with all that was measured."""
    with TrialHistory() as history:
        return record_of(history, history.trial(trial))


def options(trial: str) -> TrialOptions:
    """With what a trial was run."""
    with TrialHistory() as history:
        return trial_options(history.trial(trial))


def design(trial: str) -> Design:
    """The design as it was."""
    with TrialHistory() as history:
        return history.design(trial)


def delete(trials: Sequence[str]) -> None:
    """Delete trials."""
    with TrialHistory() as history:
        history.delete(trials)


def rename(trial: str, title: str) -> None:
    """Give a trial another title."""
    with TrialHistory() as history:
        history.rename(trial, title)


def write_csv(trial: str, path: Path) -> str:
    """Write the numbers of a trial; what to say then."""
    with TrialHistory() as history:
        export_csv(history.sheets(trial), path)
    return f"Wrote {path.name}."


def write_board(task: Task, trials: Sequence[str], folder: Path) -> str:
    """Write trials for TensorBoard; what to say then."""
    with TrialHistory() as history:
        for place, one in enumerate(trials):
            task.tell(place, len(trials))
            export_tensorboard(history, [history.trial(one)], folder)
    return f"Wrote {len(trials)} run{'s' if len(trials) != 1 else ''} for TensorBoard into {folder.name}."

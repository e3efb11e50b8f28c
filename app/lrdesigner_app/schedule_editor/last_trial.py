"""The last trial whose losses schedules that follow a metric may use."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, Signal

from lrdesigner.schedules import Greedy, Plateau, Span
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.trial_metric import can_be_followed, metric_of
from lrdesigner_app.workspace import Workspace

LONGEST_NAME = 100
"""Characters of the data's name that the source of a recorded metric has room for."""


class LastTrial(QObject):
    """Follows the trials as they are told by `signals.trial_changed`."""

    changed = Signal()
    """There is another one now."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._record: TrialRecord | None = None
        workspace.signals.trial_changed.connect(self._on_trial_changed)

    @property
    def available(self) -> bool:
        """Whether a trial has ended that measured something from the plan's first step on."""
        return self._record is not None

    def metric(self, node: Plateau | Greedy, span: Span) -> tuple[float, ...]:
        """What it gives a schedule, one value for each evaluation."""
        return metric_of(self._record, node, span) if self._record is not None else ()

    @property
    def source(self) -> str:
        """What the losses are of, in words."""
        if self._record is None:
            return ""
        whole = ", the whole schedule compressed," if self._record.options.whole else ""
        data = os.path.basename(self._record.options.data)[:LONGEST_NAME]
        return f"a trial of {len(self._record.losses):,} steps{whole} on {data} data"

    def _on_trial_changed(self, record: TrialRecord) -> None:
        if record is not self._record and can_be_followed(record):
            self._record = record
            self.changed.emit()

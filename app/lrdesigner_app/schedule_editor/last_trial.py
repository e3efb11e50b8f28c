"""The last trial that left losses, as schedules that follow a metric may use it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from PySide6.QtCore import QObject, Signal

from lrdesigner_app.workspace import Workspace


class LastTrial(QObject):
    """Follows the trials as they are told by `signals.trial_changed`."""

    changed = Signal()
    """There is one now, or there is none any more."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._record: Any = None
        workspace.signals.trial_changed.connect(self._on_trial_changed)

    @property
    def available(self) -> bool:
        """Whether a trial has ended and measured something."""
        return self._record is not None and bool(self.losses)

    @property
    def losses(self) -> Sequence[float]:
        """One loss per update, as far as they are finite numbers."""
        values: list[float] = self._record.losses.array.tolist() if self._record is not None else []
        return list(takewhile(math.isfinite, values))

    @property
    def source(self) -> str:
        """What the losses are of, in words."""
        return (
            f"a trial of {len(self.losses):,} steps on {self._record.options.data} data"
            if self._record is not None
            else ""
        )

    def _on_trial_changed(self, record: Any) -> None:
        if not record.running and record is not self._record and len(record.losses):
            self._record = record
            self.changed.emit()

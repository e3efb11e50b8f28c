"""The ends of trials on their way into the history, which is told when they lie there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from lrdesigner.jobs.reader import Outcome
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace

if TYPE_CHECKING:
    from lrdesigner.trials.history.recording import TrialRecorder

_LOOK_MS = 100


class Keeping(QObject):
    """Ends recorders, and looks until the store has taken what they hold or was given up; nothing waits for it."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._under_way: list[TrialRecorder] = []
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def end(self, recorder: TrialRecorder, outcome: Outcome) -> None:
        """Let the history have it; what the store cannot do is told, and takes nothing from the trial."""
        recorder.end(outcome)
        self._under_way.append(recorder)
        self._timer.start()

    def _look(self) -> None:
        ended = [recorder for recorder in self._under_way if recorder.wait(0)]
        for recorder in ended:
            self._under_way.remove(recorder)
            if recorder.problem:
                self._workspace.post(Notice(f"The trial is not in the history: {recorder.problem}", "bad"))
        if not self._under_way:
            self._timer.stop()
        if ended:
            self._workspace.signals.history_changed.emit()

"""Writing a bundle beside the window: many variants take a while to be exported."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from PySide6.QtCore import QObject, QTimer, Signal

from lrdesigner.errors import UserError
from lrdesigner.trials.bundle import write_bundle
from lrdesigner.trials.sweep_files import SweepFacts
from lrdesigner.trials.variants import Run, baseline_of
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace

_TICK_MS = 100


class BundleWriting(QObject):
    """One at a time."""

    changed = Signal()
    """It began, or it is over."""

    written = Signal(Path)
    """It is whole, in this folder."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._answer: SimpleQueue[tuple[str, ...] | UserError] = SimpleQueue()
        self._folder = Path()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._take_answer)

    @property
    def running(self) -> bool:
        """Whether one is being written."""
        return self._timer.isActive()

    def begin(self, folder: Path, runs: Sequence[Run]) -> None:
        """Write one; while another is being written, nothing happens."""
        if self.running:
            return
        design = self._workspace.store.committed
        baseline = baseline_of([run.variant for run in runs], design)
        facts = SweepFacts(baseline.label, design.plan.total_steps, len(runs))
        self._folder = folder
        self._timer.start()
        self.changed.emit()
        # No daemon: a program that ends lets it clear away what is not whole.
        threading.Thread(target=_write, args=(self._answer, folder, runs, facts), name="bundle").start()

    def _take_answer(self) -> None:
        try:
            answer = self._answer.get_nowait()
        except Empty:
            return
        self._timer.stop()
        self.changed.emit()
        if isinstance(answer, UserError):
            self._workspace.post(Notice(str(answer), "bad"))
            return
        note = " Its README.txt says what must be there." if answer else ""
        text = f"The bundle is written: python {self._folder}/run.py does its runs.{note}"
        self._workspace.post(Notice(text, stays=True))
        self.written.emit(self._folder)


def _write(
    answer: SimpleQueue[tuple[str, ...] | UserError], folder: Path, runs: Sequence[Run], facts: SweepFacts
) -> None:
    try:
        answer.put(write_bundle(folder, runs, facts))
    except UserError as error:
        answer.put(error)

"""Writing a bundle beside the window: many variants take a while to be exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from lrdesigner.trials.bundle import write_bundle
from lrdesigner.trials.sweep_files import SweepFacts
from lrdesigner.trials.variants import Run, baseline_of
from lrdesigner_app.background import Background
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace


class BundleWriting(QObject):
    """One at a time."""

    written = Signal(Path)
    """It is whole, in this folder."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        # In order: a program that ends waits for it, so that it can clear away what is not whole.
        self._background = Background(self, lambda text: workspace.post(Notice(text, "bad")), in_order=True)

    @property
    def running(self) -> bool:
        """Whether one is being written."""
        return self._background.busy

    def begin(self, folder: Path, runs: Sequence[Run]) -> None:
        """Write one; while another is being written, nothing happens."""
        if self.running:
            return
        design = self._workspace.store.committed
        baseline = baseline_of([run.variant for run in runs], design)
        facts = SweepFacts(baseline.label, design.plan.total_steps, len(runs))
        self._background.ask(
            lambda task: write_bundle(folder, runs, facts), lambda notes: self._on_written(folder, notes)
        )

    def _on_written(self, folder: Path, notes: Sequence[str]) -> None:
        note = " Its README.txt says what must be there." if notes else ""
        self._workspace.post(Notice(f"The bundle is written: python {folder}/run.py does its runs.{note}", stays=True))
        self.written.emit(folder)

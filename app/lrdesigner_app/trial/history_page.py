"""The page of the kept trials: browse, show, compare, run again, export, delete, and the design as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner.trials.history.csv_table import export_csv
from lrdesigner.trials.history.reopened import record_of, trial_options
from lrdesigner.trials.history.store import TrialHistory
from lrdesigner.trials.record import TrialRecord
from lrdesigner.trials.tensorboard import export_tensorboard
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.compared import ComparedLosses
from lrdesigner_app.trial.history_rows import HistoryRows
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.widgets import button, label
from lrdesigner_app.workspace import Workspace

T = TypeVar("T")

_KEEPING_MS = 1500
"""By then what has ended lies in the store."""
_MOST = 300
_MOST_COMPARED = 8


class HistoryPage(QWidget):
    """A list with its actions; two or more selected trials are drawn over each other."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._deleting: list[str] = []
        self._opened: dict[str, TrialRecord] = {}
        self.rows = HistoryRows()
        self.compared = ComparedLosses(workspace.theme)
        self.words = label("", "secondary")
        self.everything = QCheckBox("All designs")
        self.everything.setToolTip("List the trials of every design, not only of this one")
        self.show_one = button("Show", "primary", "Show the selected trial on the Run page")
        self.again = button("Run again", tip="Run this design with the options of the selected trial")
        self.design = button("Open design", tip="Open the design as it was in the selected trial")
        self.csv = button("CSV…", tip="Write the numbers of the selected trial as a table")
        self.board = button("TensorBoard…", tip="Write the selected trials as event files of TensorBoard")
        self.delete = button("Delete", tip="Delete the selected trials; asks once more")
        self._arrange()
        self._connect()

    def refresh(self) -> None:
        """Read the list anew."""
        self._opened = {}
        with TrialHistory() as history:
            key = None if self.everything.isChecked() else self._runner.design_key(self._workspace.design)
            found = self._tried(lambda: history.trials(key)) or []
        self.rows.show_trials(found[:_MOST])
        more = f"{len(found) - _MOST:,} older ones are not listed." if len(found) > _MOST else ""
        self.words.setText(more if found else "No trial was kept yet: run one, and it is here.")
        self.words.setVisible(bool(self.words.text()))
        self._on_selection()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GRID)
        for made in (self.show_one, self.again, self.design, self.csv, self.board, self.delete):
            head.addWidget(made)
        head.addStretch(1)
        head.addWidget(self.everything)
        split = QSplitter()
        split.addWidget(self.rows)
        split.addWidget(self.compared)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(split, 1)
        column.addWidget(self.words)

    def _connect(self) -> None:
        self.rows.itemSelectionChanged.connect(self._on_selection)
        self.rows.itemActivated.connect(self._on_show)
        self.everything.toggled.connect(self.refresh)
        for made, called in (
            (self.show_one, self._on_show),
            (self.again, self._on_again),
            (self.design, self._on_design),
            (self.csv, self._on_csv),
            (self.board, self._on_board),
            (self.delete, self._on_delete),
        ):
            made.clicked.connect(called)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_KEEPING_MS)
        self._later.timeout.connect(self.refresh)
        self._workspace.signals.trial_changed.connect(self._on_trial_changed)

    def _on_trial_changed(self, record: TrialRecord) -> None:
        if not record.running and self.isVisible():
            self._later.start()

    def _on_selection(self) -> None:
        chosen = self.rows.chosen
        for made in (self.design, self.csv):
            made.setEnabled(len(chosen) == 1)
        for made in (self.show_one, self.again):
            made.setEnabled(len(chosen) == 1 and self.rows.shows_runs)
        for made in (self.board, self.delete):
            made.setEnabled(bool(chosen))
        self._deleting = []
        self.delete.setText("Delete")
        several = chosen[:_MOST_COMPARED] if len(chosen) > 1 and self.rows.shows_runs else []
        self.compared.show_records([found for one in several if (found := self._record(one)) is not None])

    def _on_show(self) -> None:
        record = self._record(self.rows.chosen[0]) if self.show_one.isEnabled() else None
        if record is not None:
            self._workspace.signals.trial_changed.emit(record)
            self._workspace.post(Notice("The kept trial is on the Run page."))

    def _on_again(self) -> None:
        with TrialHistory() as history:
            options = self._tried(lambda: trial_options(history.trial(self.rows.chosen[0])))
        if options is not None:
            self._runner.run(options)

    def _on_design(self) -> None:
        with TrialHistory() as history:
            design = self._tried(lambda: history.design(self.rows.chosen[0]))
        if design is not None:
            self._workspace.signals.design_offered.emit(design)

    def _on_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export as CSV", "trial.csv", "CSV (*.csv)")
        if path:
            with TrialHistory() as history:
                self._tried(lambda: export_csv(history.sheets(self.rows.chosen[0]), Path(path)))

    def _on_board(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for TensorBoard")
        if folder:
            with TrialHistory() as history:
                self._tried(lambda: export_tensorboard(history, map(history.trial, self.rows.chosen), Path(folder)))

    def _on_delete(self) -> None:
        chosen = self.rows.chosen
        if self._deleting != chosen:
            self._deleting = chosen
            self.delete.setText(f"Really delete {len(chosen)}?")
            return
        with TrialHistory() as history:
            self._tried(lambda: history.delete(chosen))
        self.refresh()

    def _record(self, trial: str) -> TrialRecord | None:
        """The record of a trial, which is read once for as long as the list is."""
        if trial not in self._opened:
            with TrialHistory() as history:
                found = self._tried(lambda: record_of(history, history.trial(trial)))
            if found is None:
                return None
            self._opened[trial] = found
        return self._opened[trial]

    def _tried(self, read: Callable[[], T]) -> T | None:
        """What a reading gives; what the store says against it becomes a notice."""
        try:
            return read()
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return None

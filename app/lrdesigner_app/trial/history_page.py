"""The page of the kept trials: browse, show, compare, run again, rename, export, delete, and the design as it was."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QProgressBar, QSplitter, QVBoxLayout, QWidget

from lrdesigner.store import Change
from lrdesigner.trials.history.entries import KeptTrial
from lrdesigner.trials.record import TrialRecord
from lrdesigner_app.background import Background, Task
from lrdesigner_app.flow import flowing
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial import history_work as work
from lrdesigner_app.trial.compared import ComparedLosses
from lrdesigner_app.trial.history_list import NOTHING_KEPT, NOTHING_OF_IT, HistoryList
from lrdesigner_app.trial.history_work import KeptRange
from lrdesigner_app.trial.kept_range_view import KeptRangeView
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.trial.words import told_apart
from lrdesigner_app.widgets import button
from lrdesigner_app.workspace import Workspace

_MOST_COMPARED = 8


class HistoryPage(QWidget):
    """A list with its actions; two or more selected trials are drawn over each other, a range test by itself.

    The store is read and written in the background: another program may hold it for seconds.
    """

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace, self._runner = workspace, runner
        self._deleting: list[str] = []
        self._drawn: list[str] = []
        self._listing = Background(self, self._on_unlisted)
        self._drawing = Background(self, self._complain)
        self._opening = Background(self, self._complain)
        self._writing = Background(self, self._on_unwritten, in_order=True)
        self.list = HistoryList()
        self.rows = self.list.rows
        self.compared = ComparedLosses(workspace.theme)
        self.range_view = KeptRangeView(workspace.theme)
        self._build()
        self._arrange()
        self._connect()
        self._on_selection()

    def refresh(self) -> None:
        """Read the list anew."""
        of = None if self.everything.isChecked() else self._workspace.design
        path = self._runner.design_path
        self._listing.ask(lambda _: work.listed(of, path), self._on_listed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody waits any more for what is read; what is written goes on."""
        super().hideEvent(event)
        if not event.spontaneous():
            for made in (self._listing, self._drawing, self._opening):
                made.drop()
            self._drawn = []

    def _build(self) -> None:
        self.everything = QCheckBox("All designs")
        self.everything.setToolTip("List the trials of every design, not only of this one")
        self.show_one = button("Show", "primary", "Show the selected trial on the Run page (Enter)")
        self.again = button("Run again", tip="Run this design with the options of the selected trial")
        self.design = button("Open design", tip="Open the design as it was in the selected trial")
        self.csv = button("CSV…", tip="Write the numbers of the selected trial as a table")
        self.board = button("TensorBoard…", tip="Write the selected trials as event files of TensorBoard")
        self.delete = button("Delete", tip="Delete the selected trials; asks once more (Delete)")
        self.bar = QProgressBar()
        self.bar.setObjectName("thin")
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the history")
        self.bar.hide()

    def _arrange(self) -> None:
        buttons = (self.show_one, self.again, self.design, self.csv, self.board, self.delete)
        split = QSplitter()
        for widget in (self.list, self.compared, self.range_view):
            split.addWidget(widget)
        for place, share in enumerate((3, 2, 2)):
            split.setStretchFactor(place, share)
        split.setSizes([300, 200, 200])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(flowing(*buttons, self.everything))
        column.addWidget(self.bar)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        self.rows.itemSelectionChanged.connect(self._on_selection)
        self.rows.show_requested.connect(self._on_show)
        self.rows.delete_requested.connect(self._on_delete)
        self.rows.renamed.connect(self._on_renamed)
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
        for background in (self._listing, self._drawing, self._opening, self._writing):
            background.progressed.connect(self._on_progressed)
        self._workspace.signals.history_changed.connect(self._refresh_in_sight)
        self._workspace.signals.design_changed.connect(self._on_design_changed)

    def _refresh_in_sight(self) -> None:
        if self.isVisible():
            self.refresh()

    def _on_design_changed(self, change: Change) -> None:
        if change.before.model.source != change.after.model.source:
            self._refresh_in_sight()

    def _on_progressed(self, task: Task | None) -> None:
        self.bar.setVisible(task is not None)
        if task is not None:
            self.bar.setRange(0, task.total)
            self.bar.setValue(task.done)

    def _on_listed(self, found: list[KeptTrial]) -> None:
        self._drawn = []  # one that ran may have gone on
        self.list.show_trials(found, NOTHING_KEPT if self.everything.isChecked() else NOTHING_OF_IT)

    def _on_unlisted(self, problem: str) -> None:
        self.list.show_trials([], problem)
        self._complain(problem)

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
        self._draw(chosen)

    def _draw(self, chosen: list[str]) -> None:
        """Curves of runs over each other, or those of one range test, as soon as they are read."""
        runs = len(chosen) > 1 and self.rows.shows_runs
        test = len(chosen) == 1 and not self.rows.shows_runs
        if not runs:
            self.compared.show_records([])
        self.range_view.setVisible(self.range_view.isVisibleTo(self) and test)
        wanted = chosen[:_MOST_COMPARED] if runs or test else []
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self._drawing.drop()
        if runs:
            self._drawing.ask(lambda task: work.losses(task, wanted), self._on_losses)
        elif test:
            self._drawing.ask(lambda _: work.kept_range(wanted[0]), self._on_range)

    def _on_losses(self, records: list[TrialRecord]) -> None:
        self.compared.show_records(records, told_apart([self.rows.name_of(one) for one in self._drawn]))

    def _on_range(self, kept: KeptRange) -> None:
        self.range_view.show_range(kept)

    def _on_show(self) -> None:
        if self.show_one.isEnabled():
            chosen = self.rows.chosen[0]
            self._opening.ask(lambda _: work.record(chosen), self._on_record)

    def _on_record(self, record: TrialRecord) -> None:
        self._workspace.signals.trial_changed.emit(record)
        self._workspace.post(Notice("The kept trial is on the Run page."))

    def _on_again(self) -> None:
        chosen = self.rows.chosen[0]
        self._opening.ask(lambda _: work.options(chosen), self._runner.run)

    def _on_design(self) -> None:
        chosen = self.rows.chosen[0]
        self._opening.ask(lambda _: work.design(chosen), self._workspace.signals.design_offered.emit)

    def _on_csv(self) -> None:
        chosen = self.rows.chosen[0]
        path, _ = QFileDialog.getSaveFileName(self, "Export as CSV", "trial.csv", "CSV (*.csv)")
        if path:
            self._writing.ask(lambda _: work.write_csv(chosen, Path(path)), self._on_written)

    def _on_board(self) -> None:
        chosen = self.rows.chosen
        folder = QFileDialog.getExistingDirectory(self, "Folder for TensorBoard")
        if folder:
            self._writing.ask(lambda task: work.write_board(task, chosen, Path(folder)), self._on_written)

    def _on_delete(self) -> None:
        chosen = self.rows.chosen
        if not chosen:
            return
        if self._deleting != chosen:
            self._deleting = chosen
            self.delete.setText(f"Really delete {len(chosen)}?")
            return
        self._deleting = []
        self.delete.setText("Delete")
        self._writing.ask(lambda _: work.delete(chosen), self._on_changed)

    def _on_renamed(self, trial: str, title: str) -> None:
        self._writing.ask(lambda _: work.rename(trial, title), self._on_changed)

    def _on_changed(self, _: None) -> None:
        self._refresh_in_sight()

    def _on_written(self, told: str) -> None:
        self._workspace.post(Notice(told, "good"))

    def _on_unwritten(self, problem: str) -> None:
        self._complain(problem)
        self._refresh_in_sight()

    def _complain(self, problem: str) -> None:
        self._workspace.post(Notice(problem, "bad"))

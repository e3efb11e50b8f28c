"""The page of variants: say what varies, run them, compare mean and spread, take one over as one edit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from lrdesigner.errors import UserError
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.sweep_results import SweepTable, VariantResult, promote, verdict
from lrdesigner.trials.variants import Variant, runs_of
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.trial.compared import Compared, ComparedLosses
from lrdesigner_app.trial.folder_row import FolderRow
from lrdesigner_app.trial.followed import FollowedSweep
from lrdesigner_app.trial.progress_line import ProgressLine
from lrdesigner_app.trial.runner import TrialRunner
from lrdesigner_app.trial.sweep import Sweep
from lrdesigner_app.trial.variants_controls import VariantsControls
from lrdesigner_app.widgets import fit_columns, plain_tip
from lrdesigner_app.workspace import Workspace

_COLUMNS = ("Variant", "Runs", "Result", "Against the design")
_MOST_DRAWN = 8
_ROOM_FOR_BOTH = 300
"""Pixels of height from which on all options are in sight beside the table."""
_MOST_LISTED = 100
_PROMOTE = "Let the design be the selected variant: one edit, to be undone"
_EMPTY = "Several fields are divided by a semicolon: *.lr=0.5,1,2; head.weight_decay=0,0.1. The design itself runs too."


class VariantsPage(QWidget):
    """One row of controls, a table beside the losses, a sentence that says what may be said."""

    def __init__(self, workspace: Workspace, runner: TrialRunner) -> None:
        super().__init__()
        self._workspace = workspace
        self.sweep = Sweep(workspace, runner)
        self.followed = FollowedSweep(workspace)
        self._rows: list[list[str]] = []
        self._colours: dict[str, int] = {}
        self._build()
        self._arrange()
        self.controls.run_clicked.connect(self._on_run_or_stop)
        self.controls.entered.connect(self.run)
        self.controls.folded.connect(self._make_room)
        self.controls.promote_clicked.connect(self._on_promote)
        self.table.itemSelectionChanged.connect(self._refresh_buttons)
        self.sweep.changed.connect(self.refresh)
        self.sweep.progressed.connect(self._show_progress)
        self.followed.changed.connect(self.refresh)
        self.folders.written.connect(self._on_written)
        self._refresh_buttons()

    def run(self) -> None:
        """Start what the fields say."""
        try:
            variants, options, seeds = self._typed()
            at_a_time = self.controls.at_a_time.typed
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        self.followed.close()
        self.progress.begin("Starting …")
        self.sweep.start(variants, options, seeds, at_a_time)
        self._show_progress()

    def open_results(self, folder: Path) -> None:
        """Show the results in a folder and follow them, unless variants run here."""
        if self.sweep.running:
            self._workspace.post(Notice("Variants are running; the folder can be opened when they have ended."))
        else:
            self.followed.open(folder)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """The unfolded options scroll where there is no room for them beside the table."""
        self.controls.set_room(plenty=self.height() >= _ROOM_FOR_BOTH)

    def _typed(self) -> tuple[list[Variant], TrialOptions, int]:
        """What the fields say; raises `UserError`."""
        return self.controls.typed(self._workspace.store.committed)

    def refresh(self) -> None:
        """Show what has come out so far."""
        source = self._source
        table = source.table
        self._show_rows(_cells(table))
        records: Mapping[str, Compared] = source.records
        labels = [row.label for row in table.rows if row.label in records][:_MOST_DRAWN]
        self._colours = {name: colour for name, colour in self._colours.items() if name in records}
        for name in labels:  # whatever its rank becomes, a variant keeps its colour
            self._colours.setdefault(name, next(number for number in count() if number not in self._colours.values()))
        self.compared.show_records([records[name] for name in labels], labels, [self._colours[name] for name in labels])
        finished = any(row.finished for row in table.rows)
        words = [verdict(table) if finished else "" if self.followed.shown else _EMPTY, self.followed.words]
        if len(table.rows) > _MOST_LISTED:
            words.append(f"The first {_MOST_LISTED} of {len(table.rows):,} variants are listed.")
        self.words.setText(" ".join(filter(None, words)))
        self._refresh_buttons()

    def _show_progress(self) -> None:
        if self.sweep.running:
            self.progress.show_share(*self.sweep.progress)
        else:
            self.progress.end()

    def _show_rows(self, rows: list[list[str]]) -> None:
        """List these; the same ones stay as they are, since results that are followed come every second."""
        if rows == self._rows:
            return
        chosen, bar = self._chosen, self.table.verticalScrollBar()
        self._rows, place = rows, bar.value()
        self.table.clear()
        for cells in rows:
            item = QTreeWidgetItem(cells)
            item.setData(0, Qt.ItemDataRole.UserRole, cells[0])
            self.table.addTopLevelItem(item)
            if cells[0] == chosen:
                self.table.setCurrentItem(item)
        fit_columns(self.table)
        bar.setValue(place)

    def _build(self) -> None:
        self.controls = VariantsControls()
        self.run_button, self.promote = self.controls.run, self.controls.promote
        self.progress = ProgressLine("Progress of the variants")
        self.table = QTreeWidget()
        self.table.setHeaderLabels(list(_COLUMNS))
        self.table.setRootIsDecorated(False)
        self.table.setAccessibleName("Variants")
        self.compared = ComparedLosses(self._workspace.theme)
        self.folders = FolderRow(self._workspace, self.followed, lambda: runs_of(*self._typed()))
        self.words = self.folders.words
        self.words.setText(_EMPTY)

    def _arrange(self) -> None:
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self.compared)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([300, 200])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.controls)
        column.addWidget(self.progress)
        column.addWidget(split, 1)
        column.addWidget(self.folders)

    @property
    def _source(self) -> Sweep | FollowedSweep:
        """What the table is of."""
        return self.followed if self.followed.shown else self.sweep

    @property
    def _chosen(self) -> str | None:
        labels = [item.data(0, Qt.ItemDataRole.UserRole) for item in self.table.selectedItems()]
        return labels[0] if len(labels) == 1 else None

    @property
    def _promotion(self) -> tuple[Variant | None, str]:
        """The selected variant, where it may be promoted, or why it may not."""
        label = self._chosen
        if label is None:
            return None, ""
        if self.followed.shown:
            return self.followed.promotion(label)
        return next((one for one in self.sweep.variants if one.label == label and one.changes), None), ""

    def _on_run_or_stop(self) -> None:
        if self.sweep.running:
            self.sweep.stop()
        else:
            self.run()

    def _on_written(self, folder: Path) -> None:
        if not self.sweep.running:
            self.followed.open(folder)

    def _on_promote(self) -> None:
        variant, _ = self._promotion
        if variant is not None:
            self._workspace.commit(f"Promote {variant.label}", promote, variant)

    def _refresh_buttons(self) -> None:
        running, (promoted, reason) = self.sweep.running, self._promotion
        self.controls.show_running(running)
        self.promote.setEnabled(promoted is not None)
        self.promote.setToolTip(plain_tip(reason or _PROMOTE))
        self.folders.show_state(busy=running)


def _cells(table: SweepTable) -> list[list[str]]:
    """The rows of the table as texts."""
    found = []
    for row in table.rows[:_MOST_LISTED]:
        figure = row.figures.get(table.measure) if table.measure else None
        difference = row.differences.get(table.measure) if table.measure else None
        against = "" if row.label == table.baseline else str(difference or "")
        found.append([row.label, _runs(row), str(figure or ""), against])
    return found


def _runs(row: VariantResult) -> str:
    """How the runs of a variant stand: "2 of 3", and what went wrong."""
    every = row.finished + row.diverged + row.failed + row.stopped + row.waiting
    bad = [f"{number} {word}" for number, word in ((row.diverged, "diverged"), (row.failed, "failed")) if number]
    return ", ".join([f"{row.finished} of {every}", *bad])

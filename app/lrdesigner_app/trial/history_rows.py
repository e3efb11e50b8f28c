"""The trials that were kept, as rows of a list."""

from __future__ import annotations

import math
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem

from lrdesigner.trials.history.entries import KeptTrial

COLUMNS = ("When", "Trial", "Steps", "Data", "Loss", "Accuracy", "Ended")
_ID = Qt.ItemDataRole.UserRole


class HistoryRows(QTreeWidget):
    """The newest first; several can be selected."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(COLUMNS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Kept trials")
        self.setToolTip("Enter or a double click shows a trial; several that are selected are compared")

    @property
    def chosen(self) -> list[str]:
        """The ids of the selected trials, from top to bottom."""
        rows = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [str(row.data(0, _ID)) for row in rows if row is not None and row.isSelected()]

    @property
    def shows_runs(self) -> bool:
        """Whether all that is selected are runs, not range tests, which have no losses by step."""
        return all(row.data(1, _ID) != "range-test" for row in self.selectedItems())

    def show_trials(self, trials: list[KeptTrial]) -> None:
        """List these; what was selected stays so."""
        chosen = set(self.chosen)
        self.clear()
        for trial in trials:
            row = QTreeWidgetItem(list(cells(trial)))
            row.setData(0, _ID, trial.id)
            row.setData(1, _ID, trial.kind)
            row.setToolTip(6, trial.message)
            for column in (2, 4, 5):
                row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.addTopLevelItem(row)
            row.setSelected(trial.id in chosen)
        for column in range(len(COLUMNS)):
            self.resizeColumnToContents(column)


def cells(trial: KeptTrial) -> tuple[str, ...]:
    """What a row says."""
    kind = "" if trial.kind == "trial" else f"{trial.kind} "
    return (
        datetime.fromtimestamp(trial.started).strftime("%Y-%m-%d %H:%M"),
        f"{kind}{trial.variant or trial.title}",
        f"{trial.updates:,}",
        str(trial.options.get("data", "")).rpartition("/")[2],
        _number(trial.summary.get("final_loss"), "{:.3g}"),
        _number(trial.summary.get("test_accuracy"), "{:.1%}"),
        trial.state,
    )


def _number(value: object, form: str) -> str:
    known = isinstance(value, int | float) and math.isfinite(value)
    return form.format(value) if known else ""

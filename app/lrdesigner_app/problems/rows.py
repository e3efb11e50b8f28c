"""The list of findings: rows that stay while their findings do, walked through by keys."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner.findings import Finding
from lrdesigner_app.problems.row import FindingRow, RowButton
from lrdesigner_app.theme import GRID, Theme


class FindingRows(QWidget):
    """Up, Down, Home and End go from row to row, Left and Right between place and fix."""

    place_asked = Signal(object)
    mending_asked = Signal(object)
    row_reached = Signal(object)
    """The row that the keyboard has come to."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[FindingRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Show these; the keyboard stays at the row that it is in or, where that is gone, at the one in its place."""
        focused = self._focused()
        on_mend = focused is not None and self.rows[focused].mend.hasFocus()
        gone: dict[Hashable, list[FindingRow]] = {}
        for row in self.rows:
            gone.setdefault(_key(row.finding), []).append(row)
        kept = self.rows[focused] if focused is not None else None
        self.rows = [self._row(finding, gone) for finding in findings]
        self._fit_columns()
        while self._column.takeAt(0) is not None:
            pass
        for row in self.rows:
            self._column.addWidget(row)
        if focused is not None and kept not in self.rows and self.rows:
            self._go(self.rows[min(focused, len(self.rows) - 1)], on_mend)
        for row in (row for rows in gone.values() for row in rows):
            row.hide()
            row.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self._focused()
        steps = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Home: -len(self.rows),
            Qt.Key.Key_End: len(self.rows),
        }
        key = Qt.Key(event.key())
        if at is None or key not in (*steps, Qt.Key.Key_Left, Qt.Key.Key_Right):
            super().keyPressEvent(event)
            return
        on_mend = self.rows[at].mend.hasFocus()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go(self.rows[at], key == Qt.Key.Key_Right)
        else:
            self._go(self.rows[max(0, min(at + steps[key], len(self.rows) - 1))], on_mend)

    def go_to(self, number: int) -> None:
        """Let the keyboard go to the place of a row."""
        self._go(self.rows[number], False)

    def _focused(self) -> int | None:
        """The number of the row that has the keyboard."""
        return next((at for at, row in enumerate(self.rows) if row.place.hasFocus() or row.mend.hasFocus()), None)

    def _go(self, row: FindingRow, on_mend: bool) -> None:
        reached: RowButton = row.mend if on_mend else row.place
        reached.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.row_reached.emit(row)

    def _row(self, finding: Finding, gone: dict[Hashable, list[FindingRow]]) -> FindingRow:
        alike = gone.get(_key(finding))
        if alike:
            row = alike.pop(0)
            row.show_finding(finding)
            return row
        made = FindingRow(self._theme, finding)
        made.place_asked.connect(self.place_asked)
        made.mending_asked.connect(self.mending_asked)
        return made

    def _fit_columns(self) -> None:
        if self.rows:
            place, mend = (
                max(button.sizeHint().width() for button in buttons)
                for buttons in ([row.place for row in self.rows], [row.mend for row in self.rows])
            )
            for row in self.rows:
                row.show_columns(place, mend)


def _key(finding: Finding) -> Hashable:
    """What a finding is about; its numbers and so its sentence may change."""
    return finding.code, finding.group, finding.where, finding.shown_at

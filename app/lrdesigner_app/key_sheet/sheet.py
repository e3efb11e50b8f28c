"""The sheet of keys: made from the table of actions, and the gestures beside it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from lrdesigner_app.actions import ActionSpec
from lrdesigner_app.key_sheet.gestures import GESTURES
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label

_KEY_WIDTH = 150
_SIZE = (980, 640)
Rows = Iterable[tuple[str, str]]


class KeySheet(QDialog):
    """Actions with a key at the left, gestures at the right."""

    def __init__(self, actions: tuple[ActionSpec, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        columns = QHBoxLayout()
        columns.setSpacing(4 * GRID)
        menus = dict.fromkeys(spec.menu for spec in actions if spec.key)
        sections = [(menu, tuple(_rows_of(actions, menu))) for menu in menus]
        columns.addLayout(_column(sections), 1)
        columns.addLayout(_column([(gestures.title, gestures.rows) for gestures in GESTURES]), 1)
        inner = QWidget()
        inner.setLayout(columns)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setAccessibleName("Keys and mouse")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        layout.addWidget(buttons)
        self.resize(*_SIZE)


def _rows_of(actions: tuple[ActionSpec, ...], menu: str) -> Rows:
    for spec in actions:
        if spec.menu == menu and spec.key:
            key = QKeySequence(spec.key).toString(QKeySequence.SequenceFormat.NativeText)
            where = {"plot": " (in the plot)", "curves": " (in plot and groups)"}.get(spec.scope, "")
            yield key, spec.title.replace("&", "").rstrip("…") + where


def _column(sections: Iterable[tuple[str, Rows]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(GRID)
    for title, rows in sections:
        column.addWidget(label(title.upper(), "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnMinimumWidth(0, _KEY_WIDTH)
        grid.setColumnStretch(1, 1)
        for place, (how, what) in enumerate(rows):
            text = label(what)
            text.setWordWrap(True)
            grid.addWidget(label(how, "secondary"), place, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(text, place, 1, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(grid)
        column.addSpacing(GRID)
    column.addStretch(1)
    return column

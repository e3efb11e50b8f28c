"""The editor of one rule, in its row: group, query, name, and what the query fits or why it cannot be read."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from lrdesigner.document import LONGEST_NAME, LONGEST_QUERY
from lrdesigner_app.swatches import SIDE, swatch
from lrdesigner_app.widgets import LineEdit, calling, label, restyle
from lrdesigner_app.workspace import Workspace


class RuleEditor(QWidget):
    """Asks; the panel does. Enter ends it, Esc restores, leaving it keeps what can be kept."""

    query_typed = Signal(str)
    query_entered = Signal(str)
    name_entered = Signal(str)
    group_chosen = Signal(int)
    finished = Signal()
    escaped = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.group = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.query, self.name = LineEdit(), LineEdit()
        self.message = label("", "secondary")
        self._build()
        self.query.textEdited.connect(self.query_typed)
        self.query.editingFinished.connect(self._enter_query)
        self.name.editingFinished.connect(self._enter_name)
        for field in (self.query, self.name):
            field.installEventFilter(self)

    def _build(self) -> None:
        self.setAutoFillBackground(False)
        self.group.setIconSize(QSize(SIDE, SIDE))
        self.group.setProperty("role", "quiet")
        self.group.setAccessibleName("Group of the rule")
        self.group.setToolTip("The group that gets what fits")
        self.group.setMenu(QMenu(self.group))
        self.group.menu().aboutToShow.connect(self._fill_menu)
        self.query.setPlaceholderText("*.bias  ndim<2  type:LayerNorm")
        self.query.setAccessibleName("What the rule looks for")
        self.query.setMaxLength(LONGEST_QUERY)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the rule")
        self.name.setMaxLength(LONGEST_NAME)
        self.message.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.group)
        row.addWidget(self.query, 1)
        below = QVBoxLayout()
        below.setContentsMargins(self.group.sizeHint().width() + 4, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self.name)
        below.addWidget(self.message)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addLayout(below)

    def show_rule(self, name: str, where: str, group: int) -> None:
        """Show a rule; what is being typed is left alone."""
        colour = self._workspace.design.group(group).colour
        self.group.setIcon(swatch(self._workspace.theme.group_colour(colour), self.devicePixelRatioF()))
        self._group = group
        for field, text in ((self.query, where), (self.name, "" if name == where else name)):
            if not field.isModified() and field.text() != text:
                field.setText(text)

    def show_message(self, text: str, bad: bool = False) -> None:
        """What the query fits, or what is wrong with it."""
        role = "bad" if bad else "secondary"
        if self.message.property("role") != role:
            self.message.setProperty("role", role)
            restyle(self.message)
            self.query.setProperty("invalid", "true" if bad else "false")
            restyle(self.query)
        self.message.setText(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and Esc end the editing; so does leaving both fields."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.query.setModified(False)
                self.name.setModified(False)
                self.escaped.emit()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                (self._enter_query if watched is self.query else self._enter_name)()
                if self.query.property("invalid") != "true":
                    self.finished.emit()
                return True
        if event.type() == QEvent.Type.FocusOut:
            QTimer.singleShot(0, self, self._end_if_left)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the fields leave over is not for the list below."""
        event.accept()

    def _end_if_left(self) -> None:
        there = QApplication.focusWidget()
        inside = there is not None and (there is self or self.isAncestorOf(there))
        if not inside and QApplication.activePopupWidget() is None and self.isVisible():
            self.finished.emit()

    def _enter_query(self) -> None:
        if self.query.isModified():
            self.query.setModified(False)
            self.query_entered.emit(self.query.text())

    def _enter_name(self) -> None:
        if self.name.isModified():
            self.name.setModified(False)
            self.name_entered.emit(self.name.text())

    def _fill_menu(self) -> None:
        menu = self.group.menu()
        menu.clear()
        theme = self._workspace.theme
        for group in self._workspace.design.groups:
            action = menu.addAction(swatch(theme.group_colour(group.colour)), group.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(group.id == self._group)
            action.triggered.connect(calling(self.group_chosen.emit, group.id))

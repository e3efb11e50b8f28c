"""Small building blocks that every panel uses, so that they look alike."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStylePainter,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)

from lrdesigner_app.icons import icon
from lrdesigner_app.theme import GRID, PANEL_PADDING

SMALL_PX = 14
"""Side of the icon on a small button."""

_NARROWEST = 60
"""Pixels that are left of a line of text that is cut."""


class Panel(QFrame):
    """A rounded surface with padding and, if given, a section title on top."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(PANEL_PADDING, PANEL_PADDING - 2, PANEL_PADDING, PANEL_PADDING)
        self.body.setSpacing(GRID)
        if title:
            self.body.addWidget(label(title.upper(), "section"))


def label(text: str, role: str = "") -> QLabel:
    """A text; roles: section, title, secondary, bad."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)  # names come from people's files, and must not be taken for markup
    if role:
        made.setProperty("role", role)
    return made


class ElidedLabel(QLabel):
    """A line of text that ends with an ellipsis where there is no room for it; the tooltip has all of it."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(_NARROWEST, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        self.setToolTip("" if shown == self.text() else plain_tip(self.text()))
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def button(text: str, role: str = "", tip: str = "") -> QPushButton:
    """A push button; roles: primary, quiet, small, tab."""
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    if tip:
        made.setToolTip(tip)
    made.setAccessibleName(text)
    return made


def exclusive(owner: QWidget, *buttons: QPushButton) -> None:
    """Let one of these be checked at a time, at first the first one."""
    group = QButtonGroup(owner)
    for made in buttons:
        made.setCheckable(True)
        group.addButton(made)
    buttons[0].setChecked(True)


def halves(owner: QWidget, first: QPushButton, second: QPushButton) -> QHBoxLayout:
    """Two buttons of one row, of which one is checked."""
    exclusive(owner, first, second)
    row = QHBoxLayout()
    row.setSpacing(GRID - 2)
    for made in (first, second):
        made.setProperty("role", "half")
        row.addWidget(made, 1)
    return row


def small_button(sign: str, tip: str) -> QPushButton:
    """A quiet button of one icon (`lrdesigner_app.icons`), named by its tip for those who do not see it."""
    made = button("", "small", tip)
    made.setIcon(icon(sign))
    made.setIconSize(QSize(SMALL_PX, SMALL_PX))
    made.setAccessibleName(tip.partition(" (")[0])
    return made


def plain_tip(text: str) -> str:
    """A tooltip that shows foreign text as it is, also where Qt would take it for markup."""
    shown = html.escape(text).replace("\n", "<br>")
    return f"<qt>{shown}</qt>" if "<" in text or "&" in text else text


class LineEdit(QLineEdit):
    """A line of text that takes undo and redo for itself only while it is being typed into.

    Qt's own keeps these keys also when it has nothing to undo, so that after an entered value Ctrl+Z would do nothing.
    """

    def event(self, event: QEvent) -> bool:
        keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not self.isModified()
            and any(event.matches(key) for key in keys)
        ):
            event.ignore()
            return False
        return super().event(event)


class NarrowCombo(QComboBox):
    """A combo box that may be narrower than its longest entry, and leaves the wheel to the panel that it stands in."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setMinimumWidth(60)
        self.setItemDelegate(QStyledItemDelegate(self))  # the default one does not follow the style sheet

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style paints it, with an ellipsis where the text is too long."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        shown = option.currentText if self.currentIndex() >= 0 else self.placeholderText()
        option.currentText = self.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, room - 2)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


def fit_columns(tree: QTreeWidget) -> None:
    """Make every column as wide as what is in it, and leave air between them."""
    for column in range(tree.columnCount() - 1):  # the last one takes the rest
        tree.resizeColumnToContents(column)
        tree.setColumnWidth(column, tree.columnWidth(column) + GRID)


def narrow_combo(name: str) -> NarrowCombo:
    """A `NarrowCombo`."""
    return NarrowCombo(name)


def calling(action: Callable[..., object], *arguments: object) -> Callable[[], None]:
    """A slot for `triggered` and `clicked` that leaves out their `checked`."""

    def slot() -> None:
        action(*arguments)

    return slot


def restyle(widget: QWidget) -> None:
    """Apply the style sheet anew after a property it selects on has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)

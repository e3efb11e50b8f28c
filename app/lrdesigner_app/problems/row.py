"""One finding as a row: its severity, its place, what is said, and the button that mends it or leads there."""

from __future__ import annotations

from types import MappingProxyType

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from lrdesigner.findings import Finding
from lrdesigner.findings.finding import Severity
from lrdesigner_app.icons import paint_icon
from lrdesigner_app.theme import GRID, Theme
from lrdesigner_app.widgets import SMALL_PX, label, plain_tip

PLACE_PX, MEND_PX = 180, 190
"""Of the widest place and fix; the sentences stand between them in line."""

BUTTON_PADDING = 11
"""Pixels before the text of a button: what stands below begins where that does."""

BESIDE_PX = 780
"""Width of a row in which the sentence has room beside the place."""

SIGNS: MappingProxyType[Severity, tuple[str, str]] = MappingProxyType(
    {"error": ("circle-x", "bad"), "warning": ("triangle-alert", "text"), "info": ("info", "secondary")}
)
"""The icon of each severity and the token of its colour."""

_LEFT_TO_THE_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)


class RowButton(QPushButton):
    """Pressed by Enter too; the arrow keys go to the list that it stands in. A long text is cut, the tooltip has it."""

    def __init__(self, role: str, widest: int) -> None:
        super().__init__()
        self._widest = widest
        self.setProperty("role", role)

    def show_words(self, text: str, tip: str, name: str = "") -> None:
        """Say what it does."""
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self._widest)
        self.setText(shown.replace("&", "&&"))
        self.setToolTip(plain_tip(tip if shown == text else f"{text}\n{tip}"))
        self.setAccessibleName(name or text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _LEFT_TO_THE_LIST:
            event.ignore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class _Sign(QWidget):
    """The icon of a severity, in its colour."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._severity: Severity = "info"
        self.setFixedSize(QSize(SMALL_PX, SMALL_PX))
        theme.changed.connect(self.update)

    def show_severity(self, severity: Severity) -> None:
        self._severity = severity
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        name, token = SIGNS[self._severity]
        painter = QPainter(self)
        paint_icon(painter, QRectF(self.rect()), name, self._theme.colour(token))
        painter.end()


class FindingRow(QWidget):
    """Stays while its finding does, so that the focus and what is selected of its text stay too."""

    place_asked = Signal(object)
    """The finding whose place is to be looked at."""

    mending_asked = Signal(object)
    """The finding that is to be mended: by its fix or, without one, by hand at its place."""

    def __init__(self, theme: Theme, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self._sign, self._word = _Sign(theme), label("")
        self.place, self.mend = RowButton("quiet", PLACE_PX), RowButton("", MEND_PX)
        self._left, self._right = _column(self.place), _column(self.mend)
        self._middle, self._place_width = QBoxLayout(QBoxLayout.Direction.LeftToRight), PLACE_PX
        self._text = label("")
        self._text.setObjectName("message")
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._build()
        self.place.clicked.connect(lambda: self.place_asked.emit(self.finding))
        self.mend.clicked.connect(lambda: self.mending_asked.emit(self.finding))
        self.show_finding(finding)

    def show_finding(self, finding: Finding) -> None:
        """Show this one, which is about the same thing."""
        self.finding = finding
        self._sign.show_severity(finding.severity)
        self._word.setText(finding.severity.capitalize())
        self.place.show_words(finding.where, "Show where this is (Enter)", f"{finding.where}: {finding.message}")
        if self._text.text() != finding.message:
            self._text.setText(finding.message)
        if finding.fix is not None:
            self.mend.show_words(finding.fix.label, "Mend this (Enter); it can be undone")
        else:
            self.mend.show_words("Show", "Go where this is, to mend it by hand (Enter)", f"Show {finding.where}")

    def show_columns(self, place: int, mend: int) -> None:
        """As wide as in the other rows."""
        self._place_width = place
        self._right.setFixedWidth(mend)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The sentence stands beside the place or, where there is little room, below it."""
        beside = self.width() >= BESIDE_PX
        self._left.setFixedWidth(self._place_width if beside else self._left.sizeHint().width())
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._middle.direction() != direction:
            self._middle.setDirection(direction)
            self._middle.setSpacing(GRID if beside else 0)
            self._text.setContentsMargins(0 if beside else BUTTON_PADDING, 0, 0, 0)

    def _build(self) -> None:
        self._word.setProperty("role", "secondary")
        self._word.setFixedWidth(self._word.fontMetrics().horizontalAdvance("Warning") + 2)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._sign)
        row.addWidget(self._word)
        self._middle.addWidget(self._left)
        self._middle.addWidget(self._text, 1)
        row.addLayout(self._middle, 1)
        row.addWidget(self._right)


def _column(button: QPushButton) -> QWidget:
    """At the left of a column that is as wide as the widest of all rows."""
    made = QWidget()
    inner = QHBoxLayout(made)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.addWidget(button)
    inner.addStretch(1)
    return made

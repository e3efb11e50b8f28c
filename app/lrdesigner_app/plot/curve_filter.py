"""A line over the plot that shows only curves of groups whose name holds what is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lrdesigner.document import Design
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import LineEdit, label
from lrdesigner_app.workspace import Workspace


class CurveFilter(QWidget):
    """Hidden until it is asked for; Esc, and `Show all`, do away with it and with what it said."""

    left = Signal()
    """It is done with: the keyboard may go to the curves."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.line = _Line()
        self.count = label("", "secondary")
        self.line.setPlaceholderText("Show curves of groups named …")
        self.line.setAccessibleName("Filter the curves by the name of their group")
        self.line.setToolTip("Part of a name; several words must all be in it. Esc shows all curves again.")
        self.line.setClearButtonEnabled(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.line, 1)
        row.addWidget(self.count)
        self.line.textChanged.connect(self._apply)
        self.line.closed.connect(self.close_filter)
        workspace.signals.design_changed.connect(self._apply)
        workspace.display.changed.connect(self._on_look_changed)
        self.hide()

    def open_filter(self) -> None:
        """Show the line, to be typed into."""
        self.show()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def close_filter(self) -> None:
        """Show all curves again."""
        self.line.clear()
        self.hide()
        self.left.emit()

    def _apply(self, *_: object) -> None:
        design, text = self._workspace.design, self.line.text()
        if self.isHidden() and not text:
            return
        passed = passing(design, text)
        self.count.setText("" if passed is None else f"{len(passed)} of {len(design.groups)}")
        self._workspace.display.let_pass(passed)

    def _on_look_changed(self) -> None:
        if self._workspace.display.look.passed is None and self.line.text().strip():
            self.close_filter()


class _Line(LineEdit):
    """A line of text that Esc closes."""

    closed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def passing(design: Design, text: str) -> frozenset[int] | None:
    """The groups whose names hold every word of a text, whatever the case; None where it holds none.

    >>> passing(design, "head norm")        # doctest: +SKIP
    frozenset({3})
    """
    words = text.lower().split()
    if not words:
        return None
    return frozenset(group.id for group in design.groups if all(word in group.name.lower() for word in words))

"""The head of the window: what is open, and the few things one does most."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from lrdesigner_app.icons import icon
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import ElidedLabel, plain_tip


class HeaderBar(QWidget):
    """Title and subtitle at the left, buttons of actions at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._title = ElidedLabel("title")
        self._subtitle = ElidedLabel("secondary")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 0, 0, 0)
        self._row.setSpacing(GRID)
        self._row.addWidget(self._title)
        self._row.addWidget(self._subtitle)
        self._row.addStretch(1)

    def show_titles(self, title: str, subtitle: str) -> None:
        """What is open, and its size."""
        self._title.setText(title)
        self._subtitle.setText(subtitle)

    def add_action(self, action: QAction, text: str, role: str = "quiet") -> QPushButton:
        """A button that does an action, and is enabled as the action is."""
        made = QPushButton(text)
        made.setProperty("role", role)
        made.setAccessibleName(text)
        made.clicked.connect(action.trigger)

        def follow() -> None:
            made.setEnabled(action.isEnabled())
            made.setToolTip(plain_tip(f"{action.statusTip()} ({action.shortcut().toString()})"))

        action.changed.connect(follow)
        follow()
        self._row.addWidget(made)
        return made

    def add_menu(self, text: str, menu: QMenu) -> QToolButton:
        """A button that opens a menu."""
        made = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setText(text)
        made.setIcon(icon("menu"))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setAccessibleName(f"{text} menu")
        made.setProperty("role", "quiet")
        made.setMenu(menu)
        self._row.addWidget(made)
        return made

"""The Space key where it is an action's: buttons and boxes keep it for themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget


class SpacePresses(QObject):
    """Lets Space press the buttons that panels have now, though it is the key of an action there."""

    def __init__(self, *panels: QWidget) -> None:
        super().__init__(panels[0])
        for panel in panels:
            for widget in (*panel.findChildren(QAbstractButton), *panel.findChildren(QComboBox)):
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the key before the action gets it."""
        space = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space and not event.modifiers()
        if space and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().eventFilter(watched, event)

"""A short glow over a part of the window, so that the eye finds what has just changed."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from lrdesigner_app.theme import Theme

LASTS_MS, STEPS, ALPHA = 600, 12, 90
_RADIUS = 5


class Flash(QWidget):
    """Fades by itself and is gone then; the mouse goes through it."""

    def __init__(self, theme: Theme, over: QWidget, rect: QRect | None = None) -> None:
        super().__init__(over)
        self._theme, self._left = theme, STEPS
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(over.rect() if rect is None else rect)
        timer = QTimer(self, interval=LASTS_MS // STEPS)
        timer.timeout.connect(self._fade)
        timer.start()
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        colour = self._theme.colour("accent")
        colour.setAlpha(ALPHA * self._left // STEPS)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(self.rect(), _RADIUS, _RADIUS)
        painter.end()

    def _fade(self) -> None:
        self._left -= 1
        if self._left > 0:
            self.update()
        else:
            self.deleteLater()

"""A group's colour as an icon."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

SIDE = 16
COLOUR_NAMES = (
    "Blue", "Green", "Red", "Yellow", "Cyan", "Purple",
    "Indigo", "Teal", "Olive", "Wine", "Sand", "Rose",
)  # fmt: skip


def swatch(colour: QColor, ratio: float = 2.0, ring: QColor | None = None) -> QIcon:
    """A rounded square; `ring` marks the one in use, `ratio` is the device pixel ratio."""
    pixmap = QPixmap(int(SIDE * ratio), int(SIDE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(3, 3, 10, 10), 2.5, 2.5)
    if ring is not None:
        painter.setPen(QPen(ring, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(1, 1, 14, 14), 4, 4)
    painter.end()
    return QIcon(pixmap)

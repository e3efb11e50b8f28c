"""How the transform box looks: a thin frame whose edge moves everything, and eight grips outside of the keys."""

from __future__ import annotations

from types import MappingProxyType

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lrdesigner_app.plot.held_item import HeldItem

Side = tuple[int, int]
"""Which edge of the box: left (-1), right (+1) or neither; bottom (-1), top (+1) or neither."""

SIDES: tuple[Side, ...] = ((-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0))

_HALF, _REACH, _BAND = 3.5, 7.0, 8.0
_CURSORS: MappingProxyType[Side, Qt.CursorShape] = MappingProxyType(
    {
        (-1, 0): Qt.CursorShape.SizeHorCursor,
        (1, 0): Qt.CursorShape.SizeHorCursor,
        (0, -1): Qt.CursorShape.SizeVerCursor,
        (0, 1): Qt.CursorShape.SizeVerCursor,
        (-1, 1): Qt.CursorShape.SizeFDiagCursor,
        (1, -1): Qt.CursorShape.SizeFDiagCursor,
        (1, 1): Qt.CursorShape.SizeBDiagCursor,
        (-1, -1): Qt.CursorShape.SizeBDiagCursor,
    }
)


class GripItem(HeldItem):
    """A small square that scales the selected keys from its side."""

    def __init__(self, parent: QGraphicsItem, side: Side) -> None:
        super().__init__(parent)
        self.side = side
        self.setZValue(96)
        self.setCursor(_CURSORS[side])
        what = "in time and value" if all(side) else "in time" if side[0] else "in value"
        self.setToolTip(f"Scale the selected keys {what} (Ctrl or Alt: from the middle, Shift: one way, Esc: back)")
        self._line, self._fill = QColor(), QColor()

    def set_colours(self, line: QColor, fill: QColor) -> None:
        """Outline, and the inside while nobody points at it."""
        self._line, self._fill = line, fill
        self.update()

    def boundingRect(self) -> QRectF:
        """Large enough to be hit."""
        return QRectF(-_REACH, -_REACH, 2 * _REACH, 2 * _REACH)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A square, filled while the pointer is on it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._line, 1.5))
        painter.setBrush(self._line if self.hot else self._fill)
        painter.drawRoundedRect(QRectF(-_HALF, -_HALF, 2 * _HALF, 2 * _HALF), 1.5, 1.5)


class FrameItem(HeldItem):
    """The line around the selected keys; dragging it moves them all. Its inside lets the mouse through."""

    def __init__(self, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        # Of a child of something that clips, as the view does, Qt hits the bounding rectangle unless it clips too.
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsToShape)
        self.setZValue(94)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setToolTip("Move the selected keys (Shift: one way, Esc: back)")
        self._rect, self._line = QRectF(), QColor()

    @property
    def rect(self) -> QRectF:
        """In pixels of the view."""
        return self._rect

    def set_rect(self, rect: QRectF) -> None:
        """Put the line there."""
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def set_colour(self, line: QColor) -> None:
        """Of the line."""
        self._line = line
        self.update()

    def boundingRect(self) -> QRectF:
        """With the band along the line that can be hit."""
        return self._rect.adjusted(-_BAND, -_BAND, _BAND, _BAND)

    def shape(self) -> QPainterPath:
        """The band only: of two rectangles, one in the other, what lies in one of them."""
        half = _BAND / 2
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        path.addRect(self._rect.adjusted(-half, -half, half, half))
        path.addRect(self._rect.adjusted(half, half, -half, -half))
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """A thin line, stronger while the pointer is on it."""
        line = QColor(self._line)
        line.setAlphaF(1.0 if self.hot else 0.55)
        painter.setPen(QPen(line, 1))
        painter.drawRect(self._rect)

"""How the strip is drawn: cells with titles, outer segments dimmed, the edge and the place that are meant."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from lrdesigner.schedules import Segment, children_of, shape_of
from lrdesigner_app.schedule_editor.strip_layout import Cell
from lrdesigner_app.theme import RADIUS, SECONDARY_PX, Theme

_PADDING = 5
_BEHIND = 3.0
"""How far the sheet behind a composite looks out."""

_CORNER = RADIUS - 2


class StripPainter:
    """Paints with the colours of the theme."""

    def __init__(self, painter: QPainter, theme: Theme) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter, self._theme = painter, theme

    def cell(self, cell: Cell, segment: Segment, *, chosen: bool, focused: bool, faint: bool = False) -> None:
        """One segment: chosen ones in the selection's colour, with a wider line while the keyboard is here."""
        if cell.rect.width() < 1:
            return
        painter = self._painter
        painter.setOpacity(0.45 if faint else 1.0)
        pen = QPen(self._colour("accent" if chosen else "line"), 2 if chosen and focused else 1)
        rect = cell.rect.adjusted(0.5, 0.5, -0.5, -0.5)
        if children_of(segment.schedule) and not cell.stub:
            painter.setPen(QPen(self._colour("accent" if chosen else "secondary"), 1))
            painter.setBrush(self._colour("hover"))
            painter.drawRoundedRect(rect.adjusted(_BEHIND, _BEHIND, 0, 0), _CORNER, _CORNER)
            rect = rect.adjusted(0, 0, -_BEHIND, -_BEHIND)
        painter.setPen(pen)
        painter.setBrush(self._colour("selection" if chosen else "raised"))
        if cell.stub:
            painter.setBrush(self._colour("accent" if chosen else "secondary"))
            painter.drawRoundedRect(rect, 2, 2)
        else:
            painter.drawRoundedRect(rect, _CORNER, _CORNER)
            self._write(rect, segment)
        painter.setOpacity(1.0)

    def edge(self, x: float, height: int) -> None:
        """The boundary that is, or would be, dragged."""
        self._painter.setPen(QPen(self._colour("accent"), 2))
        self._painter.drawLine(round(x), 1, round(x), height - 1)

    def insertion(self, x: float, height: int) -> None:
        """The place at which a segment would be put."""
        painter = self._painter
        painter.setPen(QPen(self._colour("accent"), 3))
        painter.drawLine(round(x), 2, round(x), height - 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour("accent"))
        for y in (3, height - 3):
            painter.drawEllipse(QRectF(x - 3, y - 3, 6, 6))

    def _write(self, rect: QRectF, segment: Segment) -> None:
        """The title in the middle, and how long it lasts, as far as there is room."""
        painter, room = self._painter, int(rect.width()) - 2 * _PADDING
        if room < 8:
            return
        title, length = shape_of(segment.schedule).title, f" · {segment.length}"
        base = painter.font()
        small = painter.font()
        small.setPixelSize(SECONDARY_PX)
        title_width = QFontMetrics(base).horizontalAdvance(title)
        length_width = QFontMetrics(small).horizontalAdvance(length)
        painter.setPen(self._colour("text"))
        if title_width + length_width > room:
            shown = QFontMetrics(base).elidedText(title, Qt.TextElideMode.ElideRight, room)
            if shown != "…":
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)
            return
        left = rect.left() + (rect.width() - title_width - length_width) / 2
        vertically = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, rect.top(), title_width + 1, rect.height()), vertically, title)
        painter.setFont(small)
        painter.setPen(self._colour("secondary"))
        painter.drawText(QRectF(left + title_width, rect.top(), length_width + 1, rect.height()), vertically, length)
        painter.setFont(base)

    def _colour(self, token: str) -> QColor:
        return self._theme.colour(token)

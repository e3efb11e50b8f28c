"""The small signs of the tree: the square of the groups, badges of pins, rules, ties and more, the branch arrow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

SWATCH = 10
BADGE = 11


def paint_swatch(painter: QPainter, rect: QRectF, colours: Sequence[QColor]) -> None:
    """A rounded square: one colour, or up to four slanting bands of several."""
    painter.save()
    outline = QPainterPath()
    outline.addRoundedRect(rect, 2.5, 2.5)
    painter.setPen(Qt.PenStyle.NoPen)
    if len(colours) == 1:
        painter.fillPath(outline, colours[0])
    else:
        painter.setClipPath(outline)
        shown = colours[:4]
        band = 2 * rect.width() / len(shown)
        for number, colour in enumerate(shown):
            left = rect.left() + number * band
            painter.setBrush(colour)
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(left, rect.top()),
                        QPointF(left + band + 1, rect.top()),
                        QPointF(left + band + 1 - rect.height(), rect.bottom()),
                        QPointF(left - rect.height(), rect.bottom()),
                    ]
                )
            )
    painter.restore()


def paint_pin(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A drawing pin, leaning right."""
    painter.save()
    painter.translate(rect.center())
    painter.rotate(35)
    painter.setPen(QPen(colour, 1.3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(0, 0.8), QPointF(0, 5))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(-2.6, -5.2, 5.2, 1.7), 0.8, 0.8)
    painter.drawPolygon(QPolygonF([QPointF(-1.6, -4), QPointF(1.6, -4), QPointF(2, -0.6), QPointF(-2, -0.6)]))
    painter.drawRoundedRect(QRectF(-3.3, -0.9, 6.6, 1.8), 0.9, 0.9)
    painter.restore()


def paint_tie(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """Two arrows in opposite directions."""
    painter.save()
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    centre = rect.center()
    for side in (-1, 1):
        y, tip = centre.y() + side * 2.3, centre.x() - side * 4.6
        painter.drawLine(QPointF(centre.x() + side * 4.6, y), QPointF(tip, y))
        painter.drawLine(QPointF(tip, y), QPointF(tip + side * 2.2, y - 2))
        painter.drawLine(QPointF(tip, y), QPointF(tip + side * 2.2, y + 2))
    painter.restore()


def paint_frozen(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A snowflake."""
    painter.save()
    painter.translate(rect.center())
    painter.setPen(QPen(colour, 1.1, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for _ in range(6):
        painter.drawLine(QPointF(0, 0), QPointF(0, -5))
        painter.drawLine(QPointF(0, -3.2), QPointF(-1.4, -4.6))
        painter.drawLine(QPointF(0, -3.2), QPointF(1.4, -4.6))
        painter.rotate(60)
    painter.restore()


def paint_rule(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A funnel: it came here by a rule."""
    painter.save()
    painter.translate(rect.center())
    painter.setPen(QPen(colour, 1.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    left = [QPointF(-1.1, 4.4), QPointF(-1.1, 0.4), QPointF(-4.4, -3.8), QPointF(4.4, -3.8), QPointF(1.1, 0.4)]
    painter.drawPolyline([*left, QPointF(1.1, 3.0), QPointF(-1.1, 4.4)])
    painter.restore()


def paint_refused(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A circle with a stroke through it."""
    painter.save()
    painter.setPen(QPen(colour, 1.3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    centre = rect.center()
    painter.drawEllipse(centre, 4.2, 4.2)
    painter.drawLine(centre + QPointF(-2.9, 2.9), centre + QPointF(2.9, -2.9))
    painter.restore()


def paint_arrow(painter: QPainter, centre: QPointF, opened: bool, colour: QColor) -> None:
    """The branch arrow: down when open, right when closed."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.rotate(90 if opened else 0)
    painter.setPen(QPen(colour, 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPolyline([QPointF(-1.6, -3.4), QPointF(1.8, 0), QPointF(-1.6, 3.4)])
    painter.restore()

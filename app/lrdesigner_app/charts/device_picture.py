"""What an item draws, kept in the pixels of the screen, so that it need not be drawn again in every frame."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap, QTransform

_LARGEST_PX = 16_000_000


class DevicePicture:
    """One picture. It is as sharp as the screen; where a file of shapes is written, the shapes themselves are drawn."""

    def __init__(self) -> None:
        self._known: object = None
        self._pixmap = QPixmap()
        self.drawings = 0
        """How often it was drawn anew."""

    def paint(self, painter: QPainter, rect: QRectF, state: object, draw: Callable[[QPainter], None]) -> None:
        """What `draw` draws into `rect`, both in the painter's coordinates; anew where `state` or the place is another.

        Equal states must look the same.
        """
        device, engine = painter.deviceTransform(), painter.paintEngine()
        flat = device.m12() == device.m21() == device.m13() == device.m23() == 0
        if engine is None or engine.type() != QPaintEngine.Type.Raster or not flat:
            draw(painter)
            return
        target = engine.paintDevice()
        place = device.mapRect(rect).toAlignedRect() & QRect(0, 0, target.width(), target.height())
        if place.isEmpty() or place.width() * place.height() > _LARGEST_PX:
            draw(painter)
            return
        ratio = target.devicePixelRatio()
        scales = device.m11(), device.m22(), device.dx(), device.dy()
        known = (state, ratio, scales, place)
        if known != self._known:
            self._known, self._pixmap = known, _drawn(painter, place, ratio, draw)
            self.drawings += 1
        _blit(painter, place.topLeft(), self._pixmap)


def _drawn(painter: QPainter, place: QRect, ratio: float, draw: Callable[[QPainter], None]) -> QPixmap:
    """The same transformation, hints and font as the painter's, on nothing."""
    pixmap = QPixmap(place.size())
    pixmap.setDevicePixelRatio(ratio)  # pens count their widths in pixels of the window
    pixmap.fill(Qt.GlobalColor.transparent)
    moved = painter.deviceTransform() * QTransform.fromTranslate(-place.x(), -place.y())
    inner = QPainter(pixmap)
    inner.setRenderHints(painter.renderHints())
    inner.setFont(painter.font())
    inner.setPen(painter.pen())
    inner.setTransform(moved * QTransform.fromScale(1 / ratio, 1 / ratio))
    draw(inner)
    inner.end()
    pixmap.setDevicePixelRatio(1.0)
    return pixmap


def _blit(painter: QPainter, at: QPoint, pixmap: QPixmap) -> None:
    """Pixel upon pixel, whatever the painter's transformation."""
    painter.save()
    painter.resetTransform()
    beneath, _ = painter.deviceTransform().inverted()
    painter.setTransform(QTransform.fromTranslate(at.x(), at.y()) * beneath)
    painter.drawPixmap(0, 0, pixmap)
    painter.restore()

"""A widget as a picture."""

from __future__ import annotations

import re

from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication, QWidget


def as_png(widget: QWidget) -> bytes:
    """PNG of what the widget shows."""
    _lay_out()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return bytes(buffer.data().data())


def as_image(widget: QWidget, scale: float) -> QImage:
    """What the widget shows, with so many pixels for each of its own."""
    _lay_out()
    image = QImage(widget.size() * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(0)
    widget.render(image, QPoint())
    return image


def as_svg(widget: QWidget) -> bytes:
    """SVG of what the widget shows."""
    _lay_out()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(widget.width(), widget.height()))
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    generator.setTitle("Learning rates")
    painter = QPainter(generator)
    widget.render(painter, QPoint())
    painter.end()
    return re.sub(rb'<path[^>]* d=""/>', b"", bytes(buffer.data().data()))  # which readers take for faulty


def _lay_out() -> None:
    """A widget that was never shown has its layout still to do."""
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

"""A fan as an item of its own, for charts that keep nothing as a picture."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from lrdesigner_app.charts.fan import Fan


class FanItem(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a `Fan`."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._fan = Fan()
        self._rect = QRectF()

    @property
    def ys(self) -> NDArray[np.float64]:
        """The lines, a row each, in view coordinates."""
        return self._fan.ys

    def set_lines(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> None:
        """Other lines."""
        self.prepareGeometryChange()
        self._fan.set_lines(xs, ys)
        self._rect = _bounds(xs, ys)
        self.update()

    def set_look(self, colour: QColor, style: Qt.PenStyle) -> None:
        """The hue of all lines."""
        self._fan.set_look(colour, style)
        self.update()

    def boundingRect(self) -> QRectF:
        """Of all lines, in view coordinates."""
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """All of it."""
        self._fan.paint(painter)


def _bounds(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> QRectF:
    finite = ys[np.isfinite(ys)]
    if not finite.size:
        return QRectF()
    low, high = float(finite.min()), float(finite.max())
    return QRectF(float(xs[0]), low, float(xs[-1] - xs[0]), max(high - low, 1e-12))

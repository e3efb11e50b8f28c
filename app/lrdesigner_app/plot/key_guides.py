"""Thin lines that show on what a handle has caught, and the arms of control points."""

from __future__ import annotations

from collections.abc import Iterable

import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.plot.key_snapping import Caught
from lrdesigner_app.theme import Theme


class Guides:
    """One line for a step, one for a value."""

    def __init__(self, chart: ChartSurface, theme: Theme) -> None:
        self._theme = theme
        self.step = pg.InfiniteLine(angle=90, movable=False)
        self.value = pg.InfiniteLine(angle=0, movable=False)
        for line in (self.step, self.value):
            line.setZValue(55)
            line.hide()
            chart.view.addItem(line, ignoreBounds=True)

    def show(self, step: Caught | None, value: Caught | None, axis_map: AxisMap) -> None:
        """Through what holds the handle; none where nothing does."""
        accent = self._theme.colour("accent")
        accent.setAlphaF(0.7)
        for line, caught, place in ((self.step, step, axis_map.x), (self.value, value, axis_map.y)):
            line.setVisible(caught is not None)
            if caught is not None:
                line.setPen(pg.mkPen(accent, width=1))
                line.setPos(place(caught.at))

    def hide(self) -> None:
        """Nothing is held."""
        self.step.hide()
        self.value.hide()


class Arms:
    """Lines from keys to their control points, in pixels of the view."""

    def __init__(self, chart: ChartSurface) -> None:
        self.item = QGraphicsPathItem(chart.view)
        self.item.setZValue(99)

    def show(self, pairs: Iterable[tuple[QPointF, QPointF]], colour: QColor) -> None:
        """From each first point to the second."""
        path = QPainterPath()
        for start, end in pairs:
            path.moveTo(start)
            path.lineTo(end)
        self.item.setPath(path)
        self.item.setPen(QPen(colour, 1))

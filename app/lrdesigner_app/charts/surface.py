"""The surface that charts are drawn on: a pyqtgraph plot without its menus, frame and automatic ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame

from lrdesigner_app.charts.axes import TimeAxis, ValueAxis
from lrdesigner_app.charts.axis_map import AxisMap
from lrdesigner_app.theme import Theme

Range = tuple[float, float]


class ChartSurface(pg.PlotWidget):  # type: ignore[misc]
    """A bare chart in the theme's colours; whoever draws on it sets the ranges."""

    left = Signal()
    """The pointer has left the chart."""

    def __init__(self, theme: Theme, name: str, view: pg.ViewBox | None = None, bottom: TimeAxis | None = None) -> None:
        self.value_axis, self.time_axis = ValueAxis(), bottom or TimeAxis()
        super().__init__(axisItems={"left": self.value_axis, "bottom": self.time_axis}, viewBox=view)
        self._theme = theme
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAntialiasing(True)
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        self.destroyed.connect(plot.ctrlMenu.deleteLater)  # nobody sees this menu; having no parent, it would stay
        plot.hideButtons()
        plot.layout.setContentsMargins(0, 6, 2, 0)
        for axis in (self.value_axis, self.time_axis):
            axis.setZValue(-1000)  # the grid belongs behind the curves
        self.view.disableAutoRange()
        self.view.setDefaultPadding(0.0)
        theme.changed.connect(self.restyle)
        self.restyle()

    @property
    def view(self) -> Any:
        """The pyqtgraph ViewBox."""
        return self.getPlotItem().getViewBox()

    def distance(self, by: QPointF) -> QPointF:
        """A way across the scene, in view coordinates."""
        start: QPointF = self.view.mapSceneToView(QPointF(0, 0))
        end: QPointF = self.view.mapSceneToView(by)
        return end - start

    def set_map(self, axis_map: AxisMap) -> None:
        """Label the value axis for this map."""
        self.value_axis.log = axis_map.log
        self.value_axis.picture = None
        self.value_axis.update()

    def show_shares(self, shares: bool) -> None:
        """Whether the values are shares of a peak, and read as percent."""
        if shares != self.value_axis.shares:
            self.value_axis.shares = shares
            self.value_axis.picture = None
            self.value_axis.update()

    def set_ranges(self, x: Range | None = None, y: Range | None = None) -> None:
        """Show exactly these ranges of view coordinates."""
        if x is not None:
            self.view.setXRange(*x, padding=0)
        if y is not None:
            self.view.setYRange(*y, padding=0)
        self.view.updateMatrix()  # pyqtgraph would wait for the next paint; boxes beside items are placed before

    def set_limits(self, x: Range, y: Range, least_width: float, least_height: float) -> None:
        """Let nobody move or zoom the view beyond this, in view coordinates."""
        self.view.setLimits(xMin=x[0], xMax=x[1], yMin=y[0], yMax=y[1], minXRange=least_width, minYRange=least_height)

    def line(self, z: float = 0.0) -> Any:
        """A new, still empty curve."""
        curve = pg.PlotCurveItem(connect="finite", antialias=True)
        curve.setZValue(z)
        self.view.addItem(curve, ignoreBounds=True)
        return curve

    def restyle(self) -> None:
        """Take the colours of the theme."""
        surface = self._theme.colour("surface")
        self.setBackground(surface)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, surface)
        self.setPalette(palette)
        self.value_axis.restyle(self._theme)
        self.time_axis.restyle(self._theme)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        self.left.emit()
        super().leaveEvent(event)


def set_line(curve: Any, xs: Any, ys: Any) -> bool:
    """Put points into a curve; one without any point to draw is emptied. True when something is drawn."""
    drawable = bool(np.isfinite(ys).any())
    if drawable:
        curve.setData(xs, ys, connect="finite")
    else:
        curve.setData([], [])
    return drawable

"""The playhead: the step that was marked, as a quiet line, with every value there in a corner of the plot."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QRect

from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.floating_box import FloatingBox
from lrdesigner_app.plot.readout import playhead_text
from lrdesigner_app.plot.views import View
from lrdesigner_app.workspace import Workspace

_GAP = 8


class Playhead:
    """Stands still where it was put; its values give way to those at the pointer."""

    def __init__(self, workspace: Workspace, chart: ChartSurface) -> None:
        self._workspace, self._chart = workspace, chart
        self._map = AxisMap()
        self._view: View = "lr"
        self._given_way = False
        self.line = pg.InfiniteLine(angle=90, movable=False)
        self.line.setZValue(55)
        self.line.hide()
        chart.view.addItem(self.line, ignoreBounds=True)
        self.box = FloatingBox(chart.viewport(), "Values at the marked step")

    def show(self, view: View, axis_map: AxisMap) -> None:
        """Bring line and values up to date."""
        self._view, self._map = view, axis_map
        step = self._workspace.display.look.playhead
        self.line.setVisible(step is not None)
        if step is None:
            self.box.hide()
            return
        self.line.setPen(pg.mkPen(self._workspace.theme.colour("accent"), width=1))
        self.line.setPos(axis_map.x(step))
        if self._given_way:
            return
        design, selected = self._workspace.design, self._workspace.selected_group.id
        look = self._workspace.display.look
        self.box.show_at(playhead_text(design, self._workspace.theme, step, selected, view, look=look), self._corner)

    def give_way(self, on: bool) -> None:
        """The values at the pointer are shown, or not any more."""
        if on != self._given_way:
            self._given_way = on
            if on:
                self.box.hide()
            else:
                self.show(self._view, self._map)

    def _corner(self, box: QRect) -> QPoint:
        """The upper right one, or beside the line that would go through the box there."""
        area = self._chart.mapFromScene(self._chart.view.sceneBoundingRect()).boundingRect()
        left = area.right() - box.width() - _GAP
        line = self._chart.mapFromScene(self._chart.view.mapViewToScene(self.line.pos())).x()
        if left - _GAP < line < area.right():
            left = line - box.width() - _GAP
        return QPoint(max(left, area.left() + _GAP), area.top() + _GAP)

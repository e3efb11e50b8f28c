"""What lies around the curves: shade past the end, playhead with read-out, a hint where nothing is drawn."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QGraphicsRectItem, QLabel

from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.plot.readout import FloatingBox, playhead_text
from lrdesigner_app.workspace import Workspace


class Scenery:
    """Keeps the items; the panel tells it what to show."""

    def __init__(self, workspace: Workspace, chart: ChartSurface) -> None:
        self._workspace, self._chart = workspace, chart
        self._map = AxisMap()
        self._pointer: tuple[float, QPoint] | None = None
        self._past_end = QGraphicsRectItem()
        self._past_end.setPen(Qt.PenStyle.NoPen)
        self._past_end.setZValue(-10)
        chart.view.addItem(self._past_end, ignoreBounds=True)
        self._playhead = pg.InfiniteLine(angle=90, movable=False)
        self._playhead.setZValue(60)
        self._playhead.hide()
        chart.view.addItem(self._playhead, ignoreBounds=True)
        self._box = FloatingBox(chart.viewport(), "Learning rates at the playhead")
        self._hint = QLabel(chart.viewport())
        self._hint.setProperty("role", "secondary")
        self._hint.setWordWrap(True)
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hint.hide()

    @property
    def hint(self) -> str:
        """The quiet line, "" when there is nothing to say."""
        return self._hint.text()

    @property
    def box(self) -> FloatingBox:
        """The read-out at the playhead."""
        return self._box

    def show_run(self, axis_map: AxisMap) -> None:
        """Shade what lies past the end of the run; bring the read-out up to date."""
        self._map = axis_map
        theme, view = self._workspace.theme, self._chart.view
        (_, high), (bottom, top) = view.viewRange()
        end = axis_map.x(self._workspace.design.plan.total_steps)
        self._past_end.setBrush(theme.colour("hover"))
        self._past_end.setRect(end, bottom, max(high, end) - end, top - bottom)
        self._playhead.setPen(pg.mkPen(theme.colour("accent"), width=1, style=Qt.PenStyle.DashLine))
        if self._pointer is not None:
            self._show_box(*self._pointer)

    def show_playhead(self, at: QPointF, pixel: QPoint) -> None:
        """Put it at the step nearest to the pointer; every group's value stands beside it."""
        self._pointer = self._map.step(at.x()), pixel
        self._show_box(*self._pointer)

    def hide_playhead(self) -> None:
        """The pointer is elsewhere."""
        self._pointer = None
        self._playhead.hide()
        self._box.hide()

    def show_hint(self, undrawn: list[str], log: bool) -> None:
        """Say whose curve cannot be seen, and why."""
        if not undrawn:
            self._hint.setText("")
            self._hint.hide()
            return
        who = ", ".join(undrawn[:3]) + (f" and {len(undrawn) - 3} more" if len(undrawn) > 3 else "")
        none = "no rate above 0 to show on a log axis" if log else "no finite rate to show"
        self._hint.setText(f"{who}: {none}")
        area = self._chart.mapFromScene(self._chart.view.sceneBoundingRect()).boundingRect()
        self._hint.setFixedWidth(max(area.width() - 24, 80))
        self._hint.adjustSize()
        self._hint.move(area.left() + 12, area.top() + 8)
        self._hint.show()

    def _show_box(self, step: float, pixel: QPoint) -> None:
        design = self._workspace.design
        whole = min(max(math.floor(step + 0.5), 0), design.plan.total_steps)
        self._playhead.setPos(self._map.x(whole))
        self._playhead.show()
        text = playhead_text(design, self._workspace.theme, whole, self._workspace.selected_group.id)
        self._box.show_beside(pixel, text)

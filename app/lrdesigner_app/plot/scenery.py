"""What lies around the curves: bands, playhead with read-out, quiet lines of text."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel

from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.floating_box import FloatingBox
from lrdesigner_app.plot.bands import Bands
from lrdesigner_app.plot.curve_set import Near
from lrdesigner_app.plot.hidden_note import HiddenNote
from lrdesigner_app.plot.hints import hints
from lrdesigner_app.plot.playhead import Playhead
from lrdesigner_app.plot.readout import playhead_text
from lrdesigner_app.plot.views import KINDS, View
from lrdesigner_app.workspace import Workspace

_SHARES = "Each curve in percent of its own highest value"


class Scenery:
    """Keeps the items; the panel tells it what to show."""

    def __init__(self, workspace: Workspace, chart: ChartSurface) -> None:
        self._workspace, self._chart = workspace, chart
        self._map = AxisMap()
        self._view: View = "lr"
        self._pointer: tuple[float, QPoint, Near | None] | None = None
        self.bands = Bands(chart, workspace.theme)
        self._playhead = pg.InfiniteLine(angle=90, movable=False)
        self._playhead.setZValue(60)
        self._playhead.hide()
        chart.view.addItem(self._playhead, ignoreBounds=True)
        self.marked = Playhead(workspace, chart)
        self._box = FloatingBox(chart.viewport(), "Values at the playhead")
        self._hint = QLabel(chart.viewport())
        self._hint.setProperty("role", "secondary")
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hint.hide()
        self.hidden_note = HiddenNote(workspace, chart.viewport())

    @property
    def hint(self) -> str:
        """The quiet lines, "" when there is nothing to say."""
        return self._hint.text()

    @property
    def box(self) -> FloatingBox:
        """The read-out at the playhead."""
        return self._box

    @property
    def pointed_step(self) -> int | None:
        """The step of the run at which the read-out is; None without one."""
        return None if self._pointer is None else self._whole(self._pointer[0])

    def show_run(self, view: View, axis_map: AxisMap) -> None:
        """Shade what is frozen or past the end of the run; bring the read-out up to date."""
        self._view, self._map = view, axis_map
        freezes = "lr" in KINDS[view].slots
        selected = self._workspace.selected_group.id if freezes else None
        self.bands.show(self._workspace.design, selected, axis_map, self._workspace.display.look)
        accent = self._workspace.theme.colour("accent")
        self._playhead.setPen(pg.mkPen(accent, width=1, style=Qt.PenStyle.DashLine))
        self.marked.show(view, axis_map)
        if self._pointer is not None:
            self._show_box(*self._pointer)

    def show_playhead(self, at: QPointF, pixel: QPoint, near: Near | None) -> None:
        """Put it at the step nearest to the pointer; every group's value stands beside it, of a fan the near one."""
        self.marked.give_way(True)
        self._pointer = self._map.step(at.x()), pixel, near
        self._show_box(*self._pointer)

    def hide_playhead(self) -> None:
        """The pointer is elsewhere."""
        self._pointer = None
        self.marked.give_way(False)
        self._playhead.hide()
        self._box.hide()

    def show_hints(self, undrawn: list[str]) -> None:
        """Say whose curve cannot be seen and why, and which ones are only assumed."""
        workspace = self._workspace
        said = hints(workspace.design, self._view, workspace.selected_group, undrawn, self._map.log)
        shares = [_SHARES] if workspace.display.look.normalised else []
        self._hint.setText("\n".join([*shares, *filter(None, [said])]))
        area = self._chart.mapFromScene(self._chart.view.sceneBoundingRect()).boundingRect()
        corner = QPoint(area.left() + 12, area.top() + 8)
        if not self._hint.text():
            self._hint.hide()
            self.hidden_note.show_for(workspace.design, workspace.display.look, self._view, corner)
            return
        self._hint.setFixedWidth(max(area.width() - 24, 80))
        self._hint.adjustSize()
        self._hint.move(corner)
        self._hint.show()
        below = corner + QPoint(0, self._hint.height() + 2)
        self.hidden_note.show_for(workspace.design, workspace.display.look, self._view, below)

    def _whole(self, step: float) -> int:
        return min(max(math.floor(step + 0.5), 0), self._workspace.design.plan.total_steps)

    def _show_box(self, step: float, pixel: QPoint, near: Near | None) -> None:
        design = self._workspace.design
        whole = self._whole(step)
        self._playhead.setPos(self._map.x(whole))
        self._playhead.show()
        selected, look = self._workspace.selected_group.id, self._workspace.display.look
        text = playhead_text(design, self._workspace.theme, whole, selected, self._view, near, look)
        self._box.show_beside(pixel, text)

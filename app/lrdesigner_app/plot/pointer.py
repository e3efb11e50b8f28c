"""What the bare pointer does over the plot: the playhead follows it, a click selects a curve, two frame everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from lrdesigner_app.charts import ChartSurface
from lrdesigner_app.plot.curve_set import CurveSet, Near
from lrdesigner_app.plot.handle_layer import HandleLayer
from lrdesigner_app.plot.scenery import Scenery
from lrdesigner_app.workspace import Workspace

REACH_PX = 7.0


class Pointer(QObject):
    """Listens to the scene; a click that some `clicked` listener has accepted means nothing else any more."""

    clicked = Signal(object)
    """`pyqtgraph.GraphicsScene.mouseEvents.MouseClickEvent` inside of the plane, before anything comes of it."""
    double_clicked = Signal()

    def __init__(
        self, workspace: Workspace, chart: ChartSurface, curves: CurveSet, handles: HandleLayer, scenery: Scenery
    ) -> None:
        super().__init__(chart)  # what is connected to it would be kept for ever if it outlived the window
        self._workspace, self._chart, self._curves = workspace, chart, curves
        self._handles, self._scenery = handles, scenery
        self.quiet: Callable[[], bool] = lambda: False  # whether something else is held, or pointed at
        scene = chart.scene()
        scene.sigMouseMoved.connect(self._on_moved)
        scene.sigMouseClicked.connect(self._on_clicked)
        chart.left.connect(scenery.hide_playhead)

    @property
    def step(self) -> int | None:
        """The step of the run that the pointer is at; None while it is elsewhere."""
        return self._scenery.pointed_step

    def near(self, at: QPointF, reach: float = REACH_PX) -> Near | None:
        """The curve near a point of the scene, within so many pixels."""
        view = self._chart.view
        return self._curves.nearest(view.mapSceneToView(at), view.viewPixelSize(), reach)

    def _on_moved(self, at: QPointF) -> None:
        view = self._chart.view
        over_handle = any(item.hovered for item in self._handles.items())
        if self.quiet() or self._handles.dragging or over_handle or not view.sceneBoundingRect().contains(at):
            self._scenery.hide_playhead()
            self._chart.viewport().unsetCursor()
            return
        near = self.near(at)
        self._scenery.show_playhead(view.mapSceneToView(at), self._chart.mapFromScene(at), near)
        shape = Qt.CursorShape.ArrowCursor if near is None else Qt.CursorShape.PointingHandCursor
        self._chart.viewport().setCursor(shape)

    def _on_clicked(self, event: Any) -> None:
        if not self._chart.view.sceneBoundingRect().contains(event.scenePos()):
            return
        self.clicked.emit(event)
        if event.isAccepted() or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.double_clicked.emit()
            return
        near = self.near(event.scenePos())
        if near is not None:
            self._workspace.select_group(near.group)

"""What the plot offers for several keys at once: selecting them by a box, and the box that transforms them."""

from __future__ import annotations

from PySide6.QtCore import QObject

from lrdesigner_app.charts import ChartSurface
from lrdesigner_app.plot.box_select import BoxSelect
from lrdesigner_app.plot.handle_layer import HandleLayer
from lrdesigner_app.plot.plot_view import PlotView
from lrdesigner_app.plot.pointer import Pointer
from lrdesigner_app.plot.transform_box import TransformBox
from lrdesigner_app.workspace import Workspace


class KeyTools(QObject):
    """Puts the two together."""

    def __init__(
        self, workspace: Workspace, chart: ChartSurface, plane: PlotView, pointer: Pointer, handles: HandleLayer
    ) -> None:
        super().__init__(handles)
        self._handles = handles
        self.transform = TransformBox(workspace, chart, self)
        self.select = BoxSelect(workspace, chart, lambda: handles.dragging or self.transform.dragging, self)
        plane.add_taker(self.select.take)
        pointer.clicked.connect(lambda event: self.select.click(event, pointer.near(event.scenePos()) is not None))
        pointer.quiet = lambda: self.dragging or self.transform.hot
        self.select.changed.connect(self._on_box_changed)
        workspace.display.changed.connect(self.transform.place)

    @property
    def dragging(self) -> bool:
        """Whether the box is held, or one is being drawn."""
        return self.transform.dragging or self.select.drawing

    def refresh(self) -> None:
        """What the handles are about, and how it is shown."""
        self.select.show(self._handles.slot, self._handles.map)
        self.transform.show(self._handles.slot, self._handles.map)

    def place(self) -> None:
        """Another part of the plane is in view."""
        self.transform.place()

    def _on_box_changed(self) -> None:
        """One box at a time."""
        self.transform.set_hidden(self.select.drawing)

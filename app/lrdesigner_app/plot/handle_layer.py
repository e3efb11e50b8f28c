"""The handles of the selected group on the chart: where they are, and what dragging and nudging them does."""

from __future__ import annotations

import html
import math

from PySide6.QtCore import QObject, QPointF, Signal

from lrdesigner.document import Design
from lrdesigner.handles import Handle, handles_of
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.plot.gesture import HandleDrag
from lrdesigner_app.plot.handle_item import HandleItem
from lrdesigner_app.plot.readout import FloatingBox
from lrdesigner_app.workspace import Workspace


class HandleLayer(QObject):
    """Items are kept and moved; there is at most one drag at a time."""

    drag_changed = Signal()
    """A drag has begun or ended."""
    attended = Signal(bool)
    """The pointer or the keyboard is on a handle, or is not any more."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._chart = workspace, chart
        self._items: list[HandleItem] = []
        self._handles: tuple[Handle, ...] = ()
        self._map = AxisMap()
        self._drag: HandleDrag | None = None
        self._attended = -1
        self._box = FloatingBox(chart.viewport(), "Value of the handle")

    @property
    def dragging(self) -> bool:
        """Whether a handle is held."""
        return self._drag is not None

    @property
    def box(self) -> FloatingBox:
        """The value box."""
        return self._box

    def items(self) -> list[HandleItem]:
        """The items that are shown, in the order of the handles."""
        return self._items[: len(self._handles)]

    def show(self, design: Design, selected: int, axis_map: AxisMap) -> None:
        """Put the handles of the selected group where its values are."""
        group = design.group(selected)
        self._handles, self._map = handles_of(group, "lr", design.plan), axis_map
        while len(self._items) < len(self._handles):
            self._items.append(self._new_item(len(self._items)))
        theme = self._workspace.theme
        colours = theme.group_colour(group.colour), theme.colour("surface"), theme.colour("accent")
        for index, item in enumerate(self._items):
            handle = self._handles[index] if index < len(self._handles) else None
            item.setVisible(handle is not None and math.isfinite(axis_map.y(handle.value)))
            item.set_colours(*colours)
        self.place()

    def place(self) -> None:
        """The view has moved: put the items over their points again."""
        for item, handle in zip(self._items, self._handles, strict=False):
            if item.isVisible():
                at = QPointF(self._map.x(handle.step), self._map.y(handle.value))
                item.setPos(self._chart.view.mapFromView(at))
        self._show_box()

    def hide(self) -> None:
        """Show no handles any more."""
        for item in self._items:
            item.setVisible(False)

    def focus_first(self) -> None:
        """Give the keyboard to the first handle."""
        if self._handles:
            self._items[0].setFocus()

    def follow_foreign_change(self) -> None:
        """The design changed: if it was not this drag's doing, the drag is over."""
        if self._drag is not None and not self._drag.applying:
            for item in self._items:
                item.let_go()
            self._end()

    def cancel(self) -> None:
        """Let go and restore, if a handle is held."""
        if self._drag is not None:
            for item in self._items:
                item.let_go()
            self._on_cancelled()

    def _now(self, index: int) -> Handle | None:
        """The handle as the design has it now; what is drawn may be a few milliseconds older."""
        handles = handles_of(self._workspace.selected_group, "lr", self._workspace.design.plan)
        return handles[index] if index < len(handles) else None

    def _new_item(self, index: int) -> HandleItem:
        item = HandleItem()
        # In the pixels of the view, not in its plane: an item that ignores a transformation as uneven as that of a
        # linear lr axis (1 to 1e6) is drawn, but Qt does not find it under the mouse.
        item.setParentItem(self._chart.view)
        item.pressed.connect(lambda: self._on_pressed(index))
        item.moved.connect(self._on_moved)
        item.released.connect(self._on_released)
        item.cancelled.connect(self._on_cancelled)
        item.nudged.connect(lambda direction, precision: self._on_nudged(index, direction, precision))
        item.attended.connect(lambda on: self._on_attended(index, on))
        return item

    def _on_pressed(self, index: int) -> None:
        handle = self._now(index)
        if handle is not None:
            _, pixel_height = self._chart.view.viewPixelSize()
            self._drag = HandleDrag(self._workspace, handle, self._map, pixel_height)
            self.drag_changed.emit()

    def _on_moved(self, by: QPointF, precision: str) -> None:
        if self._drag is None:
            return
        view = self._chart.view
        change = view.mapSceneToView(by) - view.mapSceneToView(QPointF(0, 0))
        match precision:
            case "snap" | "fine" | "normal":
                self._drag.move(change.x(), change.y(), precision)
            case _:
                raise ValueError(precision)

    def _on_released(self) -> None:
        drag = self._drag
        if drag is not None:
            drag.finish()
            self._end()

    def _on_cancelled(self) -> None:
        drag = self._drag
        if drag is not None:
            drag.cancel()
            self._end()

    def _end(self) -> None:
        self._drag = None
        self.drag_changed.emit()

    def _on_nudged(self, index: int, direction: int, precision: str) -> None:
        match precision:
            case "snap" | "fine" | "normal":
                handle = self._now(index)
                if handle is not None:
                    edit = handle.nudged(direction, precision)
                    self._workspace.commit(edit.label, edit.edit, *edit.arguments)
            case _:
                raise ValueError(precision)

    def _on_attended(self, index: int, on: bool) -> None:
        self._attended = index if on else -1
        self._show_box()
        self.attended.emit(on)

    def _show_box(self) -> None:
        index = self._attended
        if not 0 <= index < len(self._handles) or not self._items[index].isVisible():
            self._box.hide()
            return
        item, text = self._items[index], self._handles[index].text
        at = self._chart.mapFromScene(item.scenePos())
        if not self._chart.viewport().rect().adjusted(-20, -20, 20, 20).contains(at):
            self._box.hide()
            return
        self._box.show_beside(at, html.escape(text), above=True)
        self._chart.setAccessibleDescription(text)

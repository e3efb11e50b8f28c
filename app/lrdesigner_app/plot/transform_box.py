"""The box around several selected keys: grips scale them, its edge moves them."""

from __future__ import annotations

import html
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF, Signal

from lrdesigner.handles import Axis
from lrdesigner.tracks import Slot
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.floating_box import FloatingBox
from lrdesigner_app.plot.grip_items import SIDES, FrameItem, GripItem, Side
from lrdesigner_app.plot.held_item import HeldItem
from lrdesigner_app.plot.key_gesture import Bounds, KeyGesture
from lrdesigner_app.plot.seen_keys import taken_points
from lrdesigner_app.workspace import Workspace

MARGIN = 15.0
"""Pixels between the keys and the line, so that no grip lies on a handle."""

_EDGE = 5.0
_FLAT_PX = 1.0


class TransformBox(QObject):
    """Shown while two or more keys are selected that can be taken; there is at most one drag at a time."""

    drag_changed = Signal()
    """A drag has begun or ended."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._chart = workspace, chart
        self._slot: Slot | None = None
        self._map = AxisMap()
        self._bounds: Bounds | None = None
        self._gesture: KeyGesture | None = None
        self._hidden = False
        # In the pixels of the view, as handles are, and for the same reason.
        self.frame = FrameItem(chart.view)
        self.grips = tuple(GripItem(chart.view, side) for side in SIDES)
        self._box = FloatingBox(chart.viewport(), "Change of the selected keys")
        for item in (self.frame, *self.grips):
            item.hide()
            self._connect(item, item.side if isinstance(item, GripItem) else None)
        workspace.keys.changed.connect(self.place)
        workspace.signals.design_changed.connect(self._on_design_changed)
        workspace.signals.selected_group_changed.connect(self.cancel)

    @property
    def dragging(self) -> bool:
        """Whether it is held."""
        return self._gesture is not None

    @property
    def box(self) -> FloatingBox:
        """The read-out."""
        return self._box

    @property
    def shown(self) -> bool:
        """Whether there is a box."""
        return self.frame.isVisible()

    @property
    def hot(self) -> bool:
        """Whether the pointer is on it."""
        return any(item.isVisible() and item.hot for item in (self.frame, *self.grips))

    def set_hidden(self, hidden: bool) -> None:
        """Do not show it, while another box is drawn."""
        self._hidden = hidden
        self.place()

    def grip(self, side: Side) -> GripItem:
        """The grip on a side."""
        return next(grip for grip in self.grips if grip.side == side)

    def show(self, slot: Slot | None, axis_map: AxisMap) -> None:
        """Which track is shown, and how."""
        if axis_map != self._map:
            self.cancel()
        self._slot, self._map = slot, axis_map
        accent, surface = self._workspace.theme.colour("accent"), self._workspace.theme.colour("surface")
        self.frame.set_colour(accent)
        for grip in self.grips:
            grip.set_colours(accent, surface)
        self.place()

    def place(self) -> None:
        """Put the box around the keys where they are now."""
        self._bounds = self._bounds_now()
        view = self._chart.view
        rect = QRectF()
        if self._bounds is not None:
            box = self._bounds
            corners = view.mapFromView(QPointF(box.left, box.top)), view.mapFromView(QPointF(box.right, box.bottom))
            rect = QRectF(*corners).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
            room = view.boundingRect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
            rect = rect.intersected(room) if rect.intersects(room) else QRectF()
        self.frame.setVisible(not rect.isEmpty())
        self.frame.set_rect(rect)
        flat = self._bounds is None or self._bounds.top - self._bounds.bottom < _FLAT_PX * view.viewPixelSize()[1]
        for grip in self.grips:
            held = grip.dragging
            grip.setVisible(held or (not rect.isEmpty() and not (flat and grip.side[1])))
            across, up = grip.side
            grip.setPos(rect.center() + QPointF(across * rect.width() / 2, -up * rect.height() / 2))

    def cancel(self, *_: object) -> None:
        """Let go and restore, if it is held."""
        if self._gesture is not None:
            self._let_go()
            self._on_cancelled()

    def _bounds_now(self) -> Bounds | None:
        workspace = self._workspace
        indices = workspace.keys.indices
        if self._hidden or len(indices) < 2 or self._slot != workspace.selected_slot:
            return None
        keys = workspace.keys.curve
        if keys is None or not workspace.display.look.takes(keys.group.id):
            return None
        points = [point for point in taken_points(workspace, keys) if point.index in indices]
        heights = [y for point in points if (y := self._map.y(point.value)) == y]  # 0 has none on a log axis
        if len(points) < 2 or not heights:
            return None
        steps = [point.step for point in points]
        return Bounds(self._map.x(min(steps)), self._map.x(max(steps)), min(heights), max(heights))

    def _connect(self, item: HeldItem, side: Side | None) -> None:
        item.pressed.connect(lambda: self._on_pressed(side))
        item.moved.connect(lambda by, modifiers: self._on_moved(item, by, modifiers))
        item.released.connect(self._on_released)
        item.cancelled.connect(self._on_cancelled)
        item.restricted.connect(self._on_restricted)

    def _on_pressed(self, side: Side | None) -> None:
        self.place()
        keys = self._workspace.keys.curve
        if keys is None or self._bounds is None:
            self._let_go()
            return
        pixel = self._chart.view.viewPixelSize()
        self._gesture = KeyGesture(self._workspace, keys, self._map, self._bounds, pixel, side)
        self.drag_changed.emit()

    def _on_moved(self, item: HeldItem, by: QPointF, modifiers: Any) -> None:
        if self._gesture is None:
            return
        change = self._chart.distance(by)
        self._gesture.move(change.x(), change.y(), modifiers)
        self._show_text(item.pointer)

    def _on_restricted(self, axis: Axis) -> None:
        if self._gesture is not None:
            self._gesture.restrict(axis)
            self._box.setText(html.escape(self._gesture.text))

    def _on_released(self, _: object) -> None:
        if self._gesture is not None:
            self._gesture.finish()
            self._end()

    def _on_cancelled(self) -> None:
        if self._gesture is not None:
            self._gesture.cancel()
            self._end()

    def _on_design_changed(self, _: object) -> None:
        """If it was not this drag's doing, the drag is over."""
        if self._gesture is not None and not self._gesture.applying:
            self._let_go()
            self._end()

    def _show_text(self, at: QPointF) -> None:
        assert self._gesture is not None
        self._box.show_beside(self._chart.mapFromScene(at), html.escape(self._gesture.text), above=True)
        self._chart.setAccessibleDescription(self._gesture.text)

    def _let_go(self) -> None:
        for item in (self.frame, *self.grips):
            item.let_go()

    def _end(self) -> None:
        self._gesture = None
        self._box.hide()
        self.place()
        self.drag_changed.emit()

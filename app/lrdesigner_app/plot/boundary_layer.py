"""The boundaries of the selected schedule as lines across the plot, of each row on the way to the part being edited."""

from __future__ import annotations

import html
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor

from lrdesigner.document import Group, Plan
from lrdesigner.schedule_edits import Path
from lrdesigner.segment_rows import rows_along
from lrdesigner.store import Change
from lrdesigner.tracks import Slot
from lrdesigner_app.boundary_drag import Boundaries, BoundaryDrag, boundaries_of, nudge_boundary
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.floating_box import FloatingBox
from lrdesigner_app.plot.boundary_item import BoundaryItem
from lrdesigner_app.workspace import Workspace

_LINE_ALPHA = 150
_BOX_FROM_TOP = 26


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the lines were made for; a slot of None has none."""

    group: Group
    plan: Plan
    slot: Slot | None
    path: Path

    def same_as(self, other: _Seen) -> bool:
        """Whether these are the very same, as they are while the view alone moves."""
        same = self.group is other.group and self.plan is other.plan
        return same and self.slot == other.slot and self.path == other.path

    def boundaries(self) -> list[Boundaries]:
        """Those of every row on the way, in order of time."""
        if self.slot is None:
            return []
        rows = rows_along(self.group, self.slot, self.path, self.plan)
        found = [boundary for row in rows for boundary in boundaries_of(row, self.plan.steps_per_epoch)]
        return sorted(found, key=lambda boundary: boundary.step)


class BoundaryLayer(QObject):
    """Items are kept and moved; there is at most one drag at a time. A group that is locked or hidden has none."""

    attended = Signal(bool)
    """The pointer or the keyboard is on a line, or is not any more."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._chart = workspace, chart
        self._map = AxisMap()
        self._slot: Slot | None = None
        self._seen: _Seen | None = None
        self._hidden = False
        self._pool: list[BoundaryItem] = []
        self._shown: list[tuple[BoundaryItem, Boundaries]] = []
        self._drag: BoundaryDrag | None = None
        self._held: BoundaryItem | None = None
        self._box = FloatingBox(chart.viewport(), "The boundary")
        signals = workspace.signals
        signals.design_changed.connect(self._on_design_changed)
        signals.selected_group_changed.connect(lambda _: self.cancel())
        signals.selected_slot_changed.connect(lambda _: self.cancel())
        workspace.display.changed.connect(self._refresh)
        workspace.segments.changed.connect(self._refresh)
        chart.scene().sigMouseMoved.connect(self._on_mouse_moved)
        chart.installEventFilter(self)

    @property
    def dragging(self) -> bool:
        """Whether a line is held."""
        return self._drag is not None

    @property
    def box(self) -> FloatingBox:
        """The read-out beside a line."""
        return self._box

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a line is held no shortcut is heard: its keys are the line's."""
        if event.type() == QEvent.Type.ShortcutOverride and self.dragging:
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def items(self) -> list[BoundaryItem]:
        """The lines that are shown, in order of time."""
        return [item for item, _ in self._shown]

    def boundaries(self) -> list[Boundaries]:
        """What each of `items` stands for."""
        return [boundary for _, boundary in self._shown]

    def show(self, slot: Slot | None, axis_map: AxisMap) -> None:
        """Put the lines of the selected group's track where its boundaries are; a slot of None has none."""
        if slot != self._slot:
            self.cancel()
        self._slot, self._map = slot, axis_map
        self._refresh()

    def place(self) -> None:
        """The view has moved: put the lines over their steps again."""
        view = self._chart.view
        (left, right), (bottom, _) = view.viewRange()
        height = view.boundingRect().height()
        line, accent = self._colours()
        for item, boundary in self._shown:
            x = self._map.x(boundary.step)
            item.setVisible(left <= x <= right)
            item.setPos(view.mapFromView(QPointF(x, bottom)).x(), 0)
            item.set_look(height, line, accent)
        self._show_box()

    def hide(self) -> None:
        """Show no lines any more."""
        self._hidden = True
        self._refresh()

    @property
    def focused(self) -> bool:
        """Whether the keyboard is on a line."""
        return any(item.hasFocus() for item in self.items())

    def focus_next(self, direction: int) -> bool:
        """Give the keyboard to the line after (+1) or before (-1) the one that has it, else to the first; False beyond
        the ends."""
        items = [item for item in self.items() if item.isVisible()]
        now = next((index for index, item in enumerate(items) if item.hasFocus()), None)
        if now is None:
            now = -1 if direction > 0 else len(items)
        if not 0 <= now + direction < len(items):
            return False
        items[now + direction].setFocus()
        return True

    def cancel(self) -> None:
        """Let go and restore, if a line is held."""
        drag = self._drag
        self._end()
        if drag is not None:
            drag.cancel()

    def _refresh(self) -> None:
        workspace = self._workspace
        group, taken = workspace.selected_group, workspace.display.look.takes(workspace.selected_group.id)
        if not taken:
            self.cancel()
        there = taken and not self._hidden and self._slot == workspace.selected_slot
        now = _Seen(group, workspace.design.plan, self._slot if there else None, workspace.segments.path)
        if self._seen is None or not now.same_as(self._seen):
            self._seen = now
            self._shown = self._with_items(now.boundaries())
        shown = self.items()
        for item in self._pool:
            if not any(item is other for other in shown):
                item.setVisible(False)
        self.place()

    def _with_items(self, found: list[Boundaries]) -> list[tuple[BoundaryItem, Boundaries]]:
        """Each boundary with the item that showed it before, so that focus and pointer stay on what they are on."""
        before = {(b.path, b.last): item for item, b in self._shown}
        if self._drag is not None and self._held is not None:
            before = {key: item for key, item in before.items() if item is not self._held}
            now = self._drag.now
            if now is not None:
                before[now.path, now.last] = self._held
        kept = [before.get((b.path, b.last)) for b in found]
        free = [item for item in self._pool if not any(item is k for k in kept) and item is not self._held]
        return [(item or (free.pop() if free else self._new_item()), b) for item, b in zip(kept, found, strict=True)]

    def _new_item(self) -> BoundaryItem:
        item = BoundaryItem(self._chart.view)  # in pixels of the view, as handles are
        item.pressed.connect(lambda: self._on_pressed(item))
        item.moved.connect(self._on_moved)
        item.released.connect(self._on_released)
        item.cancelled.connect(self.cancel)
        item.nudged.connect(lambda direction, modifiers: self._on_nudged(item, direction, modifiers))
        item.attended.connect(self._on_attended)
        self._pool.append(item)
        return item

    def _of(self, item: BoundaryItem | None) -> Boundaries | None:
        return next((boundary for shown, boundary in self._shown if shown is item), None)

    def _on_pressed(self, item: BoundaryItem) -> None:
        held = self._of(item)
        if held is not None:
            pixel = self._map.step(self._chart.view.viewPixelSize()[0])
            self._held, self._drag = item, BoundaryDrag(self._workspace, held, pixel)

    def _on_moved(self, by: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self._drag is not None:
            self._drag.move(self._map.step(self._chart.distance(by).x()), modifiers)
            self._show_box()

    def _on_released(self, _: object) -> None:
        drag = self._drag
        if drag is not None:
            drag.finish()
        self._end()

    def _on_nudged(self, item: BoundaryItem, direction: int, modifiers: Qt.KeyboardModifier) -> None:
        held = self._of(item)
        if held is not None:
            nudge_boundary(self._workspace, held, direction, modifiers)

    def _on_design_changed(self, change: Change) -> None:
        if change.kind != "saved" and self._drag is not None and not self._drag.applying:
            self._end()

    def _end(self) -> None:
        self._drag = self._held = None
        for item in self._pool:
            item.let_go()
        self._show_box()

    def _on_attended(self, on: bool) -> None:
        self._show_box()
        self.attended.emit(on)

    def _on_mouse_moved(self, _: QPointF) -> None:
        """The playhead follows the pointer, but not over a line."""
        if self.dragging or any(item.hovered for item in self.items()):
            self.attended.emit(True)

    def _show_box(self) -> None:
        item = self._held or next((i for i in self.items() if i.hovered or i.hasFocus()), None)
        boundary = self._of(item)
        if item is None or boundary is None or not item.isVisible():
            self._box.hide()
            return
        at = self._chart.mapFromScene(item.scenePos())
        at.setY(self._chart.mapFromScene(item.pointer).y() if item.hovered or item.dragging else _BOX_FROM_TOP)
        self._box.show_beside(at, html.escape(boundary.text), above=True)
        self._chart.setAccessibleDescription(boundary.text)

    def _colours(self) -> tuple[QColor, QColor]:
        theme = self._workspace.theme
        line = theme.colour("secondary")
        line.setAlpha(_LINE_ALPHA)
        return line, theme.colour("accent")

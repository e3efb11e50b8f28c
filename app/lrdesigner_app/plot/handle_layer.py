"""The handles of the selected group on the chart: where they are, and what dragging and nudging them does."""

from __future__ import annotations

import html

from PySide6.QtCore import QObject, QPointF, Signal

from lrdesigner.document import Design
from lrdesigner.handles import Axis, Handle, Precision, handle_text, handles_of
from lrdesigner.tracks import Slot
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.plot.gesture import HandleDrag
from lrdesigner_app.plot.handle_item import HandleItem
from lrdesigner_app.plot.readout import FloatingBox
from lrdesigner_app.plot.stacks import Stack, stacked
from lrdesigner_app.workspace import Workspace


class HandleLayer(QObject):
    """Items are kept and moved, each with the handles that it showed before; there is at most one drag at a time."""

    drag_changed = Signal()
    """A drag has begun or ended."""
    attended = Signal(bool)
    """The pointer or the keyboard is on a handle, or is not any more."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._chart = workspace, chart
        self._pool: list[HandleItem] = []
        self._shown: list[tuple[HandleItem, Stack]] = []
        self._handles: tuple[Handle, ...] = ()
        self._slot: Slot | None = "lr"
        self._map = AxisMap()
        self._drag: HandleDrag | None = None
        self._held: HandleItem | None = None
        self._attended: HandleItem | None = None
        self._hidden = False
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
        return [item for item, _ in self._shown]

    def stacks(self) -> list[Stack]:
        """What each of `items` stands for."""
        return [stack for _, stack in self._shown]

    def show(self, design: Design, selected: int, slot: Slot | None, axis_map: AxisMap) -> None:
        """Put the handles of the selected group's track where its values are; a slot of None has none."""
        group = design.group(selected)
        self._slot, self._map = slot, axis_map
        self._handles = handles_of(group, slot, design.plan) if slot is not None and not self._hidden else ()
        self.place()
        theme = self._workspace.theme
        colours = theme.group_colour(group.colour), theme.colour("surface"), theme.colour("accent")
        for item in self._pool:
            item.set_colours(*colours)

    def place(self) -> None:
        """The view or the design has moved: put the items over their points again."""
        held = self._drag.held.name if self._drag is not None and self._drag.held is not None else ""
        stacks = stacked(self._handles, self._map, self._chart, held)
        self._shown = self._with_items(stacks, held)
        shown = self.items()
        for item in self._pool:
            item.setVisible(item in shown or item is self._held)
        for item, stack in self._shown:
            item.setPos(stack.at)
            item.set_axes(stack.axes)
            item.set_below(stack.below)
        self._show_box()

    def hide(self) -> None:
        """Show no handles any more."""
        self._hidden, self._handles = True, ()
        self.place()

    def focus_end(self, last: bool) -> None:
        """Give the keyboard to the first handle, or the last one."""
        if self._shown:
            self._shown[-1 if last else 0][0].setFocus()

    def focus_next(self, direction: int) -> bool:
        """Give the keyboard to the handle after (+1) or before (-1) the one that has it; False beyond the ends."""
        items = self.items()
        now = next((index for index, item in enumerate(items) if item.hasFocus()), None)
        if now is None or not 0 <= now + direction < len(items):
            return False
        items[now + direction].setFocus()
        return True

    def follow_foreign_change(self) -> None:
        """The design changed: if it was not this drag's doing, the drag is over."""
        if self._drag is not None and not self._drag.applying:
            self._let_go()
            self._end()

    def cancel(self) -> None:
        """Let go and restore, if a handle is held."""
        if self._drag is not None:
            self._let_go()
            self._on_cancelled()

    def _with_items(self, stacks: list[Stack], held: str) -> list[tuple[HandleItem, Stack]]:
        """Each stack with the item that showed it before, so that focus and pointer stay on what they are on."""
        before = {name: item for item, stack in reversed(self._shown) for name in stack.names}
        if held and self._held is not None:
            before = {name: item for name, item in before.items() if item is not self._held} | {held: self._held}
        found: list[tuple[HandleItem, Stack]] = []
        free = [item for item in self._pool if item is not self._held or not held]
        for stack in stacks:
            kept = next((before[name] for name in stack.names if name in before), None)
            if kept is None or any(kept is item for item, _ in found):
                kept = next((item for item in free if item not in before.values()), None) or self._new_item()
                before[stack.names[0]] = kept
            found.append((kept, stack))
        order = {handle.name: index for index, handle in enumerate(self._handles)}
        return sorted(found, key=lambda pair: order[pair[1].names[0]])

    def _stack_of(self, item: HandleItem | None) -> Stack | None:
        return next((stack for shown, stack in self._shown if shown is item), None)

    def _now(self, names: tuple[str, ...]) -> tuple[Handle, ...]:
        """Handles as the design has them now; what is drawn may be a few milliseconds older."""
        if self._slot is None:
            return ()
        handles = handles_of(self._workspace.selected_group, self._slot, self._workspace.design.plan)
        return tuple(handle for handle in handles if handle.name in names)

    def _new_item(self) -> HandleItem:
        item = HandleItem()
        # In the pixels of the view, not in its plane: an item that ignores a transformation as uneven as that of a
        # linear lr axis (1 to 1e6) is drawn, but Qt does not find it under the mouse.
        item.setParentItem(self._chart.view)
        item.pressed.connect(lambda: self._on_pressed(item))
        item.moved.connect(self._on_moved)
        item.released.connect(self._on_released)
        item.cancelled.connect(self._on_cancelled)
        item.nudged.connect(lambda direction, precision, axis: self._on_nudged(item, direction, precision, axis))
        item.attended.connect(lambda on: self._on_attended(item, on))
        self._pool.append(item)
        return item

    def _on_pressed(self, item: HandleItem) -> None:
        stack = self._stack_of(item)
        handles = self._now(stack.names) if stack is not None else ()
        if stack is None or not handles:
            return
        view = self._chart.view
        y = view.mapToView(stack.at).y() if stack.below else self._map.y(handles[0].value)
        start = self._map.x(handles[0].step), y
        self._held = item
        self._drag = HandleDrag(self._workspace, handles, self._map, start, view.viewPixelSize())
        self.drag_changed.emit()

    def _on_moved(self, by: QPointF, precision: str, locked: bool) -> None:
        if self._drag is None:
            return
        view = self._chart.view
        change = view.mapSceneToView(by) - view.mapSceneToView(QPointF(0, 0))
        self._drag.move(change.x(), change.y(), _precision(precision), locked)

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

    def _let_go(self) -> None:
        for item in self._pool:
            item.let_go()

    def _end(self) -> None:
        self._drag = self._held = None
        self.drag_changed.emit()

    def _on_nudged(self, item: HandleItem, direction: int, precision: str, axis: str) -> None:
        stack = self._stack_of(item)
        handle = stack.along(axis) if stack is not None else None
        for now in self._now((handle.name,)) if handle is not None else ():
            edit = now.nudged(direction, _precision(precision), _axis(axis))
            self._workspace.commit(edit.label, edit.edit, *edit.arguments)

    def _on_attended(self, item: HandleItem, on: bool) -> None:
        self._attended = item if on else None
        self._show_box()
        self.attended.emit(on)

    def _show_box(self) -> None:
        item = self._held or self._attended
        stack = self._stack_of(item)
        if item is None or stack is None:
            self._box.hide()
            return
        at = self._chart.mapFromScene(item.scenePos())
        if not self._chart.viewport().rect().adjusted(-20, -20, 20, 20).contains(at):
            self._box.hide()
            return
        held = self._drag.held if self._drag is not None else None
        said = tuple(handle for handle in stack.handles if held is None or handle.name == held.name)
        text = handle_text(said or stack.handles)
        self._box.show_beside(at, html.escape(text), above=True)
        self._chart.setAccessibleDescription(text)


def _precision(text: str) -> Precision:
    match text:
        case "snap" | "fine" | "normal":
            return text
    raise ValueError(text)


def _axis(text: str) -> Axis:
    match text:
        case "step" | "value":
            return text
    raise ValueError(text)

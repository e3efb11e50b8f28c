"""The handles of the selected group on the chart: where they are, how they look, and what a hand does with them."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from lrdesigner.control_handles import ControlHandle, control_handles
from lrdesigner.document import Design
from lrdesigner.handles import Axis, Handle, Precision, handle_text, handles_of
from lrdesigner.tracks import Slot
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.charts.floating_box import FloatingBox
from lrdesigner_app.plot.handle_hold import Hold
from lrdesigner_app.plot.handle_item import HandleItem, Kind
from lrdesigner_app.plot.key_grips import KeyGrip, grip_of, keys_of, selected_keys
from lrdesigner_app.plot.key_guides import Arms
from lrdesigner_app.plot.key_picking import KeyPicking
from lrdesigner_app.plot.stacks import Stack, stacked
from lrdesigner_app.workspace import Workspace


class HandleLayer(QObject):
    """Items are kept and moved, each with the handles that it showed before."""

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
        self._held: HandleItem | None = None
        self._attended: HandleItem | None = None
        self._hidden = False
        self._box = FloatingBox(chart.viewport(), "Value of the handle")
        self._arms = Arms(chart)
        self.hold = Hold(workspace, chart, self)
        self._picking = KeyPicking(workspace)
        self.hold.changed.connect(self._on_hold_changed)
        self.hold.cancelled.connect(self._let_go)
        workspace.keys.changed.connect(self.refresh)
        workspace.display.changed.connect(self.refresh)

    @property
    def dragging(self) -> bool:
        """Whether a handle is held."""
        return self.hold.active

    @property
    def box(self) -> FloatingBox:
        """The value box."""
        return self._box

    @property
    def slot(self) -> Slot | None:
        """The track whose handles these are."""
        return self._slot

    @property
    def map(self) -> AxisMap:
        """From steps and values to the chart."""
        return self._map

    def items(self) -> list[HandleItem]:
        """The items that are shown, in the order of the handles."""
        return [item for item, _ in self._shown]

    def stacks(self) -> list[Stack]:
        """What each of `items` stands for."""
        return [stack for _, stack in self._shown]

    def show(self, design: Design, selected: int, slot: Slot | None, axis_map: AxisMap) -> None:
        """Put the handles of the selected group's track where its values are; a slot of None has none."""
        self._slot, self._map = slot, axis_map
        self._handles = self._handles_now(design, selected)
        self.place()
        theme = self._workspace.theme
        colour = theme.group_colour(design.group(selected).colour)
        colours = colour, theme.colour("surface"), theme.colour("accent")
        for item in self._pool:
            item.set_colours(*colours)

    def refresh(self) -> None:
        """Bring them up to date with what is selected and how it is looked at."""
        try:
            selected = self._workspace.selected_group.id
        except KeyError:  # it has just been removed; another one is about to be selected
            return
        self.show(self._workspace.design, selected, self._slot, self._map)

    def place(self) -> None:
        """The view or the design has moved: put the items over their points again."""
        selected = selected_keys(self._workspace)
        stacks = stacked(self._handles, self._map, self._chart, self.hold.name, lambda h: _rank(h, selected(h)))
        self._shown = self._with_items(stacks, self.hold.name)
        shown = {id(item) for item in self.items()}
        for item in self._pool:
            item.setVisible(id(item) in shown or item is self._held)
        for item, stack in self._shown:
            item.setPos(stack.at)
            item.set_axes(stack.axes)
            item.set_below(stack.below)
            self._dress(item, stack.handles[0], selected(stack.handles[0]))
        self._show_arms(selected)
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
        """The design changed: if it was not a drag's doing, the drag is over."""
        self.hold.follow_foreign_change()

    def cancel(self) -> None:
        """Let go and restore, if a handle is held."""
        self.hold.cancel()

    def _handles_now(self, design: Design, selected: int) -> tuple[Handle, ...]:
        """None where the group cannot be taken hold of; the control points of selected keys come last."""
        look = self._workspace.display.look
        if self._slot is None or self._hidden or not look.takes(selected):
            return ()
        found = handles_of(design.group(selected), self._slot, design.plan)
        keys, indices = keys_of(self._workspace, self._slot), self._workspace.keys.indices
        return found if keys is None or not indices or not found else (*found, *control_handles(keys, indices))

    def _dress(self, item: HandleItem, handle: Handle, marked: bool) -> None:
        kind: Kind = "control" if isinstance(handle, ControlHandle) else "key" if handle.key else "handle"
        active = marked and handle.key is not None and handle.key.index == self._workspace.keys.active
        item.set_kind(kind, marked=marked, active=active)

    def _with_items(self, stacks: list[Stack], held: str) -> list[tuple[HandleItem, Stack]]:
        """Each stack with the item that showed it before, so that focus and pointer stay on what they are on."""
        before = {name: item for item, stack in reversed(self._shown) for name in stack.names}
        if held and self._held is not None:
            before = {name: item for name, item in before.items() if item is not self._held} | {held: self._held}
        found: list[tuple[HandleItem, Stack]] = []
        kept_back = {id(item) for item in before.values()} | ({id(self._held)} if held else set())
        free = [item for item in reversed(self._pool) if id(item) not in kept_back]
        used: set[int] = set()
        for stack in stacks:
            kept = next((before[name] for name in stack.names if name in before), None)
            if kept is None or id(kept) in used:
                kept = free.pop() if free else self._new_item()
            used.add(id(kept))
            found.append((kept, stack))
        order = {handle.name: index for index, handle in enumerate(self._handles)}
        return sorted(found, key=lambda pair: order[pair[1].names[0]])

    def _stack_of(self, item: HandleItem | None) -> Stack | None:
        return next((stack for shown, stack in self._shown if shown is item), None)

    def _now(self, item: HandleItem) -> tuple[Handle, ...]:
        """What an item stands for as the design is now; what is drawn may be a few milliseconds older."""
        stack = self._stack_of(item)
        if self._slot is None or stack is None:
            return ()
        handles = self._handles_now(self._workspace.design, self._workspace.selected_group.id)
        return tuple(handle for handle in handles if handle.name in stack.names)

    def _new_item(self) -> HandleItem:
        item = HandleItem()
        # In the pixels of the view, not in its plane: an item that ignores a transformation as uneven as that of a
        # linear lr axis (1 to 1e6) is drawn, but Qt does not find it under the mouse.
        item.setParentItem(self._chart.view)
        item.pressed.connect(lambda: self._on_pressed(item))
        item.moved.connect(self._on_moved)
        item.released.connect(lambda modifiers: self._on_released(item, modifiers))
        item.cancelled.connect(self.hold.cancel)
        item.restricted.connect(lambda axis: self.hold.restrict(axis))
        item.nudged.connect(lambda by, how, axis: self._on_nudged(item, by, how, axis))
        item.removed.connect(lambda: self._on_removed(item))
        item.doubled.connect(lambda: self._on_doubled(item))
        item.attended.connect(lambda on: self._on_attended(item, on))
        self._pool.append(item)
        return item

    def _on_pressed(self, item: HandleItem) -> None:
        stack, handles = self._stack_of(item), self._now(item)
        if stack is None or not handles or self._slot is None:
            return
        y = self._chart.view.mapToView(stack.at).y() if stack.below else self._map.y(handles[0].value)
        start = self._map.x(handles[0].step), y
        grips = tuple(grip_of(self._workspace, self._slot, handle, self._map.log) for handle in handles)
        self._held = item
        self.hold.begin(grips, self._slot, self._map, start)

    def _on_moved(self, by: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.hold.move(by, modifiers)
        drag = self.hold.drag
        if drag is not None and drag.under_way and drag.held is not None and drag.held.key is not None:
            self._picking.take(drag.held.key)

    def _on_released(self, item: HandleItem, modifiers: Qt.KeyboardModifier) -> None:
        drag, key = self.hold.drag, next((h.key for h in self._now(item) if h.key is not None), None)
        clicked = drag is None or not drag.under_way
        self.hold.finish()
        if clicked and key is not None:
            self._picking.click(key, modifiers)

    def _let_go(self) -> None:
        for item in self._pool:
            item.let_go()

    def _on_hold_changed(self) -> None:
        if not self.hold.active:
            self._held = None
        self.drag_changed.emit()

    def _on_nudged(self, item: HandleItem, direction: int, precision: Precision, axis: Axis) -> None:
        stack = self._stack_of(item)
        meant = stack.along(axis) if stack is not None else None
        for now in self._now(item):
            if meant is None or now.name != meant.name or self._slot is None:
                continue
            if now.key is not None:
                self._picking.take(now.key)
            edit = grip_of(self._workspace, self._slot, now, self._map.log).nudged(direction, precision, axis)
            self._workspace.perform(edit)

    def _on_removed(self, item: HandleItem) -> None:
        key = next((handle.key for handle in self._now(item) if handle.key is not None), None)
        if key is not None and self._slot is not None:
            self._picking.remove(key, self._slot)

    def _on_doubled(self, item: HandleItem) -> None:
        for handle in self._now(item):
            if isinstance(handle, ControlHandle):
                edit = handle.released()
                self._workspace.perform(edit)

    def _on_attended(self, item: HandleItem, on: bool) -> None:
        self._attended = item if on else None
        self._show_box()
        self.attended.emit(on)

    def _show_arms(self, selected: Callable[[Handle], bool]) -> None:
        controls = [(stack.handles[0], stack.at) for _, stack in self._shown]
        keys = {h.key.index: at for h, at in controls if h.key is not None and selected(h)}
        pairs = [
            (keys[handle.control.key], at)
            for handle, at in controls
            if isinstance(handle, ControlHandle) and handle.control.key in keys
        ]
        colour = self._workspace.theme.group_colour(self._workspace.selected_group.colour)
        self._arms.show(pairs, colour)

    def _show_box(self) -> None:
        drag = self.hold.drag
        held = drag.held if drag is not None else None
        named = next((item for item, stack in self._shown if held is not None and held.name in stack.names), None)
        item = self._held or named or self._attended
        stack = self._stack_of(item)
        if item is None or stack is None:
            self._box.hide()
            return
        at = self._chart.mapFromScene(item.scenePos())
        if not self._chart.viewport().rect().adjusted(-20, -20, 20, 20).contains(at):
            self._box.hide()
            return
        said = tuple(handle for handle in stack.handles if held is None or handle.name == held.name)
        text = self._text(said or stack.handles)
        self._box.show_beside(at, html.escape(text), above=True)
        self._chart.setAccessibleDescription(text)

    def _text(self, handles: tuple[Handle, ...]) -> str:
        """What the handles say; during a drag also how many keys move along, and what holds it."""
        said, drag = [handle_text(handles)], self.hold.drag
        if drag is None:
            return said[0]
        if isinstance(drag.grip, KeyGrip) and len(drag.grip.move.moving) > 1:
            said.insert(0, f"{len(drag.grip.move.moving)} keys")
        said += [f"at {caught.what}" for caught in drag.caught if caught is not None]
        return " · ".join(said)


def _rank(handle: Handle, selected: bool) -> int:
    """Keys are never hidden by what drives the whole curve, selected ones not by others."""
    if handle.key is not None:
        return 0 if selected else 1
    return 2 if isinstance(handle, ControlHandle) else 3

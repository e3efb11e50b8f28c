"""The lane under the strip: when the selected group is frozen, drawn and dragged along the time axis."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QToolTip

from lrdesigner.document import Design, Group
from lrdesigner.edits import set_freeze
from lrdesigner.freeze_edits import add_stretch, move_stretch, remove_stretch, resize_stretch, stretch_of
from lrdesigner.handle_values import next_line
from lrdesigner_app.schedule_editor.freeze_gestures import FreezeGesture, freezing_label, stretch_text
from lrdesigner_app.schedule_editor.freeze_layout import (
    Block,
    Grip,
    blocks_of,
    grip_at,
    lane_height,
    others_of,
    thin_row_at,
)
from lrdesigner_app.schedule_editor.freeze_painter import FreezePainter
from lrdesigner_app.schedule_editor.freeze_section import frozen_words, next_freeze
from lrdesigner_app.schedule_editor.strip_gestures import Gesture
from lrdesigner_app.schedule_editor.time_lane import TimeLane
from lrdesigner_app.widgets import calling, plain_tip
from lrdesigner_app.workspace import Workspace

_DRAW_PX = 3.0
_TIP = """Drag on empty ground to freeze the group for a time; drag a stretch or its edges (Ctrl snaps to epochs).
+ adds one, Delete removes it, ↑/↓ selects one, ←/→ moves it, Shift+←/→ its end, Alt+←/→ its start (Ctrl: by epochs)."""
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_PICKS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_REMOVES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class FreezeLane(TimeLane):
    """It is there when some group freezes, or when it was asked for; of the other groups a click selects the one."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, "Freeze lane")
        self._wanted: bool | None = None
        self._selected = 0
        self.menu = QMenu(self)
        self.own_keys = (*_REMOVES, Qt.Key.Key_Escape)
        self.setAccessibleDescription(_TIP)
        signals = workspace.signals
        signals.design_changed.connect(self._refresh)
        signals.selected_group_changed.connect(self._refresh)
        self._refresh()

    def sizeHint(self) -> QSize:
        return QSize(200, lane_height(len(self._others)))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def toggle(self) -> None:
        """Show it, or hide it, whether a group freezes or not."""
        self._wanted = self.isHidden()
        self._refresh()
        if self._wanted:
            self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def free(self) -> bool:
        """A locked group keeps its stretches; a hidden one is only not drawn in the plot."""
        return self._group.id not in self.workspace.display.look.locked

    @property
    def selected(self) -> int | None:
        """The place of the stretch that the keyboard acts on; None where there is none."""
        count = len(self._group.freeze)
        return min(self._selected, count - 1) if count else None

    def blocks(self) -> list[Block]:
        """The stretches of the selected group, where they are drawn."""
        return blocks_of(self._group, self.workspace.design.plan, self.scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        drawing = FreezePainter(painter, self.workspace.theme, self.scale)
        drawing.ground(self._group, self.workspace.design.plan, self.hasFocus())
        for block in self.blocks():
            chosen = block.index == self.selected
            drawing.block(block, self._group, chosen=chosen and self.hasFocus())
        for place, other in enumerate(self._others):
            drawing.thin(other, self.workspace.design.plan, place)
        painter.end()

    def begin(self, at: QPointF, moved: float) -> Gesture | None:
        if not self.free or thin_row_at(at.y()) is not None:
            return None
        held = grip_at(self.blocks(), at)
        if held is None and moved < _DRAW_PX:
            return None
        return FreezeGesture(self.workspace, self.scale, at, held)

    def pressed(self, at: QPointF) -> None:
        held = grip_at(self.blocks(), at)
        if held is not None:
            self._pick(held[0])

    def clicked(self, at: QPointF) -> None:
        place = thin_row_at(at.y())
        if place is not None and place < len(self._others):
            self.workspace.select_group(self._others[place].id)

    def hovered(self, at: QPointF) -> None:
        self.setCursor(_cursor(grip_at(self.blocks(), at) if self.free else None))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        before = self.gesture
        super().mouseReleaseEvent(event)
        if isinstance(before, FreezeGesture) and before.index is None:
            self._pick(len(self._group.freeze) - 1)  # what was just drawn

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel()
        step: float | None = None
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self.pressed(QPointF(event.pos()))
            step = self.scale.step(event.pos().x())
        self._fill_menu(step)
        self.menu.popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """The tooltip tells of the stretch under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            held = grip_at(self.blocks(), QPointF(event.pos()))
            plan = self.workspace.design.plan
            words = frozen_words(self._group.freeze, plan)
            if held is not None:
                words = stretch_text(stretch_of(self._group.freeze[held[0]], plan), plan.steps_per_epoch)
            QToolTip.showText(event.globalPos(), plain_tip(f"{self._group.name}: {words}\n\n{_TIP}"), self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.takes_key(event, down=True):
            return
        key, index = Qt.Key(event.key()), self.selected
        if event.text() == "+" or key == Qt.Key.Key_Insert:
            self.add()
        elif index is None or not (key in _MOVES or key in _PICKS or key in _REMOVES):
            super().keyPressEvent(event)
        elif key in _PICKS:
            self._pick(self._neighbour(index, _PICKS[key]))
        elif key in _REMOVES:
            self._commit(remove_stretch, index)
        else:
            self._nudge(index, _MOVES[key], event.modifiers())

    def add(self) -> None:
        """One more stretch: the first epoch, or one after those that are there."""
        group = self._group
        freeze = (*group.freeze, next_freeze(group.freeze, self.workspace.design.plan))
        if self._commit(set_freeze, freeze):
            self._pick(len(self._group.freeze) - 1)

    @property
    def _group(self) -> Group:
        return self.workspace.selected_group

    @property
    def _others(self) -> list[Group]:
        return others_of(self.workspace.design, self._group.id)

    def _fill_menu(self, step: float | None) -> None:
        plan, index, menu = self.workspace.design.plan, self.selected, self.menu
        menu.clear()
        if step is not None:
            start = min(max(int(step) // plan.steps_per_epoch, 0), plan.epochs - 1) * plan.steps_per_epoch
            words = f"Freeze for epoch {start // plan.steps_per_epoch + 1}"
            menu.addAction(words, calling(self._commit, add_stretch, start, start + plan.steps_per_epoch))
        menu.addAction("Add a stretch\t+", self.add)
        if index is not None:
            to_the_end = calling(self._commit, resize_stretch, index, "end", plan.total_steps)
            menu.addSeparator()
            menu.addAction("Until the end of the run", to_the_end)
            menu.addAction("Remove this stretch\tDel", calling(self._commit, remove_stretch, index))
            menu.addAction("Never freeze this group", calling(self._commit, set_freeze, ()))
        for action in menu.actions():
            action.setEnabled(self.free)

    def _nudge(self, index: int, by: int, modifiers: Qt.KeyboardModifier) -> None:
        """One edge, or all of it, by a step or to the next epoch."""
        plan = self.workspace.design.plan
        start, end = stretch_of(self._group.freeze[index], plan)

        def beyond(step: int) -> int:
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                return next_line(step, by, plan.total_steps, plan.steps_per_epoch, ())
            return step + by

        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._commit(resize_stretch, index, "end", beyond(end))
        elif modifiers & Qt.KeyboardModifier.AltModifier:
            self._commit(resize_stretch, index, "start", beyond(start))
        else:
            self._commit(move_stretch, index, beyond(start))

    def _neighbour(self, index: int, by: int) -> int:
        """The stretch before or after this one in time."""
        freeze, plan = self._group.freeze, self.workspace.design.plan
        order = sorted(range(len(freeze)), key=lambda place: stretch_of(freeze[place], plan))
        return order[min(max(order.index(index) + by, 0), len(order) - 1)]

    def _pick(self, index: int) -> None:
        self._selected = max(index, 0)
        self._refresh()

    def _commit(self, edit: Callable[..., Design], *arguments: object) -> bool:
        if not self.free:
            return False
        return self.workspace.commit(freezing_label(self._group), edit, self._group.id, *arguments)

    def _refresh(self, *_: object) -> None:
        frozen = any(group.freeze for group in self.workspace.design.groups)
        visible = frozen if self._wanted is None else self._wanted
        if not visible or self.parentWidget() is not None:  # without a parent it would be a window of its own
            self.setVisible(visible)
        height = self.sizeHint().height()
        if self.height() != height:
            self.setFixedHeight(height)
        words = frozen_words(self._group.freeze, self.workspace.design.plan)
        self.setAccessibleName(f"Freeze lane of {self._group.name}: {words}")
        self.update()


def _cursor(held: tuple[int, Grip] | None) -> Qt.CursorShape:
    if held is None:
        return Qt.CursorShape.ArrowCursor
    return Qt.CursorShape.OpenHandCursor if held[1] == "body" else Qt.CursorShape.SizeHorCursor

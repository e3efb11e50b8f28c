"""A strip under the plot's time axis that mouse gestures act on: one at a time, ended cleanly whatever happens."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lrdesigner.store import Change
from lrdesigner_app.held_keys import MODIFIERS
from lrdesigner_app.schedule_editor.read_out import ReadOut
from lrdesigner_app.schedule_editor.strip_gestures import Gesture
from lrdesigner_app.schedule_editor.time_scale import TimeScale, scale_of
from lrdesigner_app.workspace import Workspace


class TimeLane(QWidget):
    """Esc, any other key, another button, losing the focus and changes from elsewhere end a gesture without a trace."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        super().__init__()
        self.workspace = workspace
        self._axis: tuple[float, float, int, int] | None = None
        self.gesture: Gesture | None = None
        self._press: QPointF | None = None
        self._last = QPointF()
        self.own_keys: tuple[Qt.Key, ...] = ()
        """Keys that mean something here, also where they are the shortcut of an action."""
        self.read_out = ReadOut(self, f"What is dragged in: {name}")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        signals = workspace.signals
        signals.design_changed.connect(self._on_design_changed)
        signals.selected_group_changed.connect(self.cancel)
        signals.selected_slot_changed.connect(self.cancel)
        workspace.display.changed.connect(self._on_look_changed)
        workspace.theme.changed.connect(self.update)

    def align_with(self, first: float, last: float, left: int, right: int) -> None:
        """Show the steps from `first` to `last`, with `left` and `right` pixels free beside them."""
        if last > first:
            self._axis = (first, last, left, right)
            self.update()

    @property
    def free(self) -> bool:
        """Whether anything may be dragged: not of a group that is locked or hidden."""
        return self.workspace.display.look.takes(self.workspace.selected_group.id)

    @property
    def scale(self) -> TimeScale:
        """Where steps lie."""
        return scale_of(self._axis, self.width(), self.workspace.design.plan.total_steps)

    def begin(self, at: QPointF, moved: float) -> Gesture | None:
        """What a drag from a point does that has come so many pixels far; None: nothing, or not yet."""
        raise NotImplementedError

    def pressed(self, at: QPointF) -> None:
        """The left button went down."""

    def clicked(self, at: QPointF) -> None:
        """The left button was let go where it went down."""

    def hovered(self, at: QPointF) -> None:
        """The pointer moves without a button."""

    def cancel(self, *_: object) -> None:
        """Let go and restore, if something is held."""
        gesture = self.gesture
        self._drop()
        if gesture is not None:
            gesture.cancel()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None or self._press is not None:
            self.cancel()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position()
            self.pressed(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None or not event.buttons() & Qt.MouseButton.LeftButton:
            self.hovered(event.position())
            return
        if self.gesture is None:
            moved = event.position() - self._press
            self.gesture = self.begin(self._press, max(abs(moved.x()), abs(moved.y())))
        self._follow(event.position(), event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        gesture, press = self.gesture, self._press
        if gesture is not None:
            gesture.finish()
        self._drop()
        if gesture is None and press is not None:
            self.clicked(press)
        self.hovered(event.position())

    def takes_key(self, event: QKeyEvent, down: bool) -> bool:
        """Whether a key belongs to the gesture that is going on: modifiers change it, every other one restores."""
        if self.gesture is None:
            return False
        modifier = MODIFIERS.get(Qt.Key(event.key()))
        if modifier is None:
            self.cancel()
        else:
            modifiers = event.modifiers() | modifier if down else event.modifiers() & ~modifier
            self._follow(self._last, modifiers)
        return True

    def event(self, event: QEvent) -> bool:
        """Keys that mean something here are no shortcuts; while something is held, none is but undo and the like."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if Qt.Key(event.key()) in self.own_keys or (self.gesture is not None and plain):
                event.accept()
                return True
        return super().event(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        modifier = Qt.Key(event.key()) in MODIFIERS
        if not (modifier and self.takes_key(event, down=False)):
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.cancel()
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        self.cancel()
        super().hideEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self.gesture is None:
            self.hovered(QPointF(-1, -1))
        super().leaveEvent(event)

    def _follow(self, to: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        gesture = self.gesture
        if gesture is None:
            return
        self._last = to
        gesture.move(to, modifiers)
        if self.gesture is gesture:
            self.read_out.show_over(to.toPoint(), gesture.text)
            self.update()

    def _drop(self) -> None:
        self.gesture = self._press = None
        self.read_out.hide()
        self.update()

    def _on_design_changed(self, change: Change) -> None:
        if change.kind != "saved" and self.gesture is not None and not self.gesture.applying:
            self._drop()
        self.update()

    def _on_look_changed(self) -> None:
        if not self.free:
            self.cancel()
        self.update()

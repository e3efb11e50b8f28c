"""What the hand holds on the plot: at most one drag at a time, and every way in which it ends."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from lrdesigner.handles import Axis
from lrdesigner.tracks import Slot
from lrdesigner_app.charts import AxisMap, ChartSurface
from lrdesigner_app.held_keys import AXES, how_of
from lrdesigner_app.plot.gesture import HandleDrag
from lrdesigner_app.plot.handle_item import QUIET_KEYS
from lrdesigner_app.plot.key_grips import Grip, KeyGrip
from lrdesigner_app.plot.key_guides import Guides
from lrdesigner_app.plot.key_snapping import Snapping
from lrdesigner_app.workspace import Workspace


class Hold(QObject):
    """A drag is kept, or cancelled: by the Esc key and any other, the right button, a change from elsewhere.

    While something is held no key means what it does otherwise.
    """

    changed = Signal()
    """A drag has begun or ended."""
    cancelled = Signal()
    """A drag has ended without an edit."""

    def __init__(self, workspace: Workspace, chart: ChartSurface, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._chart = workspace, chart
        self._map = AxisMap()
        self._bare = False
        self.drag: HandleDrag | None = None
        self.guides = Guides(chart, workspace.theme)
        chart.installEventFilter(self)
        chart.viewport().installEventFilter(self)
        workspace.display.changed.connect(self._on_display_changed)

    @property
    def active(self) -> bool:
        """Whether something is held."""
        return self.drag is not None

    @property
    def name(self) -> str:
        """Name of the handle that is held; "" while it is open which one of two."""
        return self.drag.held.name if self.drag is not None and self.drag.held is not None else ""

    def begin(
        self, grips: tuple[Grip, ...], slot: Slot, axis_map: AxisMap, start: tuple[float, float], label: str = ""
    ) -> None:
        """Take hold at a point in view coordinates. With a label the item under the pointer is not there yet."""
        self.cancel()
        pixel, held = self._chart.view.viewPixelSize(), [grip.handle.step for grip in grips]
        keyed = next((grip.move for grip in grips if isinstance(grip, KeyGrip)), None)
        if keyed is None:
            snapping = Snapping(self._workspace, slot, axis_map, pixel, at=held)
        else:
            at = [point.step for point in keyed.moving]
            snapping = Snapping(self._workspace, slot, axis_map, pixel, keyed.keys.points, keyed.indices, at)
        self._map, self._bare = axis_map, bool(label)
        self.drag = HandleDrag(self._workspace, grips, axis_map, start, pixel, snapping, label)
        self.changed.emit()

    def move(self, by: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer moved by so much in scene coordinates."""
        if self.drag is None:
            return
        change = self._chart.distance(by)
        self.drag.move(change.x(), change.y(), how_of(modifiers, self._workspace.display.look.snapping))
        self.guides.show(*self.drag.caught, self._map)

    def restrict(self, axis: Axis) -> None:
        """Keep to an axis, or do so no longer."""
        if self.drag is not None:
            self.drag.restrict(axis)
            self.guides.show(*self.drag.caught, self._map)

    def finish(self) -> None:
        """Let go and keep."""
        if self.drag is not None:
            self.drag.finish()
            self._end()

    def cancel(self) -> None:
        """Let go and restore."""
        if self.drag is not None:
            self.drag.cancel()
            self._end()
            self.cancelled.emit()

    def follow_foreign_change(self) -> None:
        """The design changed: if it was not this drag's doing, the drag is over."""
        if self.drag is not None and not self.drag.applying:
            self._end()
            self.cancelled.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of keys and buttons while something is held."""
        if self.drag is None:
            return False
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if not self._bare:
            return False  # the item that is held hears of it
        if kind == QEvent.Type.FocusOut and watched is self._chart:
            self.cancel()
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress:
            self._on_key(event)
            return True
        elif isinstance(event, QMouseEvent) and kind == QEvent.Type.MouseButtonPress:
            self.cancel()
            return True
        return False

    def _on_key(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in AXES:
            self.restrict(AXES[key])
        elif key not in QUIET_KEYS:
            self.cancel()

    def _on_display_changed(self) -> None:
        if self.drag is not None and not self._workspace.display.look.takes(self.drag.group):
            self.cancel()

    def _end(self) -> None:
        self.drag = None
        self.guides.hide()
        self.changed.emit()

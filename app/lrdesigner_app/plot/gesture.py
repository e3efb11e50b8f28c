"""One drag of a handle, from press to release: previews on the way, one commit at the end, or nothing at all."""

from __future__ import annotations

from lrdesigner.handles import Handle, Precision
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.workspace import Workspace

_FINE = 0.1
_DEAD_PX = 3.0


class HandleDrag:
    """Follows the pointer by its movements, so that a fine stretch in between leaves no jump.

    Of several handles at one place, the direction of the first movement tells which one is meant. A handle that can
    be moved both ways follows along an axis only when the pointer has left a few pixels of it, so that a drag upwards
    leaves the step alone.
    """

    def __init__(
        self,
        workspace: Workspace,
        handles: tuple[Handle, ...],
        axis_map: AxisMap,
        start: tuple[float, float],
        pixel: tuple[float, float],
    ) -> None:
        self._workspace, self._handles, self._map, self._pixel = workspace, handles, axis_map, pixel
        self.held: Handle | None = handles[0] if len(handles) == 1 else None
        self._x, self._y = self._start = start
        self._travelled = [0.0, 0.0]
        self._sideways, self._upright = False, False
        self._label = ""
        self.applying = False

    def move(self, dx: float, dy: float, precision: Precision, locked: bool = False) -> None:
        """The pointer moved by so much in view coordinates: show the edit it now means.

        `locked` keeps a handle that can be moved both ways to the axis along which it was moved more.
        """
        scale = _FINE if precision == "fine" else 1.0
        self._x, self._y = self._x + dx * scale, self._y + dy * scale
        self._travelled[0] += dx / self._pixel[0]
        self._travelled[1] += dy / self._pixel[1]
        across, along = abs(self._travelled[0]), abs(self._travelled[1])
        if self.held is None:
            if max(across, along) < _DEAD_PX:
                return
            meant = "step" if across > along else "value"
            self.held = next((h for h in self._handles if h.axes in (meant, "both")), self._handles[0])
        both = self.held.axes == "both"
        self._sideways |= not both or across > _DEAD_PX
        self._upright |= not both or along > _DEAD_PX
        step = self._step() if self._sideways and not (locked and both and across < along) else self.held.step
        value = self._value() if self._upright and not (locked and both and across >= along) else self.held.value
        self._show(step, value, precision)

    def finish(self) -> None:
        """Keep what is shown, as one edit."""
        self.applying = True
        try:
            self._workspace.store.commit_preview(self._label)
        finally:
            self.applying = False

    def cancel(self) -> None:
        """Back to how it was."""
        self.applying = True
        try:
            self._workspace.store.cancel()
        finally:
            self.applying = False

    def _show(self, step: float, value: float, precision: Precision) -> None:
        assert self.held is not None
        edit = self.held.moved(step, value, precision)
        self._label, self.applying = edit.label, True
        try:
            self._workspace.preview(edit.label, edit.edit, *edit.arguments)
        finally:
            self.applying = False

    def _step(self) -> float:
        assert self.held is not None
        return self._map.step(self._x) if self._x != self._start[0] else self.held.step

    def _value(self) -> float:
        """At the bottom of a linear axis 0, or as near as the handle may come to it."""
        assert self.held is not None
        if self._y == self._start[1]:
            return self.held.value
        if self._map.log:
            return self._map.value(self._y)
        if self.held.may_be_zero:
            return self._map.value(self._y) if self._y > self._pixel[1] / 2 else 0.0
        return self._map.value(max(self._y, self._pixel[1]))

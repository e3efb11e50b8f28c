"""One drag of a handle, from press to release: previews on the way, one commit at the end, or nothing at all."""

from __future__ import annotations

from lrdesigner.handles import Handle, Precision
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.workspace import Workspace

_FINE = 0.1


class HandleDrag:
    """Follows the pointer by its movements, so that a fine stretch in between leaves no jump."""

    def __init__(self, workspace: Workspace, handle: Handle, axis_map: AxisMap, pixel_height: float) -> None:
        self._workspace, self._handle, self._map = workspace, handle, axis_map
        self._x, self._y = axis_map.x(handle.step), axis_map.y(handle.value)
        self._lowest = -float("inf") if axis_map.log else pixel_height
        self._label = ""
        self.applying = False

    def move(self, dx: float, dy: float, precision: Precision) -> None:
        """The pointer moved by so much in view coordinates: show the edit it now means."""
        scale = _FINE if precision == "fine" else 1.0
        self._x, self._y = self._x + dx * scale, self._y + dy * scale
        target = self._map.value(max(self._y, self._lowest))
        edit = self._handle.moved(self._map.step(self._x), target, precision)
        self._label, self.applying = edit.label, True
        try:
            self._workspace.preview(edit.label, edit.edit, *edit.arguments)
        finally:
            self.applying = False

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

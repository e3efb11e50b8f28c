"""One drag of a handle, from press to release: previews on the way, one commit at the end, or nothing at all."""

from __future__ import annotations

from lrdesigner.handles import Axis, Handle, Precision
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.held_edit import HeldEdit
from lrdesigner_app.held_keys import DEAD_PX, FINE, How
from lrdesigner_app.plot.key_grips import Grip
from lrdesigner_app.plot.key_snapping import Caught, Snapping
from lrdesigner_app.workspace import Workspace


class HandleDrag(HeldEdit):
    """Follows the pointer by its movements, so that a fine stretch in between leaves no jump.

    Of several handles at one place, the direction of the first movement tells which one is meant. A handle that can
    be moved both ways follows along an axis only when the pointer has left a few pixels of it, so that a drag upwards
    leaves the step alone, and a click on a key is no drag.
    """

    def __init__(
        self,
        workspace: Workspace,
        grips: tuple[Grip, ...],
        axis_map: AxisMap,
        start: tuple[float, float],
        pixel: tuple[float, float],
        snapping: Snapping,
        label: str = "",
    ) -> None:
        super().__init__(workspace, label)
        self._grips, self._map, self._pixel, self._snapping = grips, axis_map, pixel, snapping
        self._grip: Grip | None = grips[0] if len(grips) == 1 else None
        self._x, self._y = self._start = start
        self._travelled = [0.0, 0.0]
        self._sideways, self._upright = False, False
        self._only: Axis | None = None
        self._how = How()
        self.under_way = False
        self.caught: tuple[Caught | None, Caught | None] = (None, None)

    @property
    def held(self) -> Handle | None:
        """The handle that is meant, as it was at the start; None while that is open."""
        return self._grip.handle if self._grip is not None else None

    @property
    def grip(self) -> Grip | None:
        """The handle that is meant, and what moves along."""
        return self._grip

    @property
    def group(self) -> int:
        """Id of the group that it is about."""
        return self._grips[0].handle.group

    def move(self, dx: float, dy: float, how: How) -> None:
        """The pointer moved by so much in view coordinates: show the edit it now means."""
        self._how = how
        scale = FINE if how.fine else 1.0
        self._x, self._y = self._x + dx * scale, self._y + dy * scale
        self._travelled[0] += dx / self._pixel[0]
        self._travelled[1] += dy / self._pixel[1]
        across, along = abs(self._travelled[0]), abs(self._travelled[1])
        if self._grip is None:
            if max(across, along) < DEAD_PX:
                return
            meant = "step" if across > along else "value"
            self._grip = next((g for g in self._grips if g.handle.axes in (meant, "both")), self._grips[0])
        at_once = self._grip.handle.axes != "both" and self._grip.handle.key is None
        self._sideways |= at_once or across > DEAD_PX
        self._upright |= at_once or along > DEAD_PX
        self._show()

    def restrict(self, axis: Axis) -> None:
        """Keep to an axis; the second time move freely again."""
        self._only = None if self._only == axis else axis
        if self.under_way:
            self._show()

    def _show(self) -> None:
        assert self._grip is not None
        handle, (sideways, upright) = self._grip.handle, self._free()
        if not (self.under_way or sideways or upright):
            return
        step, value, precision = handle.step, handle.value, self._precision()
        across = along = None
        if sideways and self._x != self._start[0]:
            step = self._map.step(self._x)
            across = self._snapping.step(self._x) if self._how.snapping and handle.axes != "value" else None
            step = across.at if across is not None else step
        if upright and self._y != self._start[1]:
            value = self._value(handle)
            along = self._snapping.value(self._y, step) if self._how.snapping and handle.axes != "step" else None
            if along is not None:
                value, precision = along.at, "exact"
        self.under_way, self.caught = True, (across, along)
        edit = self._grip.moved(step, value, precision, self._how.other)
        self._preview(edit.label, edit.edit, *edit.arguments)

    def _free(self) -> tuple[bool, bool]:
        """Whether it follows the pointer in time, and in value."""
        assert self._grip is not None
        both = self._grip.handle.axes == "both"
        if both and self._only is not None:
            return self._only == "step", self._only == "value"
        across, along = abs(self._travelled[0]), abs(self._travelled[1])
        locked = self._how.locked and both
        return self._sideways and not (locked and across < along), self._upright and not (locked and across >= along)

    def _precision(self) -> Precision:
        return "fine" if self._how.fine else "normal"

    def _value(self, handle: Handle) -> float:
        """At the bottom of a linear axis 0, or as near as the handle may come to it."""
        if self._map.log:
            return self._map.value(self._y)
        if handle.may_be_zero:
            return self._map.value(self._y) if self._y > self._pixel[1] / 2 else 0.0
        return self._map.value(max(self._y, self._pixel[1]))

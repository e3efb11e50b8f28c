"""One drag of the transform box: what a movement of the pointer makes of the keys, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt

from lrdesigner.handle_values import Precision
from lrdesigner.handles import Axis
from lrdesigner.key_transforms import Shift, Stretch, transformed
from lrdesigner.numbers import rate
from lrdesigner.track_keys import TrackKeys
from lrdesigner_app.charts import AxisMap
from lrdesigner_app.held_edit import HeldEdit
from lrdesigner_app.held_keys import DEAD_PX, FINE, how_of
from lrdesigner_app.plot.grip_items import Side
from lrdesigner_app.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest box around some keys, in coordinates of the view; it may have no height."""

    left: float
    right: float
    bottom: float
    top: float


class KeyGesture(HeldEdit):
    """Previews on the way, one commit at the end, or nothing at all. A `side` scales, without one everything moves.

    Beyond the opposite side nothing is mirrored: the keys then stand side by side, or at one value.
    """

    def __init__(
        self,
        workspace: Workspace,
        keys: TrackKeys,
        axis_map: AxisMap,
        bounds: Bounds,
        pixel: tuple[float, float],
        side: Side | None,
    ) -> None:
        super().__init__(workspace)
        self._keys, self._map = keys, axis_map
        self._indices = workspace.keys.indices
        self._bounds, self._pixel, self._side = bounds, pixel, side
        self._x = self._y = 0.0
        self._travelled = [0.0, 0.0]
        self._moving = [False, False]
        self._only: Axis | None = None
        self.text = ""

    def restrict(self, axis: Axis) -> None:
        """Move along one axis alone; a second time along both again."""
        self._only = None if self._only == axis else axis
        self._show(Qt.KeyboardModifier.NoModifier)

    def move(self, dx: float, dy: float, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer moved by so much in view coordinates."""
        scale = FINE if how_of(modifiers, snapping=False).fine else 1.0
        self._x, self._y = self._x + dx * scale, self._y + dy * scale
        self._travelled[0] += dx / self._pixel[0]
        self._travelled[1] += dy / self._pixel[1]
        for axis in (0, 1):
            self._moving[axis] |= abs(self._travelled[axis]) > DEAD_PX
        self._show(modifiers)

    def _show(self, modifiers: Qt.KeyboardModifier) -> None:
        how = how_of(modifiers, snapping=False)
        precision: Precision = "fine" if how.fine else "normal"
        dx, dy = self._allowed(how.locked)
        # Nothing is caught here, so that Ctrl alone is free to mean what Alt does: around the centre.
        centred = (how.snapping or how.other) and not how.fine
        transform = self._stretch(dx, dy, centred, how.fine) if self._side is not None else self._shift(dx, dy)
        edit = transformed(self._keys, self._indices, transform, precision)
        self._preview(edit.label, edit.edit, *edit.arguments)

    def _allowed(self, locked: bool) -> tuple[float, float]:
        """The movement without what is not meant: an axis that was hardly moved along, or is locked out."""
        dx, dy = (self._x if self._moving[0] else 0.0), (self._y if self._moving[1] else 0.0)
        if self._side is not None:
            dx, dy = (dx if self._side[0] else 0.0), (dy if self._side[1] else 0.0)
        if self._only:
            return (dx, 0.0) if self._only == "step" else (0.0, dy)
        if locked and (self._side is None or all(self._side)):
            return (dx, 0.0) if abs(self._travelled[0]) >= abs(self._travelled[1]) else (0.0, dy)
        return dx, dy

    def _stretch(self, dx: float, dy: float, centred: bool, fine: bool) -> Stretch:
        assert self._side is not None
        box, (across_side, up_side) = self._bounds, self._side
        pivot_x, across = _scale(box.left, box.right, across_side, dx, centred, fine)
        pivot_y, along = _scale(box.bottom, box.top, up_side, dy, centred, fine)
        step, value = self._map.step(pivot_x), self._map.value(pivot_y)
        found = Stretch(step, value, across, along, self._map.log)
        said = []
        if across_side:
            edge = self._map.step(box.right if across_side > 0 else box.left)
            said.append(f"time ×{across:.4g} · {found.place(edge, 1.0)[0] - edge:+,.0f} steps")
        if up_side:
            edge_value = self._map.value(box.top if up_side > 0 else box.bottom)
            edge_name = "top" if up_side > 0 else "bottom"
            said.append(f"value range ×{along:.4g} · {edge_name} {rate(max(found.of_value(edge_value), 0.0))}")
        self.text = " · ".join(said)
        return found

    def _shift(self, dx: float, dy: float) -> Shift:
        steps = round(self._map.step(dx))
        if self._map.log:
            ratio = float(f"{self._map.value(dy) / self._map.value(0):.3g}")
            self.text = f"{steps:+,} steps · value ×{ratio:.4g}"
            return Shift(steps, ratio if dy else 0.0, log=True)
        by = self._map.value(dy)
        self.text = f"{steps:+,} steps · value {'+' if by >= 0 else '−'}{rate(abs(by))}"
        return Shift(steps, by)


def _scale(low: float, high: float, side: int, by: float, centred: bool, fine: bool) -> tuple[float, float]:
    """The place that stays, and the factor, when the edge on this side moves by so much."""
    if not side or not high > low:
        return (low + high) / 2, 1.0
    pivot, reach = ((low + high) / 2, (high - low) / 2) if centred else (low if side > 0 else high, high - low)
    return pivot, float(f"{max(1 + side * by / reach, 0.0):.{4 if fine else 3}g}")

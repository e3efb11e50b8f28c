"""What keys mean while something is held with the mouse, wherever that is."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtCore import Qt

from lrdesigner.handles import Axis

FINE = 0.1
"""How much of the pointer's way counts with Ctrl+Shift."""

DEAD_PX = 3.0
"""Pixels that a hand may tremble without having moved along an axis."""

MODIFIERS: MappingProxyType[Qt.Key, Qt.KeyboardModifier] = MappingProxyType(
    {
        Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
        Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
        Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
        Qt.Key.Key_Meta: Qt.KeyboardModifier.MetaModifier,
    }
)
"""Keys that only change what others mean, and how they are told with them."""

AXES: MappingProxyType[Qt.Key, Axis] = MappingProxyType({Qt.Key.Key_X: "step", Qt.Key.Key_Y: "value"})
"""X is time, Y is value: to which of them a drag keeps."""


@dataclass(frozen=True, slots=True)
class How:
    """What the modifiers mean: a tenth as far; catch lines; keep to the main direction; what Alt does to the grip."""

    fine: bool = False
    snapping: bool = False
    locked: bool = False
    other: bool = False


def how_of(modifiers: Qt.KeyboardModifier, snapping: bool) -> How:
    """Ctrl turns snapping round, Shift locks, both are fine, Alt is the grip's own."""
    ctrl = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
    fine = ctrl and shift
    other = bool(modifiers & Qt.KeyboardModifier.AltModifier)
    return How(fine, snapping != ctrl and not fine, shift and not fine, other)

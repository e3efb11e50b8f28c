"""What a hand has hold of: a handle, keys that move together, or the control point of a bezier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from lrdesigner.control_handles import ControlHandle
from lrdesigner.curve_handles import HandleEdit
from lrdesigner.handles import Axis, Handle, Precision
from lrdesigner.key_moves import KeyMove, Scale
from lrdesigner.track_keys import TrackKeys
from lrdesigner.tracks import Slot
from lrdesigner_app.workspace import Workspace


class Grip(Protocol):
    """A handle as it is held. `other` is what the Alt key makes of the drag."""

    @property
    def handle(self) -> Handle:
        """The handle that is under the pointer."""

    def moved(self, step: float, value: float, precision: Precision, other: bool) -> HandleEdit:
        """The edit that brings it there."""

    def nudged(self, direction: int, precision: Precision, axis: Axis) -> HandleEdit:
        """The edit of a press of an arrow key."""


@dataclass(frozen=True, slots=True)
class HandleGrip:
    """A handle by itself."""

    handle: Handle

    def moved(self, step: float, value: float, precision: Precision, other: bool) -> HandleEdit:
        """As the handle says."""
        return self.handle.moved(step, value, precision)

    def nudged(self, direction: int, precision: Precision, axis: Axis) -> HandleEdit:
        """As the handle says."""
        return self.handle.nudged(direction, precision, axis)


@dataclass(frozen=True, slots=True)
class ControlGrip:
    """A control point; the one beyond its key goes along, but with Alt."""

    handle: ControlHandle

    def moved(self, step: float, value: float, precision: Precision, other: bool) -> HandleEdit:
        """Linked or not."""
        return replace(self.handle, linked=not other).moved(step, value, precision)

    def nudged(self, direction: int, precision: Precision, axis: Axis) -> HandleEdit:
        """Linked."""
        return self.handle.nudged(direction, precision, axis)


@dataclass(frozen=True, slots=True)
class KeyGrip:
    """A key, and all that are selected with it; with Alt they stay between the others."""

    handle: Handle
    move: KeyMove
    scale: Scale

    def moved(self, step: float, value: float, precision: Precision, other: bool) -> HandleEdit:
        """All of them as the one under the pointer."""
        return self.move.to(step, value, self.scale, precision, between=other)

    def nudged(self, direction: int, precision: Precision, axis: Axis) -> HandleEdit:
        """All of them as the one that has the keyboard."""
        return self.move.nudged(axis, direction, self.scale, precision)


def keys_of(workspace: Workspace, slot: Slot) -> TrackKeys | None:
    """The keys of the part that is being edited, as the design is shown now; None where it has none."""
    return workspace.keys.curve if slot == workspace.selected_slot else None


def is_selected(workspace: Workspace, handle: Handle) -> bool:
    """Whether a handle is that of a selected key."""
    key, selection = handle.key, workspace.keys
    return key is not None and key.path == selection.path and key.index in selection.indices


def selected_keys(workspace: Workspace) -> Callable[[Handle], bool]:
    """`is_selected` of many handles at a time."""
    path, indices = workspace.keys.path, frozenset(workspace.keys.indices)

    def selected(handle: Handle) -> bool:
        key = handle.key if indices else None
        return key is not None and key.index in indices and key.path == path

    return selected


def grip_of(workspace: Workspace, slot: Slot, handle: Handle, log: bool) -> Grip:
    """A handle with all that moves along with it."""
    if isinstance(handle, ControlHandle):
        return ControlGrip(handle)
    if handle.key is None:
        return HandleGrip(handle)
    keys = TrackKeys(workspace.selected_group, slot, workspace.design.plan, handle.key.path)
    indices = workspace.keys.indices if is_selected(workspace, handle) else (handle.key.index,)
    return KeyGrip(handle, KeyMove(keys, handle.key.index, frozenset(indices)), "ratio" if log else "amount")

"""Selecting keys of a curve drawn by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Literal

from lrdesigner.schedules import Keyframes
from lrdesigner.schedules.key_edits import in_time
from lrdesigner.schedules.key_picks import joined, onwards, others
from lrdesigner_app.actions import ActionSpec

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class KeySelectionCommands:
    """Of the curve that is being edited. Edits of the keys are elsewhere."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(
            "select_all_keys", "Curve", "Select &all keys", "Ctrl+A", "Every key of the curve", "has_keys", "plot"
        ),
        ActionSpec(
            "select_later_keys", "Curve", "Select &later keys", "K", "The active key and all after it", "active", "plot"
        ),
        ActionSpec(
            "select_earlier_keys",
            "Curve",
            "Select &earlier keys",
            "Shift+K",
            "The active key and all before it",
            "active",
            "plot",
        ),
        ActionSpec(
            "select_linked_keys",
            "Curve",
            "Select l&inked keys",
            "Shift+L",
            "Every key to which the curve leads from the selected ones; a hold ends it",
            "active",
            "plot",
        ),
        ActionSpec(
            "invert_keys",
            "Curve",
            "In&vert selected keys",
            "Ctrl+I",
            "The keys that are not selected",
            "has_keys",
            "plot",
        ),
        ActionSpec(
            "select_no_keys", "Curve", "Select &no keys", "", "No key; Esc in the plot does it too", "active", "plot"
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._workspace = window.workspace

    @property
    def has_keys(self) -> bool:
        """Whether a curve drawn by hand is being edited."""
        return self._workspace.keys.node is not None

    @property
    def active(self) -> bool:
        """Whether a key is selected."""
        return self._workspace.keys.active is not None

    def select_all_keys(self) -> None:
        """Every key, the active one as before."""
        node, active = self._workspace.keys.node, self._workspace.keys.active
        if node is not None:
            self._select((*self._order(node), *(() if active is None else (active,))))

    def select_later_keys(self) -> None:
        """From the active one on."""
        self._select_onwards(1)

    def select_earlier_keys(self) -> None:
        """Up to the active one."""
        self._select_onwards(-1)

    def select_linked_keys(self) -> None:
        """Up to the next holds."""
        keys, span = self._workspace.keys, self._workspace.segments.span
        if keys.node is not None and keys.active is not None:
            self._select((*joined(keys.node, span, keys.indices), keys.active))

    def invert_keys(self) -> None:
        """The others."""
        keys, span = self._workspace.keys, self._workspace.segments.span
        if keys.node is not None:
            self._select(others(keys.node, span, keys.indices))

    def select_no_keys(self) -> None:
        """None."""
        self._workspace.keys.clear()

    def _select_onwards(self, direction: Literal[-1, 1]) -> None:
        keys, span = self._workspace.keys, self._workspace.segments.span
        if keys.node is not None and keys.active is not None:
            self._select(onwards(keys.node, span, keys.active, direction))

    def _order(self, node: Keyframes) -> Iterable[int]:
        return in_time(node, self._workspace.segments.span)

    def _select(self, indices: Iterable[int]) -> None:
        self._workspace.keys.select(indices)

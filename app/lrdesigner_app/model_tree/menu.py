"""The context menu of the tree: everything that dragging and keys do, once more."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtWidgets import QMenu, QWidget

from lrdesigner_app.swatches import swatch
from lrdesigner_app.widgets import calling
from lrdesigner_app.workspace import KEYS, Workspace


class Target(Protocol):
    """Who carries out what the menu offers."""

    def assign_selection(self, number: int) -> None:
        """Pin the selection to the n-th group, from 1."""

    def unpin_selection(self) -> None:
        """Forget the pins of the selection."""

    def group_from_selection(self) -> None:
        """Make a group of the selection."""


def build_menu(workspace: Workspace, target: Target, parent: QWidget, *, selected: bool, pinned: bool) -> QMenu:
    """Assign to ▸ groups, New group from selection, Unpin."""
    menu = QMenu(parent)
    groups = menu.addMenu("Assign to")
    groups.setEnabled(selected)
    for number, group in enumerate(workspace.design.groups, start=1):
        key = f"\t{number}" if number <= KEYS else ""
        icon = swatch(workspace.theme.group_colour(group.colour), parent.devicePixelRatioF())
        action = groups.addAction(icon, group.name.replace("&", "&&") + key)
        action.triggered.connect(calling(target.assign_selection, number))
    new = menu.addAction("New group from selection\tN")
    new.setEnabled(selected)
    new.triggered.connect(calling(target.group_from_selection))
    menu.addSeparator()
    unpin = menu.addAction("Unpin\t0")
    unpin.setEnabled(pinned)
    unpin.triggered.connect(calling(target.unpin_selection))
    return menu

"""The menus of the tree: everything that dragging and keys do, once more, and the group that a rule is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from PySide6.QtGui import QAction
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

    def ask_for_rule(self) -> None:
        """Make a rule of the filter."""

    def tell_why(self) -> None:
        """Say why the current row is in its group."""

    def expand_below(self) -> None:
        """Open everything in the selected modules."""

    def copy_names(self) -> None:
        """The selected paths to the clipboard."""

    def set_forward(self, on: bool) -> None:
        """The order of a forward pass, or of the definition."""


@dataclass(frozen=True, slots=True)
class Possible:
    """What of the menu makes sense now."""

    selected: bool
    pinned: bool
    filtered: bool
    ordered: bool
    """Whether the order of a forward pass is known."""
    forward: bool


def build_menu(workspace: Workspace, target: Target, parent: QWidget, possible: Possible) -> QMenu:
    """Assign to ▸ groups, New group from selection, Unpin; Make rule; Why is it here?; what helps to look around."""
    menu = QMenu(parent)
    groups = menu.addMenu("Assign to")
    groups.setEnabled(possible.selected)
    for number, group in enumerate(workspace.design.groups, start=1):
        key = f"\t{number}" if number <= KEYS else ""
        icon = swatch(workspace.theme.group_colour(group.colour), parent.devicePixelRatioF())
        action = groups.addAction(icon, group.name.replace("&", "&&") + key)
        action.triggered.connect(calling(target.assign_selection, number))
    _add(menu, "New group from selection\tN", target.group_from_selection, possible.selected)
    _add(menu, "Unpin\t0", target.unpin_selection, possible.pinned)
    menu.addSeparator()
    _add(menu, "Make the filter a rule…\tCtrl+Enter", target.ask_for_rule, possible.filtered)
    _add(menu, "Why is it here?\tW", target.tell_why, possible.selected)
    menu.addSeparator()
    _add(menu, "Expand all below\t*", target.expand_below, possible.selected)
    _add(menu, "Copy name\tCtrl+C", target.copy_names, possible.selected)
    if possible.ordered:
        order = menu.addMenu("Order")
        for title, forward in (("Definition", False), ("Forward pass", True)):
            action = _add(order, title, partial(target.set_forward, forward))
            action.setCheckable(True)
            action.setChecked(possible.forward == forward)
    return menu


def rule_menu(workspace: Workspace, parent: QWidget, give: Callable[[int | None], Any]) -> QMenu:
    """The groups that a new rule can be for; `give` gets the id of the chosen one, or None for a new group."""
    menu = QMenu(parent)
    for number, group in enumerate(workspace.design.groups, start=1):
        key = f"&{number}   " if number <= KEYS else ""
        icon = swatch(workspace.theme.group_colour(group.colour), parent.devicePixelRatioF())
        action = menu.addAction(icon, key + group.name.replace("&", "&&"))
        action.triggered.connect(calling(give, group.id))
    menu.addSeparator()
    menu.addAction("&New group").triggered.connect(calling(give, None))
    return menu


def _add(menu: QMenu, text: str, act: Callable[[], Any], enabled: bool = True) -> QAction:
    action = menu.addAction(text)
    action.setEnabled(enabled)
    action.triggered.connect(calling(act))
    return action

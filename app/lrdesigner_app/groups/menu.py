"""The context menu of a card."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QMenu, QWidget

from lrdesigner.document import COLOURS, Group
from lrdesigner_app.swatches import COLOUR_NAMES, swatch
from lrdesigner_app.widgets import calling
from lrdesigner_app.workspace import Workspace


class Target(Protocol):
    """Who carries out what the menu offers."""

    def rename(self) -> None:
        """Edit the name in place."""

    def set_colour(self, colour: int) -> None:
        """Another colour for the group."""

    def remove(self) -> None:
        """Remove the group."""

    def move_group(self, by: int) -> None:
        """Move the group in the order."""

    def solo(self) -> None:
        """Show the group's curve alone, or all again."""

    def hide_curve(self) -> None:
        """Hide the group's curve, or show it again."""

    def lock_curve(self) -> None:
        """Keep the group's curve from being dragged, or let it go."""


def build_menu(workspace: Workspace, target: Target, parent: QWidget) -> QMenu:
    """Rename, Colour ▸, Solo, Hide, Lock, Move up, Move down, Remove: for the selected group."""
    menu = QMenu(parent)
    group, groups = workspace.selected_group, workspace.design.groups
    place = next(row for row, other in enumerate(groups) if other.id == group.id)
    _add(menu, "Rename\tF2", target.rename)
    _add_colours(menu.addMenu("Colour"), workspace, target, parent.devicePixelRatioF())
    menu.addSeparator()
    look = workspace.display.look
    _add(menu, "Solo\tSpace", target.solo, checked=look.solo == group.id)
    _add(menu, "Hide curve\tH", target.hide_curve, checked=group.id in look.hidden)
    _add(menu, "Lock curve\tL", target.lock_curve, checked=group.id in look.locked)
    menu.addSeparator()
    _add(menu, "Move up\tAlt+Up", target.move_group, -1, enabled=place > 0)
    _add(menu, "Move down\tAlt+Down", target.move_group, 1, enabled=place < len(groups) - 1)
    menu.addSeparator()
    _add(menu, "Remove\tDel", target.remove, enabled=group.id != workspace.design.remainder)
    return menu


def _add_colours(menu: QMenu, workspace: Workspace, target: Target, ratio: float) -> None:
    group = workspace.selected_group
    for colour in range(COLOURS):
        others = [_escaped(g) for g in workspace.design.groups if g.colour == colour and g.id != group.id]
        text = COLOUR_NAMES[colour] + (f" · {', '.join(others)}" if others else "")
        ring = workspace.theme.colour("text") if colour == group.colour else None
        action = menu.addAction(swatch(workspace.theme.group_colour(colour), ratio, ring), text)
        action.setCheckable(True)
        action.setChecked(colour == group.colour)
        action.triggered.connect(calling(target.set_colour, colour))


def _add(
    menu: QMenu,
    text: str,
    action: Callable[..., None],
    *arguments: int,
    enabled: bool = True,
    checked: bool | None = None,
) -> None:
    made = menu.addAction(text)
    made.setEnabled(enabled)
    made.setCheckable(checked is not None)
    made.setChecked(bool(checked))
    made.triggered.connect(calling(action, *arguments))


def _escaped(group: Group) -> str:
    return group.name.replace("&", "&&")

"""The rows of the palette: the actions of the window, its groups, and the tracks of the selected one."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence

from lrdesigner.tracks import TRACK_KINDS, slots_of
from lrdesigner_app.actions import ActionSet
from lrdesigner_app.palette.rank import Row
from lrdesigner_app.workspace import Workspace

_ITSELF = "palette"


def rows_of(actions: ActionSet, workspace: Workspace) -> list[Row]:
    """Everything that can be done now, in the order of the menus."""
    return [*_action_rows(actions), *_group_rows(workspace), *_track_rows(workspace)]


def do(row: Row, actions: ActionSet, workspace: Workspace) -> None:
    """What a row stands for; nothing where it is not enabled."""
    kind, _, name = row.id.partition(":")
    if kind == "group":
        workspace.select_group(int(name))
    elif kind == "track":
        workspace.select_slot(next(slot for slot in slots_of(workspace.selected_group) if slot == name))
    else:
        actions[name].trigger()


def _action_rows(actions: ActionSet) -> list[Row]:
    made = []
    for spec in actions.specs.values():
        if spec.id == _ITSELF:
            continue
        action = actions[spec.id]
        title = _plain(action.text()).removesuffix("…")
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        made.append(Row(f"action:{spec.id}", title, spec.menu, key, spec.help, action.isEnabled()))
    return made


def _plain(text: str) -> str:
    """Without the marks of menu keys; "&&" is a mark that is shown."""
    return "&".join(part.replace("&", "") for part in text.split("&&"))


def _group_rows(workspace: Workspace) -> list[Row]:
    return [
        Row(f"group:{group.id}", f"Select {group.name}", "Group", help="Show this group in plot and inspector")
        for group in workspace.design.groups
    ]


def _track_rows(workspace: Workspace) -> list[Row]:
    return [
        Row(f"track:{slot}", f"Show {TRACK_KINDS[slot].title}", "Track", help="Show this track of the selected group")
        for slot in slots_of(workspace.selected_group)
    ]

"""Keys are picked on the plot: by click, by what a drag takes along; and removed there."""

from __future__ import annotations

from PySide6.QtCore import Qt

from lrdesigner.curve_handles import KeyRef
from lrdesigner.errors import UserError
from lrdesigner.tracks import Slot
from lrdesigner_app.notices import Notice
from lrdesigner_app.workspace import Workspace


class KeyPicking:
    """What single keys mean for the selection of keys."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def click(self, key: KeyRef, modifiers: Qt.KeyboardModifier) -> None:
        """Select this key alone; with Shift it too, with Ctrl one more or less."""
        selection = self._workspace.keys
        if key.path != selection.path:
            selection.select_in(key.path, (key.index,))
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            selection.toggle(key.index)
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            selection.extend((key.index,))
        else:
            selection.select((key.index,))

    def take(self, key: KeyRef) -> None:
        """A key that moves is selected: alone, if it was not yet."""
        selection = self._workspace.keys
        if key.path != selection.path or key.index not in selection.indices:
            selection.select_in(key.path, (key.index,))

    def remove(self, key: KeyRef, slot: Slot) -> None:
        """Remove a key; what else was selected stays so."""
        workspace = self._workspace
        keys = workspace.segments.keys_at(key.path)
        left = workspace.keys.indices if key.path == workspace.keys.path else ()
        try:
            edit = keys.remove((key.index,))
        except UserError as error:
            workspace.post(Notice(str(error), "bad"))
            return
        if workspace.perform(edit) and key.path == workspace.keys.path:
            workspace.keys.select(index - (index > key.index) for index in left if index != key.index)

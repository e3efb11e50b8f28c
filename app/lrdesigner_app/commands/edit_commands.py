"""Undo, groups, clipboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt

from lrdesigner_app.actions import ActionSpec
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import FormOutlet, StructForm

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow


class EditCommands:
    """The Edit menu."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("undo", "Edit", "&Undo", "Ctrl+Z", "Take the last edit back", "can_undo"),
        ActionSpec("redo", "Edit", "&Redo", "Ctrl+Shift+Z", "Bring back what was undone", "can_redo"),
        ActionSpec("new_group", "Edit", "&New group", "Ctrl+G", "Add a group and put the selected modules into it"),
        ActionSpec(
            "presets", "Edit", "&Presets…", "Ctrl+P", "Group the model in a known way, such as layer-wise decay"
        ),
        ActionSpec("copy_code", "Edit", "&Copy code", "Ctrl+Shift+C", "Put the exported code on the clipboard"),
        ActionSpec("show_history", "Edit", "&History…", "Ctrl+Shift+H", "Every edit so far, to go back and forth"),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    @property
    def can_undo(self) -> bool:
        """Whether an edit can be taken back."""
        return self._window.workspace.store.undo_label is not None

    @property
    def can_redo(self) -> bool:
        """Whether an edit can be brought back."""
        return self._window.workspace.store.redo_label is not None

    def undo(self) -> None:
        """Take the last edit back."""
        self._window.workspace.store.undo()

    def redo(self) -> None:
        """Bring back what was undone."""
        self._window.workspace.store.redo()

    def show_history(self) -> None:
        """The list of edits."""
        from lrdesigner_app.history_list import HistoryList

        shown = HistoryList(self._window.workspace, self._window)
        shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown.show()  # it may stay open beside the work

    def new_group(self) -> None:
        """A new group with what is selected in the tree."""
        window = self._window
        if window.tree.selected_paths():
            window.tree.group_from_selection()
        else:
            window.groups.new_group()
            window.inspector.header.edit_name()

    def presets(self) -> None:
        """Choose a preset, seeing what it does."""
        from lrdesigner.presets import PRESETS
        from lrdesigner_app.presets import PresetsDialog

        workspace = self._window.workspace

        def form(send: Callable[[str, Any, bool], None], cancel: Callable[[], None]) -> StructForm:
            return StructForm(FormOutlet(send, cancel, lambda text: workspace.post(Notice(text, "bad"))))

        dialog = PresetsDialog(workspace, PRESETS, form, self._window)
        dialog.previewed.connect(self._window.plot.frame_soon)
        dialog.exec()
        dialog.deleteLater()

    def copy_code(self) -> None:
        """The code to the clipboard."""
        self._window.code.copy()

"""What the actions do, by the part of the program that they are about; `ACTIONS` is the one table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdesigner_app.actions import ActionSpec, Commands
from lrdesigner_app.commands.code_commands import CodeCommands
from lrdesigner_app.commands.display_commands import DisplayCommands
from lrdesigner_app.commands.edit_commands import EditCommands
from lrdesigner_app.commands.file_commands import FileCommands
from lrdesigner_app.commands.help_commands import HelpCommands
from lrdesigner_app.commands.key_commands import KeyCommands
from lrdesigner_app.commands.key_selection_commands import KeySelectionCommands
from lrdesigner_app.commands.plot_commands import PlotCommands
from lrdesigner_app.commands.plot_export_commands import PlotExportCommands
from lrdesigner_app.commands.segment_commands import SegmentCommands
from lrdesigner_app.commands.trial_commands import TrialCommands
from lrdesigner_app.commands.view_commands import ViewCommands
from lrdesigner_app.commands.window_commands import WindowCommands

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

KINDS = (
    FileCommands,
    WindowCommands,
    EditCommands,
    SegmentCommands,
    KeyCommands,
    KeySelectionCommands,
    PlotCommands,
    PlotExportCommands,
    DisplayCommands,
    ViewCommands,
    CodeCommands,
    TrialCommands,
    HelpCommands,
)

ACTIONS: tuple[ActionSpec, ...] = tuple(spec for kind in KINDS for spec in kind.rows)


def commands_of(window: MainWindow) -> tuple[Commands, ...]:
    """The objects whose methods the actions of a window call."""
    return tuple(kind(window) for kind in KINDS)

"""The one table of actions: what the window can do, under which name, key and help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Menu = Literal["File", "Edit", "View", "Trial", "Help"]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `id` names the method of the main window that does it."""

    id: str
    menu: Menu
    title: str
    key: str
    help: str


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_model", "File", "Open &model…", "Ctrl+M", "Open a model: code, a checkpoint, or a library's"),
    ActionSpec("reload_model", "File", "&Reload model", "Ctrl+R", "Open the model again, after its file has changed"),
    ActionSpec("open_demo", "File", "Open the &demo", "", "Start again with the demo design"),
    ActionSpec("open_design", "File", "&Open design…", "Ctrl+O", "Open a design file"),
    ActionSpec("save", "File", "&Save", "Ctrl+S", "Save the design"),
    ActionSpec("save_as", "File", "Save &as…", "Ctrl+Shift+S", "Save the design under another name"),
    ActionSpec("export", "File", "&Export code…", "Ctrl+E", "Save the code that makes the optimizer and scheduler"),
    ActionSpec("close", "File", "&Quit", "Ctrl+Q", "Close the window"),
    ActionSpec("undo", "Edit", "&Undo", "Ctrl+Z", "Take the last edit back"),
    ActionSpec("redo", "Edit", "&Redo", "Ctrl+Shift+Z", "Bring back what was undone"),
    ActionSpec("new_group", "Edit", "&New group", "Ctrl+G", "Add a group and put the selected modules into it"),
    ActionSpec("presets", "Edit", "&Presets…", "Ctrl+P", "Group the model in a known way, such as layer-wise decay"),
    ActionSpec("add_segment", "Edit", "&Add segment", "Ctrl+T", "Add a segment after the selected one"),
    ActionSpec("copy_code", "Edit", "&Copy code", "Ctrl+Shift+C", "Put the exported code on the clipboard"),
    ActionSpec("find_in_model", "View", "&Find in the model", "Ctrl+F", "Filter the modules and parameters"),
    ActionSpec("next_track", "View", "&Next track", "Ctrl+PgDown", "Plot the next of rate, weight decay, momentum ..."),
    ActionSpec("toggle_log", "View", "&Linear or log", "Ctrl+L", "Switch the axis of the plotted values"),
    ActionSpec("toggle_epochs", "View", "&Steps or epochs", "Ctrl+U", "Switch the axis of time"),
    ActionSpec("frame_all", "View", "Frame &all", "", "Show every curve whole (Home, in the plot)"),
    ActionSpec("show_code", "View", "&Code", "Ctrl+1", "Show the exported code"),
    ActionSpec("show_problems", "View", "&Problems", "Ctrl+2", "Show what the checks found"),
    ActionSpec("show_trial", "View", "&Trial", "Ctrl+3", "Show the trial"),
    ActionSpec("run_trial", "Trial", "&Run", "F5", "Train for a short while with the exported code"),
    ActionSpec("stop_trial", "Trial", "&Stop", "Shift+F5", "Stop the trial and keep its results"),
    ActionSpec("about", "Help", "&About LR Designer", "", "Version and versions of what it is built on"),
)

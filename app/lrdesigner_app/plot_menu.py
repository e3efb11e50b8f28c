"""The menu of the plot, made of the table of actions; some of it is about the step under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from lrdesigner_app.widgets import calling

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

_SECTIONS: tuple[tuple[str, ...], ...] = (
    ("frame_all", "frame_selection"),
    ("toggle_log", "toggle_epochs"),
    ("solo", "hide", "lock", "show_all"),
    ("normalise", "pin_ghost", "revert_to_ghost", "drop_ghost"),
    ("copy_plot_image", "copy_values", "save_plot", "save_values"),
)


def plot_menu(window: MainWindow, step: int | None) -> QMenu:
    """What can be done to the plot and to the selected curve; at a step of the run, if one is pointed at."""
    menu = QMenu(window)
    menu.setToolTipsVisible(True)
    if step is not None:
        _add_step(menu, window, step)
    curve = window.workspace.selected_group.name.replace("&", "&&")
    for names in _SECTIONS:
        menu.addSeparator()
        if names[0] == "solo":
            _add_title(menu, curve)
        for name in names:
            action = window.action(name)
            if name not in ("show_all", "revert_to_ghost", "drop_ghost") or action.isEnabled():
                menu.addAction(action)
    return menu


def pop_up_plot_menu(window: MainWindow, place: QPoint) -> None:
    """Show it at a place on the screen."""
    menu = plot_menu(window, window.plot.pointed_step)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(place)


def _add_title(menu: QMenu, words: str) -> None:
    """What the next entries are about: the style sheet leaves no room for the titles that Qt has for this."""
    menu.addAction(words).setEnabled(False)


def _add_step(menu: QMenu, window: MainWindow, step: int) -> None:
    workspace = window.workspace
    _add_title(menu, f"Step {step:,}")
    mark = menu.addAction("Mark this step")
    mark.triggered.connect(calling(workspace.display.set_playhead, step))
    takes = workspace.display.look.takes(workspace.selected_group.id)
    for words, action in (
        ("Insert a key here", window.plot.key_insertion.add_at),
        ("Split the segment here", workspace.segments.split),
    ):
        made = menu.addAction(words)
        made.setEnabled(takes)
        made.triggered.connect(calling(action, step))

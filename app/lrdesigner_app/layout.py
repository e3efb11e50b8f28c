"""Where everything stands in the main window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from lrdesigner_app.lower_panel import LowerPanel
from lrdesigner_app.overlay import Overlay
from lrdesigner_app.theme import GRID
from lrdesigner_app.tour import Tour

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

LEFT, CENTRE, RIGHT = 320, 800, 300
INSPECTOR_MIN = 260


def arrange(window: MainWindow) -> None:
    """Header on top; model and groups at the left, plot over tabs in the middle, inspector at the right."""
    window.tabs.addTab(window.code, "Code")
    window.tabs.addTab(window.problems, "Problems")
    window.tabs.addTab(window.trial_tab, "Trial")
    window.tabs.setDocumentMode(True)
    window.tabs_panel = LowerPanel(window.tabs, window.trial_tab)
    window.plot.body.addWidget(window.strip)
    window.plot.body.addWidget(window.freeze_lane)
    window.groups.body.addWidget(window.rules)
    window.plot.time_axis_moved.connect(window.strip.align_with)
    window.plot.time_axis_moved.connect(window.freeze_lane.align_with)
    left = _splitter(Qt.Orientation.Vertical, window.tree, window.groups)
    centre = _splitter(Qt.Orientation.Vertical, window.plot, window.tabs_panel)
    across = _splitter(Qt.Orientation.Horizontal, left, centre, window.inspector)
    left.setSizes([510, 350])
    centre.setSizes([560, 300])
    window.tabs_panel.follow(centre)
    across.setSizes([LEFT, CENTRE, RIGHT])
    across.setStretchFactor(0, 0)
    across.setStretchFactor(1, 1)
    across.setStretchFactor(2, 0)
    window.inspector.setMinimumWidth(INSPECTOR_MIN)
    window.tree.setMinimumWidth(230)
    window.splitters = {"left": left, "centre": centre, "across": across}
    _fill_header(window)
    ground = QWidget()
    ground.setObjectName("ground")
    column = QVBoxLayout(ground)
    column.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID + 4)
    column.setSpacing(GRID)
    column.addWidget(window.header)
    column.addWidget(across, 1)
    window.setCentralWidget(ground)
    window.overlay = Overlay(ground, window.busy, window.notices, window.recovery_bar)
    window.tour = Tour(
        ground,
        {"groups": window.groups, "plot": window.plot, "trial": window.tabs_panel},
        window.workspace.theme,
    )


def _fill_header(window: MainWindow) -> None:
    header = window.header
    header.add_menu("Menu", window.menu)
    header.add_action(window.action("open_model"), "Open")
    header.add_action(window.action("undo"), "Undo")
    header.add_action(window.action("redo"), "Redo")
    header.add_action(window.action("export_code"), "Export")
    header.add_action(window.action("run_trial"), "Run trial", "primary")


def _splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    made = QSplitter(orientation)
    made.setHandleWidth(GRID)
    made.setChildrenCollapsible(False)
    for widget in widgets:
        made.addWidget(widget)
    return made

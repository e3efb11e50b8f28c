"""Fixtures for the window's tests: offscreen by themselves, nothing left running behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.store import Store
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    made = Theme(qapp)
    made.apply()
    return made


@pytest.fixture
def workspace(design: Design, theme: Theme) -> Workspace:
    return Workspace(Store(design), theme)


@pytest.fixture
def selection(workspace: Workspace) -> SegmentSelection:
    return workspace.segments


@pytest.fixture
def inspector(workspace: Workspace, selection: SegmentSelection, qtbot: QtBot) -> Inspector:
    made = Inspector(workspace, selection)
    qtbot.addWidget(made)
    made.resize(300, 800)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window on the demo, without a child that waits; it closes without asking."""
    made = make_window(qapp, demo_design())
    made.spare.close()
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close_unasked()
    made.deleteLater()


@pytest.fixture(autouse=True)
def no_button_stays_down(qapp: QApplication) -> Iterator[None]:
    yield
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton):
        if QGuiApplication.mouseButtons() & button:
            QTest.mouseRelease(QWidget(), button)


@pytest.fixture(autouse=True)
def no_process_is_left_behind(qapp: QApplication) -> Iterator[None]:
    yield
    running = [p for p in qapp.findChildren(QProcess) if p.state() != QProcess.ProcessState.NotRunning]
    assert not running

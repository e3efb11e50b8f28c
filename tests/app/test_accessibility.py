"""The window for those who use the keyboard, or a screen reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QSplitter, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner.demos import demo_design
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow

TABS = range(3)


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    made = make_window(qapp, demo_design())
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()


def focusable(window: MainWindow) -> list[QWidget]:
    """What the Tab key can reach now."""
    found = [w for w in window.findChildren(QWidget) if w.isVisible() and w.isEnabled()]
    return [w for w in found if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.focusProxy() is None]


def described(widget: QWidget) -> str:
    owners = []
    owner: QWidget | None = widget
    while owner is not None and len(owners) < 4:
        owners.append(type(owner).__name__)
        owner = owner.parentWidget()
    return " in ".join(owners)


@pytest.mark.parametrize("tab", TABS)
def test_whatever_the_tab_key_reaches_has_a_name(window: MainWindow, tab: int) -> None:
    window.tabs.setCurrentIndex(tab)
    reached = [w for w in focusable(window) if not isinstance(w, (QScrollArea, QSplitter, QTabWidget))]
    assert len(reached) > 20
    unnamed = [described(w) for w in reached if not QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name)]
    assert unnamed == []


def test_buttons_without_words_say_what_they_do(window: MainWindow) -> None:
    wordless = [w for w in window.findChildren(QAbstractButton) if w.isVisible() and not w.text()]
    assert wordless
    assert [described(w) for w in wordless if not w.toolTip() or not w.accessibleName()] == []


@pytest.mark.parametrize("tab", TABS)
def test_the_keyboard_focus_can_be_seen(window: MainWindow, tab: int, qtbot: QtBot) -> None:
    window.tabs.setCurrentIndex(tab)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    unseen = []
    for widget in focusable(window):
        if isinstance(widget, (QScrollArea, QSplitter, QTabWidget)):
            continue
        window.setFocus()
        widget.clearFocus()
        without = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if QApplication.focusWidget() is widget and widget.grab().toImage() == without:
            unseen.append(described(widget))
    assert unseen == []

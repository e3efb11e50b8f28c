"""The tabs under the plot: their pages are chosen in the row of the tabs, and they can have most of the height."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lrdesigner_app.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(window: MainWindow) -> MainWindow:
    window.resize(1440, 900)
    return window


def whole(widget: QWidget) -> bool:
    """Whether all of it can be seen."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def test_the_pages_of_trials_are_chosen_beside_the_tabs_while_trials_are_shown(window: MainWindow) -> None:
    choice = window.trial_tab.choice
    assert not choice.isVisible()
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    QApplication.processEvents()
    assert all(whole(button) for button in choice.buttons)
    for index, button in enumerate(choice.buttons):
        QTest.mouseClick(button, LEFT)
        assert window.trial_tab.page(index).isVisible()
        assert button.isChecked()
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert not choice.isVisible()


def test_in_a_narrow_window_the_pages_are_a_box_that_does_the_same(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    window.resize(900, 700)
    QApplication.processEvents()
    choice = window.trial_tab.choice
    assert whole(choice.combo)
    assert not any(button.isVisible() for button in choice.buttons)
    choice.combo.setFocus()
    QTest.keyClick(choice.combo, Qt.Key.Key_End)
    assert window.trial_tab.page(len(choice.buttons) - 1).isVisible()


@pytest.mark.parametrize("way", ["key", "button", "double click"])
def test_the_tabs_take_the_height_that_the_plot_can_spare_and_give_it_back(window: MainWindow, way: str) -> None:
    panel, splitter = window.tabs_panel, window.splitters["centre"]

    def turn() -> None:
        if way == "key":
            QTest.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
        elif way == "button":
            QTest.mouseClick(panel.height_button, LEFT)
        else:
            bar = window.tabs.tabBar()
            QTest.mouseDClick(bar, LEFT, pos=bar.tabRect(0).center())

    before = splitter.sizes()
    turn()
    assert panel.raised
    assert window.plot.isVisible()
    assert splitter.sizes()[0] >= window.plot.minimumSizeHint().height()
    assert "plot" in panel.height_button.accessibleName()
    turn()
    assert splitter.sizes() == before
    assert "tabs" in panel.height_button.accessibleName()

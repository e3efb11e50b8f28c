"""The tour: three hints that are in nobody's way."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner_app.theme import Theme
from lrdesigner_app.tour import HINTS, Tour


@pytest.fixture
def ground(theme: Theme, qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1280, 760)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def tour(ground: QWidget, theme: Theme) -> Tour:
    places = {"groups": (10, 400, 300, 300), "plot": (320, 40, 620, 400), "trial": (320, 450, 620, 300)}
    anchors: dict[str, QWidget] = {}
    for name, rect in places.items():
        anchors[name] = QWidget(ground)
        anchors[name].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        anchors[name].setGeometry(*rect)
        anchors[name].show()
    anchors["groups"].setFocus()
    return Tour(ground, anchors, theme)  # type: ignore[arg-type]


def _key(key: Qt.Key) -> None:
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key)


def test_enter_leads_through_all_hints_and_ends_the_tour(tour: Tour) -> None:
    tour.begin()
    said = []
    while tour.running:
        said.append(tour.bubble.title.text())
        assert tour.bubble.isVisible()
        assert tour.ring.isVisible()
        QTest.mouseClick(tour.bubble.advance, Qt.MouseButton.LeftButton)
    assert said == [hint.title for hint in HINTS]
    assert not tour.bubble.isVisible()
    assert not tour.ring.isVisible()


def test_esc_skips_the_tour_and_gives_the_keyboard_back(tour: Tour, ground: QWidget) -> None:
    before = ground.focusWidget()
    tour.begin()
    assert tour.bubble.isAncestorOf(ground.focusWidget() or ground)
    _key(Qt.Key.Key_Escape)
    assert not tour.running
    assert ground.focusWidget() is before


def test_the_hint_stands_beside_its_part_and_inside_of_the_window(tour: Tour, ground: QWidget) -> None:
    tour.begin()
    for hint in HINTS:
        bubble = tour.bubble.geometry()
        assert ground.rect().contains(bubble)
        part = tour._anchors[hint.anchor]
        assert tour.ring.geometry().contains(part.geometry())
        assert hint.anchor == "trial" or not QRect(part.geometry()).intersects(bubble)
        tour.advance()


def test_the_hint_follows_when_the_window_is_resized(tour: Tour, ground: QWidget, qtbot: QtBot) -> None:
    tour.begin()
    ground.resize(700, 500)
    qtbot.waitUntil(lambda: ground.rect().contains(tour.bubble.geometry()))

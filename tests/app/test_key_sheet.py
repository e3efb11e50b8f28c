"""The sheet of keys tells every key of the table of actions."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner_app.commands import ACTIONS
from lrdesigner_app.key_sheet import KeySheet
from lrdesigner_app.theme import Theme


def test_the_sheet_has_every_key_with_its_action_and_fits_its_window(theme: Theme, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    sheet = KeySheet(ACTIONS, parent)
    with qtbot.waitExposed(sheet):
        sheet.show()
    texts = {found.text() for found in sheet.findChildren(QLabel)}
    with_key = [spec for spec in ACTIONS if spec.key]
    assert len(with_key) > 15
    for spec in with_key:
        assert QKeySequence(spec.key).toString(QKeySequence.SequenceFormat.NativeText) in texts
        assert any(text.startswith(spec.title.replace("&", "").rstrip("…")) for text in texts)
    assert all(found.width() <= sheet.width() for found in sheet.findChildren(QLabel))

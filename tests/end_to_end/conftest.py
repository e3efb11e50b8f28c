"""Fixtures for tests that drive the real window."""

from __future__ import annotations

from collections.abc import Iterator

import pyqtgraph as pg
import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner.demos import demo_design
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The window on the demo; it closes without asking, and must leave no child behind."""
    rate = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    made = make_window(qapp, demo_design())
    monkeypatch.setattr(made.files, "ask_about_unsaved", lambda: QMessageBox.StandardButton.Discard)
    made.resize(1440, 900)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    assert not made.spare.running
    assert made.spare.spare is None
    pg.setConfigOption("mouseRateLimit", rate)
    made.deleteLater()
    qapp.processEvents()

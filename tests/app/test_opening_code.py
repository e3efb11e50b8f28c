"""Exported code in the window: its design opens, untitled and not saved, and nothing is ever saved over the code."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load
from lrdesigner.export import export
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.window_command import open_window, start
from lrdesigner_app.window_drops import dropped, what_is

DESIGN = edits.set_base_lr(demo_design(), 1, 0.125)
EDITED = "rates.py was edited after it was written; the design is as it was then."
Answer = QMessageBox.StandardButton


@pytest.fixture
def code(tmp_path: Path) -> Path:
    file = tmp_path / "rates.py"
    file.write_text(export(DESIGN))
    return file


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window(qapp, demo_design())
    made.spare.close()  # no child is wanted here
    yield made
    _close(made)


def _close(window: MainWindow) -> None:
    window.files.ask_about_unsaved = lambda: Answer.Discard  # type: ignore[method-assign]
    window.close()
    window.deleteLater()


def check_untitled(window: MainWindow) -> None:
    assert window.workspace.design == DESIGN
    assert (window.files.path, window.files.title) == (None, "Untitled")
    assert window.workspace.store.modified


def test_the_menu_opens_code_beside_designs(window: MainWindow, code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(*arguments: object) -> tuple[str, str]:
        assert "*.py" in str(arguments[-1])
        return str(code), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    window.files.ask_and_open()
    check_untitled(window)
    (entry,) = window.files.recent.entries
    assert (entry.kind, entry.file) == ("design", str(code))
    window.files.replace_design(demo_design(), None)
    window.opening.open_recent(entry)
    check_untitled(window)


def test_the_command_line_opens_code(
    code: Path, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrdesigner_app.application.make_application", lambda: qapp)
    _, window, source = start(str(code))
    gc.unfreeze()
    window.spare.close()
    try:
        assert source is None
        check_untitled(window)
        assert window.notices.text.text() == "The design in rates.py is open, without a file of its own yet."
    finally:
        _close(window)


def test_what_is_dropped_says_what_it_is_before(window: MainWindow, code: Path, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(code))])
    found = dropped(data)
    assert found is not None
    assert (found.kind, found.sentence) == ("design", "Open the design in rates.py")
    window.opening.open_dropped(found)
    check_untitled(window)
    (tmp_path / "net.py").write_text("DESIGN = (1,)\n")
    assert what_is(tmp_path / "net.py").kind == "python"


def test_saving_asks_for_a_design_file_beside_the_code_and_leaves_the_code(
    window: MainWindow, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, proposed = code.read_bytes(), list[str]()

    def choose(_parent: object, _title: str, proposal: str, _kinds: str) -> tuple[str, str]:
        proposed.append(proposal)
        return (str(code) if len(proposed) == 1 else ""), ""  # the name of the code itself, then none

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    window.files.open(code)
    assert window.files.save()
    assert proposed == [str(code.with_name("rates.lrd.json"))]
    assert code.read_bytes() == before
    assert window.files.path == code.with_name("rates.py.lrd.json")
    assert load(code.with_name("rates.py.lrd.json")) == DESIGN
    window.files.replace_design(demo_design(), None)
    assert not window.files.save_as()
    assert Path(proposed[1]).name == "untitled.lrd.json"


def test_edited_code_says_so_until_it_was_read(window: MainWindow, code: Path) -> None:
    code.write_text(code.read_text().replace("0.125", "0.25", 1))
    window.files.open(code)
    check_untitled(window)
    assert window.notices.text.text() == EDITED


def test_damaged_code_changes_nothing(window: MainWindow, code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code.write_text(code.read_text()[:-50])
    assert not window.files.open(code)
    assert window.workspace.design == demo_design()
    assert "was damaged" in window.notices.text.text()
    found = what_is(code)
    assert (found.kind, found.sentence) == ("refused", window.notices.text.text())
    assert open_window([str(code)]) == 2
    assert "was damaged" in capsys.readouterr().err

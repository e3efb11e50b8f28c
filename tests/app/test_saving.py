"""Saving loses nothing: not what others wrote, not the file that was there, not what is in the window."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load, load_with_faults, save
from lrdesigner.faults import Opened
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.waiting import LARGE_BYTES

Answer = QMessageBox.StandardButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def file(window: MainWindow, tmp_path: Path) -> Path:
    """The file of the open design, which has been changed in the window since."""
    file = tmp_path / "work" / "mine.lrd.json"
    file.parent.mkdir()
    assert window.files.save_to(file)
    rename(window, "mine")
    return file


def rename(window: MainWindow, name: str) -> None:
    window.workspace.commit("Rename", edits.rename_group, 1, name)


def press_save(window: MainWindow) -> str:
    window.notices.hide()
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    return window.notices.text.text()


def test_a_file_that_others_changed_is_replaced_only_when_told_so(window: MainWindow, file: Path) -> None:
    save(edits.rename_group(demo_design(), 1, "theirs"), file)
    assert press_save(window) == "mine.lrd.json was changed outside this window. It was not saved."
    assert load(file).group(1).name == "theirs"
    assert window.workspace.store.modified
    assert window.notices.action.text() == "Overwrite"
    QTest.mouseClick(window.notices.action, Qt.MouseButton.LeftButton)
    assert load(file).group(1).name == "mine"
    assert not window.workspace.store.modified
    rename(window, "again")
    assert press_save(window) == "Saved mine.lrd.json."


def test_the_button_that_overwrites_does_nothing_to_the_file_of_another_design(
    window: MainWindow, file: Path, tmp_path: Path
) -> None:
    save(edits.rename_group(demo_design(), 1, "theirs"), file)
    press_save(window)
    other = tmp_path / "other.lrd.json"
    save(demo_design(), other)
    assert window.files.open(other)
    QTest.mouseClick(window.notices.action, Qt.MouseButton.LeftButton)
    assert window.notices.text.text() == "mine.lrd.json is no longer open here; nothing was written."
    assert load(file).group(1).name == "theirs"


def test_opening_it_again_settles_it(window: MainWindow, file: Path) -> None:
    save(edits.rename_group(demo_design(), 1, "theirs"), file)
    assert window.files.open(file)
    rename(window, "mine")
    assert press_save(window) == "Saved mine.lrd.json."


def test_a_file_that_was_only_touched_is_saved(window: MainWindow, file: Path) -> None:
    os.utime(file, (1, 1))
    assert press_save(window) == "Saved mine.lrd.json."


def test_a_file_that_was_removed_is_written_again(window: MainWindow, file: Path) -> None:
    file.unlink()
    assert press_save(window) == "Saved mine.lrd.json."
    assert load(file).group(1).name == "mine"


def test_closing_with_save_stays_open_when_others_changed_the_file(
    window: MainWindow, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(edits.rename_group(demo_design(), 1, "theirs"), file)
    monkeypatch.setattr(window.files, "ask_about_unsaved", lambda: Answer.Save)
    assert not window.close()
    assert window.isVisible()
    assert load(file).group(1).name == "theirs"


def test_save_as_over_the_same_file_needs_no_second_question(
    window: MainWindow, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(edits.rename_group(demo_design(), 1, "theirs"), file)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    QTest.keyClick(window, Qt.Key.Key_S, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert load(file).group(1).name == "mine"


def test_a_folder_that_is_gone_is_told_in_one_sentence(window: MainWindow, file: Path) -> None:
    file.unlink()
    file.parent.rmdir()
    assert press_save(window) == f"{file} cannot be written: there is no folder {file.parent}."
    assert window.workspace.store.modified


def test_a_write_protected_file_is_not_replaced(window: MainWindow, file: Path) -> None:
    before = file.read_bytes()
    file.chmod(0o444)
    assert press_save(window).endswith("it is write-protected. Save it under another name.")
    assert file.read_bytes() == before
    assert window.workspace.store.modified


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    window: MainWindow, file: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        assert press_save(window) == f"{file} cannot be written: No space left on device."
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
    assert window.workspace.store.modified
    assert press_save(window) == "Saved mine.lrd.json."


def test_opening_asks_for_the_file_first_and_then_about_what_is_not_saved(
    window: MainWindow, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.lrd.json"
    save(demo_design(), other)
    asked: list[str] = []
    chosen = [("", ""), (str(other), "")]

    def choose(*_: Any) -> tuple[str, str]:
        asked.append("file")
        return chosen.pop(0)

    def unsaved() -> Answer:
        asked.append("unsaved")
        return Answer.Discard

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    monkeypatch.setattr(window.files, "ask_about_unsaved", unsaved)
    QTest.keyClick(window, Qt.Key.Key_O, CTRL)
    assert asked == ["file"]
    assert window.files.path == file
    QTest.keyClick(window, Qt.Key.Key_O, CTRL)
    assert asked == ["file", "file", "unsaved"]
    assert window.files.path == other


def test_the_window_tells_the_system_its_file_and_whether_it_is_saved(window: MainWindow, file: Path) -> None:
    assert window.windowTitle() == "mine[*] – LR Designer"
    assert window.isWindowModified()
    assert Path(window.windowFilePath()) == file
    assert "•" in window.header._title.text()
    press_save(window)
    assert not window.isWindowModified()
    assert "•" not in window.header._title.text()
    window.do("open_demo")
    assert window.windowFilePath() == ""


def test_opening_a_large_file_says_so_with_pointer_and_line_until_it_is_done(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "large.lrd.json"
    save(demo_design(), file)
    with file.open("ab") as stream:
        stream.write(b" " * LARGE_BYTES)
    seen: list[tuple[bool, str, bool]] = []

    def look(path: Path) -> Opened:
        cursor = QApplication.overrideCursor()
        waits = cursor is not None and cursor.shape() == Qt.CursorShape.WaitCursor
        seen.append((waits and window.busy.isVisible(), window.busy._text.text(), window.busy.cancel.isVisible()))
        return load_with_faults(path)

    monkeypatch.setattr("lrdesigner_app.document_files.load_with_faults", look)
    assert window.files.open(file)
    assert seen == [(True, "Opening large.lrd.json…", False)]
    assert QApplication.overrideCursor() is None
    assert not window.busy.isVisible()
    file.write_bytes(b"{" + b" " * LARGE_BYTES)
    assert not window.files.open(file)
    assert QApplication.overrideCursor() is None
    assert not window.busy.isVisible()

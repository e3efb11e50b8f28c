"""Unsaved designs after a crash: a real process is killed, and the next one offers what it had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load, save
from lrdesigner.document import Design
from lrdesigner.recovery_files import Kept, RecoveryFolder, Writing, content_of, read_copy
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.notices import Notice
from lrdesigner_app.recovery import offer_text

CRASHING = """
import sys
from PySide6.QtCore import QTimer
from lrdesigner import edits
from lrdesigner_app.window_command import start

application, window, _ = start(sys.argv[1])
window.autosave.pause_s = 0.05
window.workspace.commit("Rename", edits.rename_group, window.workspace.design.groups[0].id, sys.argv[2])
application.exec()
"""


@pytest.fixture
def folder(own_settings: Path) -> Path:
    return own_settings / "recovery"


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    yield from opened(qapp, qtbot, demo_design())


def opened(qapp: QApplication, qtbot: QtBot, design: Design, path: Path | None = None) -> Iterator[MainWindow]:
    made = make_window(qapp, design, path)
    made.spare.close()  # no child is wanted here
    made.autosave.pause_s = 0.05
    with qtbot.waitExposed(made):
        made.show()
    yield made
    for other in made.windows.windows:
        other.close_unasked()


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.recovery"))


def crash(folder: Path, what: str, name: str) -> None:
    """Start the program on `what` in a process of its own, edit the design there, and kill it once it is kept."""
    before = len(copies(folder))
    child = subprocess.Popen([sys.executable, "-c", CRASHING, what, name], env={**os.environ})
    try:
        end = time.monotonic() + 40
        while len(copies(folder)) == before:
            assert child.poll() is None, "the program ended by itself"
            assert time.monotonic() < end, "nothing was kept"
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def left(folder: Path, design: Design, kept: Kept, dead_pid: int) -> Path:
    file = RecoveryFolder(folder, dead_pid).new_file()
    writing = Writing(file, content_of(design, kept))
    while not writing.advance():
        pass
    return file


@pytest.fixture
def dead_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def renamed(name: str) -> Design:
    design = demo_design()
    return edits.rename_group(design, design.groups[0].id, name)


def edit(window: MainWindow, name: str) -> None:
    window.workspace.commit("Rename", edits.rename_group, window.workspace.design.groups[0].id, name)


def first_name(window: MainWindow) -> str:
    return window.workspace.design.groups[0].name


def test_what_a_killed_process_had_not_saved_is_restored_under_its_name_and_stays_until_it_is_saved(
    folder: Path, tmp_path: Path, window: MainWindow, qtbot: QtBot
) -> None:
    file = tmp_path / "vit.lrd.json"
    save(demo_design(), file)
    crash(folder, str(file), "crashed")
    assert load(file) == demo_design()

    window.windows.recovery.look()
    assert window.recovery_bar.isVisible()
    assert "vit was not saved" in window.recovery_bar.text.text()
    QTest.mouseClick(window.recovery_bar.restore, Qt.MouseButton.LeftButton)
    assert not window.recovery_bar.isVisible()
    assert (first_name(window), window.files.path, window.files.title) == ("crashed", file, "vit")
    assert window.workspace.store.modified
    assert len(copies(folder)) == 1

    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert load(file).groups[0].name == "crashed"
    assert copies(folder) == []


def test_a_design_from_the_command_line_opens_first_and_the_restored_one_beside_it(
    folder: Path, tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    crash(folder, "", "crashed")
    file = tmp_path / "other.lrd.json"
    save(renamed("asked for"), file)
    for window in opened(qapp, qtbot, load(file), file):
        window.windows.recovery.look_soon()
        assert first_name(window) == "asked for"
        qtbot.waitUntil(window.recovery_bar.isVisible, timeout=3000)
        QTest.mouseClick(window.recovery_bar.restore, Qt.MouseButton.LeftButton)
        assert [first_name(other) for other in window.windows.windows] == ["asked for", "crashed"]
        assert [other.files.title for other in window.windows.windows] == ["other", "Untitled"]


def test_an_edit_is_kept_a_moment_later_and_goes_when_it_is_taken_back(
    folder: Path, window: MainWindow, qtbot: QtBot
) -> None:
    edit(window, "mine")
    assert copies(folder) == []
    qtbot.waitUntil(lambda: len(copies(folder)) == 1)
    assert read_copy(copies(folder)[0])[1].design.groups[0].name == "mine"
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert copies(folder) == []


def test_edits_without_a_pause_are_kept_all_the_same(folder: Path, window: MainWindow, qtbot: QtBot) -> None:
    window.autosave.pause_s, window.autosave.longest_s = 5.0, 0.2
    for number in range(40):
        edit(window, f"name {number}")
        qtbot.wait(20)
        if copies(folder):
            return
    pytest.fail("nothing was kept")


def test_nothing_is_written_while_a_preview_is_shown(folder: Path, window: MainWindow, qtbot: QtBot) -> None:
    edit(window, "mine")
    window.workspace.preview("Rename", edits.rename_group, window.workspace.design.groups[0].id, "shown")
    qtbot.wait(400)
    assert copies(folder) == []
    window.workspace.store.cancel()
    qtbot.waitUntil(lambda: len(copies(folder)) == 1)
    assert read_copy(copies(folder)[0])[1].design.groups[0].name == "mine"


@pytest.mark.parametrize("how", ["discard at closing", "another design"])
def test_a_copy_goes_with_the_design_that_was_let_go(
    how: str, folder: Path, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(window, "mine")
    qtbot.waitUntil(lambda: len(copies(folder)) == 1)
    monkeypatch.setattr(window.files, "ask_about_unsaved", lambda: QMessageBox.StandardButton.Discard)
    window.do("close_window" if how == "discard at closing" else "open_demo")
    assert copies(folder) == []


def test_several_are_offered_one_after_the_other_and_discarding_removes_one(
    folder: Path, window: MainWindow, dead_pid: int
) -> None:
    for name in ("one", "two", "three"):
        left(folder, renamed(name), Kept(title=name), dead_pid)
    window.windows.recovery.look()
    assert "3 designs wait" in window.recovery_bar.text.text()
    QTest.mouseClick(window.recovery_bar.discard, Qt.MouseButton.LeftButton)
    assert len(copies(folder)) == 2
    for _ in range(2):
        window.do("restore_unsaved")
    assert len(window.windows.windows) == 2
    assert not window.recovery_bar.isVisible()
    assert not window.action("restore_unsaved").isEnabled()


def test_later_keeps_the_copy_and_leaves_the_action(folder: Path, window: MainWindow, dead_pid: int) -> None:
    left(folder, renamed("one"), Kept(title="one"), dead_pid)
    window.windows.recovery.look()
    QTest.mouseClick(window.recovery_bar.later, Qt.MouseButton.LeftButton)
    assert not window.recovery_bar.isVisible()
    assert window.action("restore_unsaved").isEnabled()
    assert len(copies(folder)) == 1


def test_other_notices_do_not_push_the_offer_out(folder: Path, window: MainWindow, dead_pid: int) -> None:
    left(folder, renamed("one"), Kept(title="one"), dead_pid)
    window.windows.recovery.look()
    window.workspace.post(Notice("Something else.", "bad"))
    assert window.notices.isVisible()
    assert window.recovery_bar.isVisible()
    assert not window.recovery_bar.geometry().intersects(window.notices.geometry())
    assert window.recovery_bar.mapTo(window, QPoint(0, 0)).y() > 0


@pytest.mark.parametrize("cut", [0, 40, -20])
def test_a_damaged_copy_is_told_in_one_sentence_and_set_aside(
    cut: int, folder: Path, window: MainWindow, dead_pid: int
) -> None:
    file = left(folder, renamed("one"), Kept(title="one"), dead_pid)
    file.write_bytes(file.read_bytes()[:cut])
    window.windows.recovery.look()
    window.do("restore_unsaved")
    assert "damaged and cannot be restored" in window.notices.text.text()
    assert not window.recovery_bar.isVisible()
    assert copies(folder) == []
    assert len(list(folder.glob("*.damaged"))) == 1
    assert first_name(window) == demo_design().groups[0].name


def test_a_folder_that_cannot_be_written_is_told_once(folder: Path, window: MainWindow, qtbot: QtBot) -> None:
    folder.write_text("a file where the folder should be")
    edit(window, "mine")
    qtbot.waitUntil(lambda: "No copy is kept" in window.notices.text.text())
    window.notices.hide()
    edit(window, "again")
    qtbot.wait(300)
    assert not window.notices.isVisible()
    folder.unlink()


def test_a_copy_tells_the_files_place_and_when(folder: Path, window: MainWindow, qtbot: QtBot) -> None:
    edit(window, "mine")
    qtbot.waitUntil(lambda: len(copies(folder)) == 1)
    head = json.loads(copies(folder)[0].read_bytes().partition(b"\n")[0])
    assert head["kept"]["title"] == "Untitled"
    assert abs(head["kept"]["time"] - time.time()) < 30


def test_the_offer_says_when_and_whether_the_file_has_changed(tmp_path: Path) -> None:
    now = datetime(2026, 3, 4, 12, 0)
    earlier = datetime(2026, 3, 4, 9, 5).timestamp()
    assert "today at 09:05" in offer_text(Kept("", "vit", earlier), 1, now)
    assert "on 2 March 2026" in offer_text(Kept("", "vit", earlier - 2 * 86400), 1, now)
    assert "some time ago" in offer_text(Kept("", "vit", 1e300), 1, now)
    file = tmp_path / "vit.lrd.json"
    file.touch()
    assert "has changed since" in offer_text(Kept(str(file), "vit", earlier - 10**9), 1, now)

"""Closing the window, and whatever else comes while a model is being read or a trial runs, with real children."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.jobs.protocol import PROTOCOL_VERSION
from lrdesigner.models.source import parse_source
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.processes import SpareChild

Answer = QMessageBox.StandardButton
CTRL = Qt.KeyboardModifier.ControlModifier

CHILD = """
import json, os, sys, time
def say(kind, **fields):
    os.write(1, (json.dumps({"kind": kind, **fields}) + "\\n").encode())
say("hello", protocol=PROTOCOL, pid=os.getpid(), python="3.11.0", torch="0")
line = sys.stdin.buffer.readline()
if not line:
    sys.exit()
def step(number):
    say("metrics", step=number, loss=1.0, lr={"backbone": 1e-3, "head": 1e-3})
for number in range(3):
    step(number)
"""
UNTIL_STOPPED = "sys.stdin.buffer.readline()\nstep(3)\nsay('end', reason='stopped', metrics={'steps': 4})\n"
DEAF = "time.sleep(60)\n"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    header = json.dumps({"layer.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))
    return file


def press(button: Answer) -> None:
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    QTest.mouseClick(box.button(button), Qt.MouseButton.LeftButton)


class Person:
    """Answers one question after the other, each once `ready` says so; notes how many boxes were open at a time."""

    def __init__(self, ready: Callable[[], bool], *answers: Answer) -> None:
        self.boxes: list[int] = []
        self._ready, self._left = ready, list(answers)
        self._timer = QTimer(interval=20)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        if isinstance(QApplication.activeModalWidget(), QMessageBox) and self._ready() and self._left:
            widgets = QApplication.topLevelWidgets()
            self.boxes.append(sum(isinstance(box, QMessageBox) and box.isVisible() for box in widgets))
            press(self._left.pop(0))


def waits_for_the_answer(window: MainWindow) -> bool:
    return window.loader._waiting is not None


def begin_loading(window: MainWindow, checkpoint: Path) -> None:
    window.load_model(parse_source(str(checkpoint)), {})
    window.workspace.commit("", edits.rename_group, 1, "mine")


def test_a_model_that_is_ready_during_the_question_waits_for_the_answer(
    window: MainWindow, checkpoint: Path, qtbot: QtBot
) -> None:
    begin_loading(window, checkpoint)
    person = Person(lambda: waits_for_the_answer(window) or not window.loader.busy, Answer.Cancel, Answer.Discard)
    assert not window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: window.workspace.design.model.source == str(checkpoint))
    assert person.boxes == [1, 1]


def test_closing_while_a_model_is_read_asks_once_and_ends_the_reading(
    window: MainWindow, checkpoint: Path, qapp: QApplication
) -> None:
    begin_loading(window, checkpoint)
    person = Person(lambda: waits_for_the_answer(window), Answer.Discard)
    assert window.close()
    QTest.qWait(50)
    assert person.boxes == [1]
    assert not window.loader.busy
    assert window.workspace.design.group(1).name == "mine"


def test_closing_a_saved_design_ends_the_reading(window: MainWindow, checkpoint: Path, qtbot: QtBot) -> None:
    window.load_model(parse_source(str(checkpoint)), {})
    assert window.close()
    assert not window.loader.busy
    qtbot.waitUntil(lambda: not window.spare.running)


def test_a_discard_before_the_model_is_read_is_not_asked_for_again(
    window: MainWindow, checkpoint: Path, qtbot: QtBot
) -> None:
    window.workspace.commit("", edits.rename_group, 1, "mine")
    window.load_model(parse_source(str(checkpoint)), {})  # as after "Discard"
    qtbot.waitUntil(lambda: window.workspace.design.model.source == str(checkpoint))
    assert [entry.text for entry in window.files.recent.entries] == [str(checkpoint)]


def test_a_design_that_is_opened_meanwhile_is_not_replaced_by_the_model(
    window: MainWindow, checkpoint: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "mine.lrd.json"
    save(edits.rename_group(demo_design(), 1, "mine"), file)
    window.load_model(parse_source(str(checkpoint)), {})
    assert window.files.open(file)
    assert not window.loader.busy
    qtbot.waitUntil(lambda: not window.spare.running)
    assert window.workspace.design.group(1).name == "mine"


@pytest.fixture
def trial(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Starts a trial by its key, whose child runs this."""
    body = ""

    def command() -> list[str]:
        return [sys.executable, "-u", "-c", f"PROTOCOL = {PROTOCOL_VERSION}\n{CHILD}{body}"]

    spare = SpareChild(None, command, lambda: dict(os.environ))
    monkeypatch.setattr(window.runner, "_spare", spare)
    monkeypatch.setattr(window.runner, "_export_file", lambda *_: "# exported")

    def run(wanted: str) -> None:
        nonlocal body
        body = wanted
        QTest.keyClick(window, Qt.Key.Key_F5)
        record = window.runner.record
        assert record is not None
        qtbot.waitUntil(lambda: len(record.steps) == 3, timeout=10_000)

    yield run
    window.runner.close()
    spare.close()


@pytest.mark.parametrize("body", [UNTIL_STOPPED, DEAF])
def test_closing_ends_a_trial_also_one_that_does_not_listen(
    window: MainWindow, trial: Callable[[str], None], body: str, qapp: QApplication
) -> None:
    trial(body)
    assert window.close()
    assert not window.runner.running
    assert all(child.state() == QProcess.ProcessState.NotRunning for child in qapp.findChildren(QProcess))


def test_a_close_that_is_called_off_leaves_the_trial_running(
    window: MainWindow, trial: Callable[[str], None], qtbot: QtBot
) -> None:
    trial(UNTIL_STOPPED)
    window.workspace.commit("", edits.rename_group, 1, "mine")
    person = Person(lambda: True, Answer.Cancel)
    assert not window.close()
    assert person.boxes == [1]
    assert window.runner.running
    window.activateWindow()  # offscreen, nobody gives the keyboard back to it
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: not window.runner.running, timeout=10_000)
    assert window.runner.record is not None
    assert window.runner.record.state == "stopped"


def test_undo_and_the_removal_of_a_group_leave_a_running_trial_with_its_design(
    window: MainWindow, trial: Callable[[str], None], qtbot: QtBot
) -> None:
    group = window.workspace.design.groups[0].id
    window.workspace.commit("Slower", edits.set_base_lr, group, 1e-5)
    trial(UNTIL_STOPPED)
    record = window.runner.record
    assert record is not None
    ran = record.design
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    window.workspace.commit("Remove", edits.remove_group, window.workspace.design.groups[-1].id)
    window.files.replace_design(demo_design(), None)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: not window.runner.running, timeout=10_000)
    window.trial_tab.panel._throttle.flush()
    assert record.design is ran
    assert len(record.steps) == 4
    assert window.trial_tab.panel.result.text.text().startswith("Stopped: 4 steps")
    assert not window.trial_tab.grab().isNull()


def test_a_second_trial_waits_until_the_first_has_stopped(
    window: MainWindow, trial: Callable[[str], None], qtbot: QtBot
) -> None:
    trial("sys.stdin.buffer.readline()\ntime.sleep(0.5)\nsay('end', reason='stopped', metrics={})\n")
    first = window.runner.record
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert first is not None
    assert first.state == "stopping"
    window.do("run_trial")
    assert window.notices.text.text() == "A trial is still stopping; the next can start when it has ended."
    assert window.runner.record is first
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: not window.runner.running, timeout=10_000)
    assert first.state == "stopped"
    assert window.action("run_trial").isEnabled()
    trial(UNTIL_STOPPED)
    assert window.runner.record is not first

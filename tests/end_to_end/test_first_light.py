"""The whole path in the real window: drop, drag, undo, export, trial."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.curves import TOLERANCE
from lrdesigner.document import Plan
from lrdesigner.membership import membership
from lrdesigner_app.main_window import MainWindow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction


def _drop(window: MainWindow, path: str, group: int) -> None:
    """What Qt does when a person drags a row of the tree onto a card."""
    tree, cards = window.tree, window.groups.view
    tree.select_paths((path,))
    data = tree.view.model().mimeData(tree.view.selectionModel().selectedRows())
    at = cards.visualRect(window.groups.model.index_of(group)).center()
    enter = QDragEnterEvent(at, COPY, data, LEFT, NONE)
    QApplication.sendEvent(cards.viewport(), enter)
    assert enter.isAccepted()
    QApplication.sendEvent(cards.viewport(), QDragMoveEvent(at, COPY, data, LEFT, NONE))
    QApplication.sendEvent(cards.viewport(), QDropEvent(QPointF(at), COPY, data, LEFT, NONE))


def _drag_handle(window: MainWindow, by: QPoint) -> None:
    chart = window.plot.chart
    viewport = chart.viewport()
    item = window.plot._handles.items()[0]
    start = chart.mapFromScene(item.scenePos())
    QTest.mouseMove(viewport, start)
    QTest.mousePress(viewport, LEFT, NONE, start)
    for number in range(1, 7):
        at = start + by * (number / 6)
        everywhere = QPointF(viewport.mapToGlobal(at))
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), everywhere, Qt.MouseButton.NoButton, LEFT, NONE)
        QApplication.sendEvent(viewport, move)
        QApplication.processEvents()
    QTest.mouseRelease(viewport, LEFT, NONE, start + by)
    QApplication.processEvents()


@pytest.mark.timeout(180)
def test_from_the_demo_to_a_trial_that_lies_on_the_plan(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    workspace = window.workspace
    workspace.commit("Shorter", edits.set_plan, Plan(epoch=45, epochs=4))
    _, head = (group.id for group in workspace.design.groups)

    _drop(window, "features", head)
    members = membership(workspace.design)
    assert {p.name.split(".")[0] for p in members.trainable(head)} == {"features", "classifier"}
    assert len(members.trainable(head)) == 6

    workspace.select_group(head)
    qtbot.wait(400)  # a new window is laid out, and the handle put on the selected curve
    before = workspace.design.group(head).lr.base
    _drag_handle(window, QPoint(0, 40))
    after = workspace.design.group(head).lr.base
    assert after < before / 1.2
    assert f"lr {after:g}"[:6] in window.groups.model.index_of(head).data(Qt.ItemDataRole.AccessibleTextRole)

    window.action("undo").trigger()
    assert workspace.design.group(head).lr.base == before
    window.action("undo").trigger()
    assert len(membership(workspace.design).trainable(head)) == 2
    window.action("redo").trigger()
    window.action("redo").trigger()
    assert workspace.design.group(head).lr.base == after

    file = tmp_path / "rates.py"
    window.code.save(file)
    alone = subprocess.run([sys.executable, file.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stderr
    assert "Every trainable parameter is in one group" in alone.stdout
    assert "step 4: loss" in alone.stdout

    design_file = tmp_path / "path.lrd.json"
    assert window.files.save_to(design_file)
    assert not workspace.store.modified

    window.action("run_trial").trigger()
    qtbot.waitUntil(lambda: window.runner.record is not None and not window.runner.running, timeout=120_000)
    record = window.runner.record
    assert record is not None
    assert record.state == "finished", record.message
    assert len(record.losses) == workspace.design.plan.total_steps
    assert record.losses.array[-20:].mean() < 0.5 < record.losses.array[:5].mean()
    assert set(record.deviations) == {"backbone", "head"}
    assert max(record.deviations.values()) <= TOLERANCE
    assert record.summary["test_accuracy"] > 0.85


def test_stopping_a_trial_keeps_what_it_has(window: MainWindow, qtbot: QtBot) -> None:
    window.action("run_trial").trigger()
    qtbot.waitUntil(lambda: window.runner.record is not None and len(window.runner.record.losses) > 20, timeout=60_000)
    window.action("stop_trial").trigger()
    qtbot.waitUntil(lambda: not window.runner.running, timeout=20_000)
    record = window.runner.record
    assert record is not None
    assert record.state == "stopped"
    assert 20 < len(record.losses) < window.workspace.design.plan.total_steps


def test_a_model_of_ones_own_replaces_the_demo(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    from lrdesigner.models.source import parse_source

    file = tmp_path / "net.py"
    file.write_text("from torch import nn\nprint('hello')\ndef make(width=4):\n    return nn.Linear(width, 2)\n")
    window.load_model(parse_source(f"{file}:make"), {"width": 7})
    qtbot.waitUntil(lambda: window.workspace.design.model.source != "demo:lenet", timeout=60_000)
    assert [p.shape for p in window.workspace.design.model.inventory.parameters] == [(2, 7), (2,)]
    assert window.workspace.design.model.kwargs == {"width": 7}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('no such layer')", "no such layer"),
        ("exit(3)", "exit(3)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_model_that_cannot_be_built_leaves_the_design_and_the_window(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, body: str, words: str
) -> None:
    from lrdesigner.models.source import parse_source

    file = tmp_path / "net.py"
    file.write_text(f"def make():\n    {body}\n")
    before = window.workspace.design
    window.load_model(parse_source(f"{file}:make"), {})
    qtbot.waitUntil(window.notices.isVisible, timeout=60_000)
    assert words in window.notices.text.text()
    assert window.workspace.design is before
    assert not window.busy.isVisible()


def test_a_model_that_hangs_can_be_cancelled(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    from lrdesigner.models.source import parse_source

    file = tmp_path / "net.py"
    file.write_text("import time\ntime.sleep(600)\n")
    window.load_model(parse_source(f"{file}:make"), {})
    qtbot.waitUntil(window.busy.isVisible, timeout=10_000)
    QTest.mouseClick(window.busy.cancel, LEFT)
    qtbot.waitUntil(lambda: not window.spare.running, timeout=10_000)
    assert not window.busy.isVisible()
    assert window.workspace.design.model.source == "demo:lenet"

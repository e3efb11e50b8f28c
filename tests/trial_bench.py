"""A runner of trials whose children need no torch: they say what a test wants, in the words of the protocol."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from lrdesigner.document import Design
from lrdesigner.jobs.protocol import PROTOCOL_VERSION
from lrdesigner.trials.options import TrialOptions
from lrdesigner_app.processes import SpareChild
from lrdesigner_app.trial import TrialRunner
from lrdesigner_app.workspace import Workspace

PRELUDE = f"""
import json, math, os, sys, time
def say(kind, **fields):
    os.write(1, (json.dumps({{"kind": kind, **fields}}) + "\\n").encode())
say("hello", protocol={PROTOCOL_VERSION}, pid=os.getpid(), python="3.11.0", torch="0")
line = sys.stdin.buffer.readline()
if not line:
    sys.exit()
request = json.loads(line)
steps = request["options"]["steps"] or request["total_steps"]
def step(number, loss=1.0, everything=1e-3, backbone=1e-3):
    say("metrics", step=number, loss=loss, lr={{"everything": everything, "backbone": backbone}})
def end(reason="finished", **fields):
    say("end", reason=reason, metrics=fields)
"""


class TrialBench:
    """Its children run `prelude` and then `body`."""

    prelude = PRELUDE

    def __init__(self, workspace: Workspace, qtbot: QtBot, body: str) -> None:
        self.body = body
        self.workspace, self._qtbot = workspace, qtbot
        self.notices: list[str] = []
        self.spare = SpareChild(None, self._command, lambda: dict(os.environ))
        self.runner = TrialRunner(workspace, self.spare, self._export)
        workspace.signals.notice_posted.connect(lambda notice: self.notices.append(notice.text))

    def click(self, button: QWidget) -> None:
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def close(self) -> None:
        self.runner.close()
        self.spare.close()

    def _command(self) -> list[str]:
        return [sys.executable, "-u", "-c", self.prelude + self.body]

    def _export(self, design: Design, options: TrialOptions) -> str:
        return "# exported"

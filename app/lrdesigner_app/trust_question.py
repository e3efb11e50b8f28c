"""The question before a person's code runs: which file, by which interpreter, and what it may do."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lrdesigner.models.source import ModelSource
from lrdesigner.models.trust import TrustStore


def consequences(source: ModelSource) -> str:
    """What running a file's code means, in plain words."""
    return (
        f"Building the model runs the code of\n{source.file}\nwith {sys.executable}.\n\n"
        "That code may do whatever you may do: read and change files, use the network, start programs. It runs in a "
        "process of its own, so that a crash cannot harm this window, but that is no protection against bad intent."
    )


def allowed(source: ModelSource, parent: QWidget) -> bool:
    """Whether the file's code may run; asks unless it was answered before for the same path and content."""
    store = TrustStore()
    if store.answer(source):
        return True
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Run this file's code?")
    box.setTextFormat(Qt.TextFormat.PlainText)  # a path must not be able to hide itself in markup
    box.setText(f"Do you trust {source.file.name}?")
    box.setInformativeText(consequences(source))
    run = box.addButton("Trust and run", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    if box.clickedButton() is not run:
        return False
    store.remember(source, True)
    return True

"""The question before code runs: what code, by which interpreter, and what it may do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lrdesigner.models.trust import Question, TrustStore


def consequences(question: Question) -> str:
    """What running this code means, in plain words."""
    listed = "\n".join(thing.name for thing in question.things)
    return (
        f"This runs the code of\n{listed}\nwith {question.interpreter}.\n\n"
        "That code may do whatever you may do: read and change files, use the network, start programs. It runs in a "
        "process of its own, so that a crash cannot harm this window, but that is no protection against bad intent."
    )


def allowed(question: Question, parent: QWidget) -> bool:
    """Whether the code may run; asks unless it was answered before for the same paths, contents and interpreter."""
    store = TrustStore()
    if store.answer(question):
        return True
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Run this code?")
    box.setTextFormat(Qt.TextFormat.PlainText)  # a path must not be able to hide itself in markup
    first = question.things[0]
    more = f" and {len(question.things) - 1} more" if len(question.things) > 1 else ""
    box.setText(f"Do you trust {first.name if first.file is None else first.file.name}{more}?")
    changed = "It has changed since you trusted it.\n\n" if store.changed(question) else ""
    box.setInformativeText(changed + consequences(question))
    run = box.addButton("Trust and run", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    if box.clickedButton() is not run:
        return False
    store.remember(question, True)
    return True

"""Which model to open: a Python file, and the class or factory in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from lrdesigner.errors import UserError
from lrdesigner.models.arguments import parse_kwargs
from lrdesigner.models.source import ModelSource, classes_and_functions, parse_source
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label


class OpenModelDialog(QDialog):
    """Lists what a file offers without running it; what is typed is checked before it can be accepted."""

    def __init__(self, parent: QWidget | None, folder: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open model")
        self._folder = folder
        self.file = QLineEdit(placeholderText="path/to/net.py")
        self.name = QComboBox(editable=True)
        self.kwargs = QLineEdit(placeholderText='{"depth": 12}')
        self._problem = label("", "bad")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._build()
        self.source: ModelSource | None = None
        self.arguments: dict[str, Any] = {}

    def choose_file(self) -> None:
        """Ask for the file."""
        name, _ = QFileDialog.getOpenFileName(self, "Choose a Python file", self._folder, "Python (*.py)")
        if name:
            self.file.setText(name)
            self._list_names()

    def accept(self) -> None:
        """Accept, or say why not."""
        try:
            self.source = parse_source(f"{self.file.text().strip()}:{self.name.currentText().strip()}")
            self.arguments = parse_kwargs(self.kwargs.text().strip() or "{}")
        except UserError as error:
            self._problem.setText(str(error))
            return
        super().accept()

    def _build(self) -> None:
        self.setMinimumWidth(520)
        browse = button("Browse…")
        browse.clicked.connect(self.choose_file)
        self.file.editingFinished.connect(self._list_names)
        self.file.setAccessibleName("Python file")
        self.name.setAccessibleName("Class or factory")
        self.kwargs.setAccessibleName("Keyword arguments as JSON")
        self._problem.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        for row, (text, field) in enumerate(
            (("Python file", self.file), ("Class or factory", self.name), ("Arguments (JSON)", self.kwargs))
        ):
            title = label(text)
            title.setBuddy(field)
            grid.addWidget(title, row, 0)
            grid.addWidget(field, row, 1)
        grid.addWidget(browse, 0, 2)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.addLayout(grid)
        column.addWidget(self._problem)
        column.addWidget(self.buttons)

    def _list_names(self) -> None:
        typed = self.name.currentText()
        self.name.clear()
        self.name.addItems(list(classes_and_functions(Path(self.file.text().strip()))))
        if typed:
            self.name.setCurrentText(typed)

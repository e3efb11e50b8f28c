"""Which model to open: a checkpoint, a Python file and the class in it, or a model of a library."""

from __future__ import annotations

import sys
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
from lrdesigner.model_inputs import Inputs
from lrdesigner.models.arguments import parse_inputs, parse_kwargs
from lrdesigner.models.base import at_home
from lrdesigner.models.interpreter import parse_python
from lrdesigner.models.source import ModelSource, classes_and_functions, parse_source, source_file
from lrdesigner.models.trust import question_for_source
from lrdesigner.readers import SUFFIXES
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label

FILTER = f"Models (*.py *.json {' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"


class OpenModelDialog(QDialog):
    """Says what opening would do; lists what a file offers without running it; checks before it accepts."""

    def __init__(self, parent: QWidget | None, folder: str, text: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle("Open model")
        self._folder = folder
        self._listed: Path | None = None
        self.model = QLineEdit(placeholderText="net.py:Net, model.safetensors, timm:resnet50 …")
        self.name = QComboBox()
        self.kwargs = QLineEdit(placeholderText='{"depth": 12}')
        self.inputs = QLineEdit(placeholderText="[[1, 3, 224, 224]]")
        self.python = QLineEdit(placeholderText=sys.executable)
        self.outlook = label("", "secondary")
        self.problem = label("", "bad")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._build()
        self._connect()
        self.name.setEnabled(False)
        self.source: ModelSource | None = None
        self.arguments: dict[str, Any] = {}
        self.shapes: Inputs = []
        self.interpreter = ""
        self.model.setText(text)

    def choose_file(self) -> None:
        """Ask for the file."""
        name, _ = QFileDialog.getOpenFileName(self, "Choose a model", self._folder, FILTER)
        if name:
            self.model.setText(f"transformers:{name}" if Path(name).name == "config.json" else name)

    def accept(self) -> None:
        """Accept, or say why not."""
        try:
            self._take_only_name()
            self.source = parse_source(self.model.text())
            self.arguments = parse_kwargs(self.kwargs.text().strip() or "{}")
            self.shapes = parse_inputs(self.inputs.text())
            self.interpreter = parse_python(self.python.text())
        except UserError as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _rows(self) -> tuple[tuple[str, QWidget, str], ...]:
        return (
            ("Model", self.model, "Model"),
            ("Class or factory", self.name, "Class or factory in the Python file"),
            ("Arguments (JSON)", self.kwargs, "Keyword arguments as JSON"),
            ("Input shapes", self.inputs, "Shapes of the inputs as JSON, for the order of the forward pass"),
            ("Python", self.python, "Python interpreter that has the model's packages"),
        )

    def _build(self) -> None:
        self.setMinimumWidth(560)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        for row, (text, field, name) in enumerate(self._rows()):
            title = label(text)
            title.setBuddy(field)
            field.setAccessibleName(name)
            field.setToolTip(name)
            grid.addWidget(title, row, 0)
            grid.addWidget(field, row, 1)
        self._browse = button("Browse…")
        grid.addWidget(self._browse, 0, 2)
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.addLayout(grid)
        for line in (self.outlook, self.problem):
            line.setWordWrap(True)
            column.addWidget(line)
        column.addWidget(self.buttons)

    def _connect(self) -> None:
        self._browse.clicked.connect(self.choose_file)
        self.model.textChanged.connect(self._refresh)
        self.python.textChanged.connect(self._refresh)
        self.name.activated.connect(self._take_name)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _refresh(self) -> None:
        self.problem.setText("")
        self._list_names()
        try:
            source = parse_source(self.model.text())
            python = parse_python(self.python.text())
        except UserError:
            self.outlook.setText("")  # why shows when it is to be opened; a half-typed name is no mistake yet
            return
        for field in (self.kwargs, self.inputs, self.python):
            field.setEnabled(not source.is_read)
        question = question_for_source(source, python)
        by = "" if source.is_read else f", with {question.interpreter}"
        self.outlook.setText(f"{source.what_happens}{by}.")

    def _list_names(self) -> None:
        """Offer what stands in the Python file, if one is named."""
        text = self.model.text().strip()
        file = Path(text) if text.lower().endswith(".py") else source_file(text)
        if file != self._listed:
            self._listed = file
            self.name.clear()
            if file is not None and "\0" not in text:
                self.name.addItems(list(classes_and_functions(at_home(str(file)))))
            self.name.setEnabled(self.name.count() > 0)
            self.name.setPlaceholderText(f"Choose one of {self.name.count()}" if self.name.count() > 1 else "")
        self.name.setCurrentIndex(self.name.findText(text.rpartition(":")[2]))

    def _take_only_name(self) -> None:
        """A file with one class or factory needs no choice."""
        if self.name.count() == 1 and self.model.text().strip().lower().endswith(".py"):
            self.name.setCurrentIndex(0)
            self._take_name()

    def _take_name(self) -> None:
        text = self.model.text().strip()
        file = text if text.lower().endswith(".py") else str(source_file(text) or text)
        self.model.setText(f"{file}:{self.name.currentText()}")

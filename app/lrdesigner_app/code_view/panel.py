"""The Code tab: the exported file as it stands now, to copy or to save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QShowEvent, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.export import export, refuse_to_replace_sources
from lrdesigner.store import Change
from lrdesigner_app.code_view.highlighter import PythonHighlighter
from lrdesigner_app.debounce import Debounce
from lrdesigner_app.file_question import ask_where_to_save
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label, plain_tip, restyle
from lrdesigner_app.workspace import Workspace

DELAY_MS = 150


class CodePanel(QWidget):
    """Shows the export of the design, previews included, a moment after each change."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._source = ""
        self._folder = Path.home()
        self._text = QPlainTextEdit(readOnly=True)
        self._highlighter = PythonHighlighter(self._text.document(), workspace.theme)
        self._status = label("", "secondary")
        self._copy = button("Copy", tip="Copy the whole file (Ctrl+Shift+C)")
        self._save = button("Save as…", tip="Save the file (Ctrl+E)")
        self._debounce = Debounce(DELAY_MS, self.refresh, self)
        self._build()
        self._connect()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._debounce.request()  # not in the constructor: the window is painted first

    @property
    def source(self) -> str:
        """The file as last shown; empty while the design cannot be exported."""
        return self._source

    def refresh(self) -> None:
        """Export now."""
        self._debounce.forget()
        try:
            source, problem = export(self._workspace.design), ""
        except UserError as error:
            source, problem = "", str(error)
        self._show_problem(problem)
        if source == self._source:
            return
        self._source = source
        bar = self._text.verticalScrollBar()
        place = bar.value()
        self._highlighter.set_source(source)
        self._text.setPlainText(source)
        bar.setValue(place)

    def copy(self) -> None:
        """Put the file on the clipboard."""
        self.refresh()
        if self._source:
            QGuiApplication.clipboard().setText(self._source)
            self._workspace.post(Notice("The code is on the clipboard.", "good"))

    def save_as(self) -> None:
        """Ask for a place and write the file there."""
        self.refresh()
        if not self._source:
            return
        proposal = self._folder / "learning_rates.py"
        file = ask_where_to_save(self, "Save the code", proposal, "Python (*.py)", ".py")
        if file is not None:
            self.save(file)

    def save(self, file: Path) -> None:
        """Write the file; what goes wrong becomes a notice."""
        design = self._workspace.store.committed
        try:
            refuse_to_replace_sources(design, file, None)
            write_atomically(file, export(design).encode())
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        self._folder = file.parent
        self._workspace.post(Notice(f"Saved {file.name}. Run it by itself to see and check the groups.", "good"))

    def _build(self) -> None:
        self._text.setAccessibleName("Exported code")
        self._text.setFont(self._workspace.theme.mono_font())
        self._text.setStyleSheet("QPlainTextEdit { border: none; padding: 0; background: transparent; }")
        self._text.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._status.setWordWrap(True)  # a sentence about some group's long name must not widen the window
        self._status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._status, 1)
        row.addWidget(self._copy)
        row.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(row)
        layout.addWidget(self._text, 1)

    def _connect(self) -> None:
        self._workspace.signals.design_changed.connect(self._on_design_changed)
        self._workspace.theme.changed.connect(self._highlighter.rehighlight)
        self._copy.clicked.connect(self.copy)
        self._save.clicked.connect(self.save_as)

    def _on_design_changed(self, change: Change) -> None:
        if self.isVisible() and change.kind != "saved":  # showing, copying and saving all refresh first
            self._debounce.request()

    def _show_problem(self, problem: str) -> None:
        text = problem or "Plain PyTorch · a LambdaLR per optimizer, a function per shape · needs torch alone"
        self._status.setText(text)
        self._status.setToolTip(plain_tip(text))
        role = "bad" if problem else "secondary"
        if self._status.property("role") != role:
            self._status.setProperty("role", role)
            restyle(self._status)
        self._copy.setEnabled(not problem)
        self._save.setEnabled(not problem)

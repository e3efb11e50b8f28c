"""The Code tab: the exported file as it stands now, to copy or to save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.export import TARGETS, ExportOptions, export_with_places, refuse_to_replace_sources
from lrdesigner.export.objections import as_sentences, objections, outdated_model
from lrdesigner.findings import Finding
from lrdesigner.places import Place
from lrdesigner.store import Change
from lrdesigner_app.code_view.code_text import CodeText
from lrdesigner_app.code_view.kind_of_code import KindOfCode
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
        self._text = CodeText(workspace.theme)
        self.kind = KindOfCode()
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
        design, problem = self._workspace.design, ""
        reason, objected = self.kind.show_forms(design), self._objections()
        options = self.kind.options.despite(as_sentences(objected))
        try:
            source, places = export_with_places(design, options)
        except UserError as error:
            source, places, problem = "", (), str(error)
        self._show_status(_summary(options, reason), objected, problem)
        self._source = source
        self._text.show_source(source, places, {group.id: group.name for group in design.groups})
        self._show_group()

    def _objections(self) -> tuple[Finding, ...]:
        outdated = self._workspace.outdated_model
        found = objections(self._workspace.design, self._workspace.file_faults)
        return (*found, outdated_model(outdated)) if outdated else found

    def _show_group(self, *_: object) -> None:
        group = self._workspace.selected_group
        self._text.show_group(group.id, self._workspace.theme.group_colour(group.colour))

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
        try:
            refuse_to_replace_sources(self._workspace.design, file, None)
            write_atomically(file, self._source.encode())
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        self._folder = file.parent
        self._workspace.post(Notice(f"Saved {file.name}. Run it by itself to see and check the groups.", "good"))

    def _build(self) -> None:
        self._status.setWordWrap(True)  # a sentence about some group's long name must not widen the window
        self._status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.kind, 1)
        row.addWidget(self._copy)
        row.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(row)
        layout.addWidget(self._status)
        layout.addWidget(self._text, 1)

    def _connect(self) -> None:
        self._workspace.signals.design_changed.connect(self._on_design_changed)
        self._workspace.signals.selected_group_changed.connect(self._show_group)
        self._workspace.theme.changed.connect(self._show_group)
        self._text.group_requested.connect(lambda group: self._workspace.reveal(Place(group=group)))
        self._workspace.signals.model_outdated.connect(self._debounce.request)
        self.kind.changed.connect(self.refresh)
        self._copy.clicked.connect(self.copy)
        self._save.clicked.connect(self.save_as)

    def _on_design_changed(self, change: Change) -> None:
        if self.isVisible() and change.kind != "saved":  # showing, copying and saving all refresh first
            self._debounce.request()

    def _show_status(self, summary: str, objected: tuple[Finding, ...], problem: str) -> None:
        text = problem or _objecting(objected) or summary
        self._status.setText(text)
        self._status.setToolTip(plain_tip(text))
        role = "bad" if problem or objected else "secondary"
        if self._status.property("role") != role:
            self._status.setProperty("role", role)
            restyle(self._status)
        for made, plain, anyway in ((self._copy, "Copy", "Copy anyway"), (self._save, "Save as…", "Save anyway…")):
            made.setText(anyway if objected else plain)
            made.setAccessibleName(made.text())
            made.setEnabled(not problem)


def _summary(options: ExportOptions, reason: str) -> str:
    target = TARGETS[options.target]
    needed = f"torch and {' and '.join(target.packages)}" if target.packages else "torch alone"
    return f"{target.summary} Needs {needed}. {reason}"


def _objecting(found: tuple[Finding, ...]) -> str:
    """What is to be mended first, and what happens to it otherwise."""
    if not found:
        return ""
    more = f" ({len(found) - 1} more under Problems)" if len(found) > 1 else ""
    return f"{as_sentences(found)[0]}{more} Mend that; code that is taken all the same says so in its header."

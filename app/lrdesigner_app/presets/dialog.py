"""A list of presets, and of the chosen one what it does, where it is from, and what it asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from msgspec import Struct
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lrdesigner.checked import replaced
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.store import Change
from lrdesigner_app.presets.words import outcome
from lrdesigner_app.theme import GRID, PANEL_PADDING
from lrdesigner_app.waiting import LARGE_TENSORS, waiting
from lrdesigner_app.widgets import label
from lrdesigner_app.workspace import Workspace


class Preset(Protocol):
    """What the dialog needs of a preset of `lrdesigner.presets`."""

    @property
    def title(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def notes(self) -> str: ...
    @property
    def parameters(self) -> type[Struct]: ...

    def fits(self, inventory: Inventory) -> str | None:
        """None, or why not."""

    def apply(self, design: Design, parameters: Struct | None = None) -> Design:
        """The design with it."""


class Form(Protocol):
    """A form of a struct's fields; the widget that it is comes from whoever makes the dialog."""

    def show_struct(self, struct: Struct) -> None:
        """Show these values."""


Send = Callable[[str, Any, bool], None]
FormMaker = Callable[[Send, Callable[[], None]], Form]

SIZE = QSize(700, 420)
_LIST_WIDTH = 276


class PresetsDialog(QDialog):
    """What is chosen is previewed in the whole window; Apply makes it one edit, Esc takes it away."""

    previewed = Signal()
    """Another preset is tried out, or none."""

    def __init__(
        self, workspace: Workspace, presets: Sequence[Preset], make_form: FormMaker, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._presets = workspace, tuple(presets)
        self._chosen: list[Struct] = [preset.parameters() for preset in self._presets]
        self.list = QListWidget()
        self.title, self.summary = label("", "title"), label("")
        self.problem, self.outcome = label("", "bad"), label("", "secondary")
        self.source, self.notes = label("", "secondary"), label("", "secondary")
        self.form = make_form(self._send, self._show_preview)
        buttons = QDialogButtonBox.StandardButton.Apply | QDialogButtonBox.StandardButton.Cancel
        self.buttons = QDialogButtonBox(buttons)
        self.apply_button = self.buttons.button(QDialogButtonBox.StandardButton.Apply)
        self._build()
        self._fill()
        self.list.currentRowChanged.connect(self._show)
        self.list.itemActivated.connect(lambda _: self.apply())
        self.apply_button.clicked.connect(lambda: self.apply())
        self.buttons.rejected.connect(self.reject)
        self.list.setCurrentRow(self._first_that_fits())
        workspace.signals.design_changed.connect(self._on_design_changed)

    def apply(self) -> None:
        """Make the chosen preset an edit, and close; what is being typed counts as entered."""
        self.apply_button.setFocus(Qt.FocusReason.OtherFocusReason)
        preset = self._presets[self.list.currentRow()]
        if self.apply_button.isEnabled() and self._workspace.store.commit_preview(preset.label):
            self.accept()

    def reject(self) -> None:
        """Take the preview away, and close."""
        self._workspace.store.cancel()
        self.previewed.emit()
        super().reject()

    def _on_design_changed(self, change: Change) -> None:
        """A model that was being opened may come when the dialog is there already."""
        if change.kind == "open":
            row = self.list.currentRow()
            self.list.blockSignals(True)
            self.list.clear()
            self._fill()
            self.list.setCurrentRow(row)
            self.list.blockSignals(False)
            self._show_preview()

    def showEvent(self, event: QShowEvent) -> None:
        """Over the lower right of the window, so that tree, cards and plot can be seen."""
        super().showEvent(event)
        window = self.parentWidget()
        if window is not None:
            corner = window.mapToGlobal(window.rect().bottomRight())
            self.move(corner.x() - self.frameGeometry().width() - GRID, corner.y() - self.frameGeometry().height())

    def _build(self) -> None:
        self.setWindowTitle("Presets")
        self.setModal(True)
        self.resize(SIZE)
        self.list.setObjectName("parts")
        self.list.setAccessibleName("Presets")
        self.list.setFixedWidth(_LIST_WIDTH)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.apply_button.setProperty("role", "primary")
        for made in self.buttons.buttons():
            if isinstance(made, QPushButton):
                made.setAutoDefault(False)  # Enter in a field enters the value, no more
                made.setIcon(QIcon())  # some desktops would draw one
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(GRID)
        for text in (self.title, self.summary, self.problem):
            text.setWordWrap(True)
            column.addWidget(text)
        column.addWidget(cast("QWidget", self.form))
        for text in (self.outcome, self.notes, self.source):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(text)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.list)
        row.addWidget(area, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(PANEL_PADDING, PANEL_PADDING, PANEL_PADDING, PANEL_PADDING)
        whole.addLayout(row, 1)
        whole.addWidget(self.buttons)

    def _fill(self) -> None:
        inventory = self._workspace.store.committed.model.inventory
        for preset in self._presets:
            why = preset.fits(inventory)
            item = QListWidgetItem(preset.title)
            item.setToolTip(preset.title if why is None else f"{preset.title}: {why}")
            if why is not None:
                item.setForeground(self._workspace.theme.colour("secondary"))
            self.list.addItem(item)

    def _first_that_fits(self) -> int:
        inventory = self._workspace.store.committed.model.inventory
        return next((row for row, preset in enumerate(self._presets) if preset.fits(inventory) is None), 0)

    def _show(self, row: int) -> None:
        preset = self._presets[row]
        self.title.setText(preset.title)
        self.summary.setText(preset.summary)
        self.source.setText(f"Source: {preset.source}")
        self.notes.setText(preset.notes)
        self.form.show_struct(self._chosen[row])
        cast("QWidget", self.form).setVisible(bool(preset.parameters.__struct_fields__))
        self._show_preview()

    def _show_preview(self) -> None:
        """Let the window show what the chosen preset would do, and say it."""
        row, store = self.list.currentRow(), self._workspace.store
        try:
            self._try(self._chosen[row])
        except UserError as error:
            store.cancel()
            self._tell(str(error), "")
        self.previewed.emit()

    def _try(self, parameters: Struct) -> None:
        """Preview with these parameters; raises `UserError`."""
        store, preset = self._workspace.store, self._presets[self.list.currentRow()]
        inventory = store.committed.model.inventory
        with waiting(len(inventory.parameters) > LARGE_TENSORS):
            why = preset.fits(inventory)
            if why is not None:
                raise UserError(why)
            store.preview(preset.label, preset.apply, parameters)
        self._tell("", outcome(store.committed, store.design))

    def _tell(self, problem: str, words: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.outcome.setText(words)
        self.outcome.setVisible(bool(words))
        store = self._workspace.store
        self.apply_button.setEnabled(not problem and store.design != store.committed)

    def _send(self, name: str, value: Any, keep: bool) -> None:
        row = self.list.currentRow()
        parameters = replaced(self._chosen[row], **{name: value})
        self._try(parameters)
        if keep:
            self._chosen[row] = parameters
            self.form.show_struct(parameters)

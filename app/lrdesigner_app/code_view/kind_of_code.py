"""What the Code tab writes: for which loop, as script or snippet, with which schedulers, and on which data."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QWidget

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import FORMS, TARGETS, ExportOptions
from lrdesigner.export.schedule_forms import forms_of
from lrdesigner.export.script_code import checked_data
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import LineEdit, narrow_combo, plain_tip, restyle

_FORM_TIPS = {
    "script": "Has a main() that builds the model, shows its groups and trains",
    "snippet": "To be pasted or imported: no main()",
}

_TENSORS = "tensors"


class KindOfCode(QWidget):
    """A row of choices; `options` is what they say."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.target = narrow_combo("Target of the code")
        for target in TARGETS.values():
            self.target.addItem(target.title, target.name)
            self.target.setItemData(self.target.count() - 1, plain_tip(target.summary), Qt.ItemDataRole.ToolTipRole)
        self.target.setMinimumContentsLength(11)
        self.target.setToolTip("The training loop that the code is for")
        self.form = narrow_combo("Script or snippet")
        for form in FORMS:
            self.form.addItem(form.capitalize(), form)
            self.form.setItemData(self.form.count() - 1, _FORM_TIPS[form], Qt.ItemDataRole.ToolTipRole)
        self.form.setMinimumContentsLength(6)
        self.form.setToolTip("A script runs by itself, a snippet is pasted or imported")
        self.schedule = narrow_combo("Form of the schedules")
        self.schedule.addItem("Auto", "auto")
        self.schedule.addItem("Class of torch", "native")
        self.schedule.addItem("Functions", "functions")
        self.schedule.setMinimumContentsLength(7)
        self.schedule.addItem("Tensor rates", _TENSORS)
        tip = "Functions, and each rate a tensor, so that a compiled step of the optimizer is compiled once"
        self.schedule.setItemData(3, tip, Qt.ItemDataRole.ToolTipRole)
        self.data = LineEdit()
        self.data.setAccessibleName("Data of the script")
        self.data.setPlaceholderText("Data: FILE.py:FUNCTION")
        self.data.setToolTip("What the script trains on: a function that gives a Dataset, a DataLoader or batches")
        self.data.setMinimumWidth(80)
        self._data = ""
        self._arrange()
        self.target.currentIndexChanged.connect(self._on_chosen)
        self.form.currentIndexChanged.connect(self._on_chosen)
        self.schedule.currentIndexChanged.connect(self._on_chosen)
        self.data.editingFinished.connect(self._on_data)
        self.data.textEdited.connect(lambda: self._mark_data(""))

    @property
    def options(self) -> ExportOptions:
        """What was chosen; data that cannot be are left out."""
        form, schedule = self.form.currentData(), self.schedule.currentData()
        tensors, data = schedule == _TENSORS, self._data if form == "script" else ""
        return ExportOptions(self.target.currentData(), form, data, "auto" if tensors else schedule, tensors)

    def show_forms(self, design: Design) -> str:
        """Offer the forms that draw this design; gives the form that is taken and why, in a sentence.

        One that was preferred and no longer does so gives way to "Auto".
        """
        forms = {form.name: form for form in forms_of(design, tensor_lr=self.options.tensor_lr)}
        model = self.schedule.model()
        assert isinstance(model, QStandardItemModel)
        rows: tuple[tuple[int, Literal["native", "functions"]], ...] = ((1, "native"), (2, "functions"))
        for row, name in rows:
            form = forms[name]
            model.item(row).setEnabled(form.possible)
            model.item(row).setText(form.title)
            model.item(row).setToolTip(plain_tip(f"{form.reason[:1].upper()}{form.reason[1:]}"))
        if not forms["native"].possible and self.schedule.currentData() == "native":
            with QSignalBlocker(self.schedule):
                self.schedule.setCurrentIndex(0)
        preferred = self.options.schedule_form
        taken = next(iter(forms.values())) if preferred == "auto" else forms[preferred]
        why_not = "" if forms["native"].possible else f" No class of torch: {forms['native'].reason}"
        self.schedule.setToolTip(plain_tip(f"What the schedules are written as. {taken.reason}{why_not}"))
        return f"{taken.reason}{why_not}"

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.target)
        row.addWidget(self.form)
        row.addWidget(self.schedule)
        row.addWidget(self.data, 1)

    def _on_chosen(self) -> None:
        self.data.setEnabled(self.form.currentData() == "script")
        self.changed.emit()

    def _on_data(self) -> None:
        text = self.data.text().strip()
        try:
            checked_data(text)
        except UserError as error:
            self._mark_data(str(error))
            return
        self._mark_data("")
        if text != self._data:
            self._data = text
            self.changed.emit()

    def _mark_data(self, problem: str) -> None:
        self.data.setProperty("invalid", "true" if problem else "false")
        restyle(self.data)
        if problem:
            self.data.setToolTip(plain_tip(problem))

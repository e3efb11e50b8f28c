"""The length of the run: steps per epoch as a number, or worked out from the data, and epochs."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.document import Batches, Design, Plan
from lrdesigner_app.schedule_editor.outlet import apply, form_outlet
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, halves, label
from lrdesigner_app.workspace import Workspace

_WORDS = "Length of the run"


class RunSection(QWidget):
    """Edits the plan. Switching between the two forms changes no length."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.by_number = button("As a number", tip="Type how many optimizer steps one epoch takes")
        self.from_data = button("From the data", tip="Work it out from samples, batch size, accumulation and devices")
        self.epoch_form = StructForm(form_outlet(workspace, self._send), only=("epoch",))
        self.batches_form = StructForm(form_outlet(workspace, self._send_batches))
        self.plan_form = StructForm(form_outlet(workspace, self._send), only=("epochs",))
        self.words = label("", "secondary")
        self._build()
        self.by_number.clicked.connect(lambda: self._choose(False))
        self.from_data.clicked.connect(lambda: self._choose(True))
        workspace.signals.design_changed.connect(self._refresh)
        self._refresh()

    def _build(self) -> None:
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addWidget(label("RUN", "section"))
        column.addLayout(halves(self, self.by_number, self.from_data))
        for part in (self.epoch_form, self.batches_form, self.plan_form, self.words):
            column.addWidget(part)

    def _refresh(self, *_: object) -> None:
        plan = self._workspace.design.plan
        from_data = isinstance(plan.epoch, Batches)
        (self.from_data if from_data else self.by_number).setChecked(True)
        self.epoch_form.setVisible(not from_data)
        self.batches_form.setVisible(from_data)
        if isinstance(plan.epoch, Batches):
            self.batches_form.show_struct(plan.epoch)
        else:
            self.epoch_form.show_struct(plan)
        self.plan_form.show_struct(plan)
        self.words.setText(run_words(plan))

    def _choose(self, from_data: bool) -> None:
        plan = self._workspace.design.plan
        if from_data != isinstance(plan.epoch, Batches):
            epoch = batches_of(plan.steps_per_epoch) if from_data else plan.steps_per_epoch
            self._workspace.commit(_WORDS, edits.set_plan, replace(plan, epoch=epoch))
        self._refresh()

    def _send(self, name: str, value: int, keep: bool) -> None:
        def change(design: Design) -> Design:
            return edits.set_plan(design, replace(design.plan, **{name: value}))

        apply(self._workspace, keep, _WORDS, change)

    def _send_batches(self, name: str, value: Any, keep: bool) -> None:
        def change(design: Design) -> Design:
            return edits.set_batches(design, **{name: value})

        apply(self._workspace, keep, _WORDS, change)


def batches_of(steps: int) -> Batches:
    """Batches of the usual size that make as many steps."""
    size = Batches().batch_size
    return Batches(samples=steps * size, batch_size=size)


def run_words(plan: Plan) -> str:
    """What it comes to: "391 steps per epoch, 11,730 in all"."""
    total = f"{plan.total_steps:,} steps in all"
    return f"{plan.steps_per_epoch:,} steps per epoch, {total}" if isinstance(plan.epoch, Batches) else total

"""The inspector: everything about the selected group, and the length of the run."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.optimizers import OPTIMIZERS, optimizer_of
from lrdesigner_app.schedule_editor.group_header import GroupHeader
from lrdesigner_app.schedule_editor.segment_form import SegmentForm
from lrdesigner_app.schedule_editor.segment_selection import SegmentSelection
from lrdesigner_app.schedule_editor.struct_form import StructForm, labelled
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import Panel, label, narrow_combo
from lrdesigner_app.workspace import Workspace


class Inspector(Panel):
    """Follows the selected group."""

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__()
        self._workspace = workspace
        self.header = GroupHeader(workspace)
        self.optimizer = narrow_combo("Optimizer")
        self.base_form = StructForm(without=("schedule",))
        self.options_form = StructForm()
        self.segment = SegmentForm(workspace, selection)
        self.plan_form = StructForm()
        self._build()
        self._connect()
        self._refresh()

    def _build(self) -> None:
        self.optimizer.addItems(list(OPTIMIZERS))
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(GRID)
        column.addWidget(label("GROUP", "section"))
        column.addWidget(self.header)
        column.addLayout(labelled("Optimizer", self.optimizer))
        column.addWidget(self.base_form)
        column.addWidget(self.options_form)
        column.addSpacing(GRID)
        column.addWidget(self.segment)
        column.addSpacing(GRID)
        column.addWidget(label("RUN", "section"))
        column.addWidget(self.plan_form)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self.body.addWidget(area)

    def _connect(self) -> None:
        self._workspace.signals.design_changed.connect(self._refresh)
        self._workspace.signals.selected_group_changed.connect(self._refresh)
        self.optimizer.activated.connect(self._choose_optimizer)
        self.base_form.previewed.connect(lambda name, value: self._base_lr(value, keep=False))
        self.base_form.committed.connect(lambda name, value: self._base_lr(value, keep=True))
        self.options_form.previewed.connect(lambda name, value: self._option(name, value, keep=False))
        self.options_form.committed.connect(lambda name, value: self._option(name, value, keep=True))
        self.plan_form.previewed.connect(lambda name, value: self._plan(name, value, keep=False))
        self.plan_form.committed.connect(lambda name, value: self._plan(name, value, keep=True))
        for form in (self.base_form, self.options_form, self.plan_form):
            form.cancelled.connect(self._workspace.store.cancel)

    def _refresh(self) -> None:
        group = self._workspace.selected_group
        self.optimizer.setCurrentText(optimizer_of(group.options).name)
        self.base_form.show_struct(group.lr)
        self.options_form.show_struct(group.options)
        self.plan_form.show_struct(self._workspace.design.plan)

    def _choose_optimizer(self) -> None:
        group = self._workspace.selected_group
        name = self.optimizer.currentText()
        self._workspace.commit(f"{group.name} on {name}", edits.set_optimizer, group.id, name)

    def _base_lr(self, value: float, *, keep: bool) -> None:
        group = self._workspace.selected_group
        self._send(keep, f"Base lr of {group.name}", edits.set_base_lr, group.id, value)

    def _option(self, name: str, value: Any, *, keep: bool) -> None:
        group = self._workspace.selected_group
        words = name.replace("_", " ").capitalize()
        self._send(keep, f"{words} of {group.name}", edits.set_option, group.id, name, value)
        if keep:
            self._refresh()  # a refused switch must not stay flipped

    def _plan(self, name: str, value: int, *, keep: bool) -> None:
        def change(design: Design) -> Design:
            return edits.set_plan(design, replace(design.plan, **{name: value}))

        self._send(keep, "Length of the run", change)

    def _send(self, keep: bool, text: str, edit: Any, *arguments: Any) -> None:
        (self._workspace.commit if keep else self._workspace.preview)(text, edit, *arguments)

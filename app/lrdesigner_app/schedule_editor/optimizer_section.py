"""The optimizer of the selected group: which one, the base lr, its options, and behind "More" how torch computes it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.optimizers import COMMON, OPTIMIZERS, SWITCHES, CustomOptions, Optimizer, optimizer_of
from lrdesigner_app.schedule_editor.outlet import apply, form_outlet
from lrdesigner_app.schedule_editor.shape_chooser import heading
from lrdesigner_app.schedule_editor.struct_form import StructForm, labelled
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import NarrowCombo, button, plain_tip
from lrdesigner_app.workspace import Workspace

FOLDED = (*SWITCHES, "ns_steps", "ns_a", "ns_b", "ns_c", "tolerance_grad", "tolerance_change")
"""Options that few people change."""


class OptimizerChooser(NarrowCombo):
    """Every optimizer, the common ones first; typing the first letters finds one."""

    def __init__(self) -> None:
        super().__init__("Optimizer")
        items = QStandardItemModel(self)
        rest = [name for name, entry in OPTIMIZERS.items() if name not in COMMON and entry.options is not CustomOptions]
        custom = [name for name, entry in OPTIMIZERS.items() if entry.options is CustomOptions]
        for title, names in (("Common", COMMON), ("More of torch", sorted(rest)), ("Other packages", custom)):
            items.appendRow(heading(title))
            for name in names:
                items.appendRow(_entry(OPTIMIZERS[name]))
        self.setModel(items)
        self.setMaxVisibleItems(20)

    def show_optimizer(self, entry: Optimizer) -> None:
        """Show which one is in use."""
        self.setCurrentIndex(self.findData(entry.name))
        self.setToolTip(plain_tip(_summary(entry)))


class OptimizerSection(QWidget):
    """What is folded stays so, or open, whatever group is selected."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.chooser = OptimizerChooser()
        self.base_form = StructForm(form_outlet(workspace, self._send_base), only=("base",))
        self.options_form = StructForm(form_outlet(workspace, self._send_option), without=FOLDED)
        self.more = button("", "quiet", "Options that few people change")
        self.more_form = StructForm(form_outlet(workspace, self._send_option), only=FOLDED)
        self._build()
        self.chooser.activated.connect(self._choose)
        self.more.toggled.connect(self._unfold)
        self._unfold(False)

    def refresh(self) -> None:
        """Show the selected group."""
        group = self._workspace.selected_group
        self.chooser.show_optimizer(optimizer_of(group.options))
        self.base_form.show_struct(group.lr)
        self.options_form.show_struct(group.options)
        self.more_form.show_struct(group.options)
        self.more.setVisible(bool(self.more_form.names))
        self._unfold(self.more.isChecked())

    def _build(self) -> None:
        self.more.setCheckable(True)
        self.more.setAccessibleName("More options")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addLayout(labelled("Optimizer", self.chooser))
        for form in (self.base_form, self.options_form):
            column.addWidget(form)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.more_form)

    def _unfold(self, on: bool) -> None:
        self.more.setText("▾ More" if on else "▸ More")
        self.more_form.setVisible(on and bool(self.more_form.names))

    def _choose(self) -> None:
        group, name = self._workspace.selected_group, self.chooser.currentData()
        words = "an optimizer by its import path" if OPTIMIZERS[name].options is CustomOptions else name
        self._workspace.commit(f"{group.name} on {words}", edits.set_optimizer, group.id, name)

    def _send_base(self, _: str, value: float, keep: bool) -> None:
        group = self._workspace.selected_group
        apply(self._workspace, keep, f"Base lr of {group.name}", edits.set_base_lr, group.id, value)

    def _send_option(self, name: str, value: Any, keep: bool) -> None:
        group = self._workspace.selected_group
        words = f"{name.replace('_', ' ').capitalize()} of {group.name}"
        apply(self._workspace, keep, words, edits.set_option, group.id, name, value)


def _entry(entry: Optimizer) -> QStandardItem:
    made = QStandardItem(entry.title)
    made.setData(entry.name, Qt.ItemDataRole.UserRole)
    made.setToolTip(plain_tip(_summary(entry)))
    return made


def _summary(entry: Optimizer) -> str:
    if entry.options is CustomOptions:
        return entry.doc
    return f"{entry.doc} torch's default lr: {entry.lr:g}. Source: {entry.source}."

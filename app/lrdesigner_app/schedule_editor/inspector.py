"""The inspector: everything about the selected group, and the length of the run."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.optimizers import OPTIMIZERS, optimizer_of
from lrdesigner.tracks import moves
from lrdesigner_app.schedule_editor.freeze_section import FreezeSection
from lrdesigner_app.schedule_editor.group_header import GroupHeader
from lrdesigner_app.schedule_editor.outlet import apply, form_outlet
from lrdesigner_app.schedule_editor.run_section import RunSection
from lrdesigner_app.schedule_editor.segment_form import SegmentForm
from lrdesigner_app.schedule_editor.segment_selection import SegmentSelection
from lrdesigner_app.schedule_editor.struct_form import StructForm, labelled
from lrdesigner_app.schedule_editor.track_section import TrackSection
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import Panel, label, narrow_combo
from lrdesigner_app.workspace import Workspace


class Inspector(Panel):
    """Follows the selected group and the selected track."""

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__()
        self._workspace = workspace
        self.header = GroupHeader(workspace)
        self.optimizer = narrow_combo("Optimizer")
        self.base_form = StructForm(form_outlet(workspace, self._send_base), only=("base",))
        self.options_form = StructForm(form_outlet(workspace, self._send_option))
        self.track = TrackSection(workspace)
        self.segment = SegmentForm(workspace, selection)
        self.freeze = FreezeSection(workspace)
        self.run = RunSection(workspace)
        self._build()
        signals = workspace.signals
        for signal in (signals.design_changed, signals.selected_group_changed, signals.selected_slot_changed):
            signal.connect(self._refresh)
        self.optimizer.activated.connect(self._choose_optimizer)
        self._refresh()

    def _build(self) -> None:
        self.optimizer.addItems(list(OPTIMIZERS))
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(GRID - 2)
        column.addWidget(label("GROUP", "section"))
        column.addWidget(self.header)
        column.addLayout(labelled("Optimizer", self.optimizer))
        column.addWidget(self.base_form)
        column.addWidget(self.options_form)
        for section in (self.track, self.segment, self.freeze, self.run):
            section.setContentsMargins(0, GRID + 2, 0, 0)  # a hidden one leaves no gap
            column.addWidget(section)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        bar = area.verticalScrollBar()

        def keep_width(lowest: int, highest: int) -> None:  # fields that move sideways would look as if they changed
            column.setContentsMargins(0, 0, 4 if highest > lowest else 4 + bar.sizeHint().width(), 0)

        bar.rangeChanged.connect(keep_width)
        keep_width(bar.minimum(), bar.maximum())
        self.body.addWidget(area)

    def _refresh(self, *_: object) -> None:
        group = self._workspace.selected_group
        self.optimizer.setCurrentText(optimizer_of(group.options).name)
        self.base_form.show_struct(group.lr)
        self.options_form.show_struct(group.options)
        self.segment.setVisible(moves(group, self._workspace.selected_slot))

    def _choose_optimizer(self) -> None:
        group = self._workspace.selected_group
        name = self.optimizer.currentText()
        self._workspace.commit(f"{group.name} on {name}", edits.set_optimizer, group.id, name)

    def _send_base(self, _: str, value: float, keep: bool) -> None:
        group = self._workspace.selected_group
        apply(self._workspace, keep, f"Base lr of {group.name}", edits.set_base_lr, group.id, value)

    def _send_option(self, name: str, value: Any, keep: bool) -> None:
        group = self._workspace.selected_group
        words = f"{name.replace('_', ' ').capitalize()} of {group.name}"
        apply(self._workspace, keep, words, edits.set_option, group.id, name, value)

"""The form of the selected part of a schedule: its shape, its length, its fields, its own parts, what it does."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner import edits, schedule_edits, tree_edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.schedules import (
    SHAPES,
    Cyclic,
    Field,
    OneCycle,
    Product,
    Sequence,
    Span,
    children_of,
    resolve,
    shape_of,
)
from lrdesigner_app.schedule_editor.crumbs import Crumbs
from lrdesigner_app.schedule_editor.keys_field import KeysField
from lrdesigner_app.schedule_editor.last_trial import LastTrial
from lrdesigner_app.schedule_editor.node_menu import NodeMenu
from lrdesigner_app.schedule_editor.outlet import Outlet, apply, form_outlet
from lrdesigner_app.schedule_editor.parts_list import PartsList
from lrdesigner_app.schedule_editor.shape_chooser import ShapeChooser
from lrdesigner_app.schedule_editor.shape_words import ShapeWords
from lrdesigner_app.schedule_editor.struct_form import MAKERS, StructForm
from lrdesigner_app.schedule_editor.trace_field import TraceField
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import button, label, small_button
from lrdesigner_app.workspace import Workspace

ALL_TAGS = frozenset(shape.tag for shape in SHAPES)
PART_TAGS = frozenset(shape.tag for shape in SHAPES if shape.family != "feedback")


class SegmentForm(QWidget):
    """Edits one node of the selected track's schedule."""

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__()
        self._workspace = workspace
        self._selection = selection
        self._last_trial = LastTrial(workspace)
        self._title = label("", "section")
        self.crumbs = Crumbs()
        self.shape = ShapeChooser()
        self.length_form = StructForm(form_outlet(workspace, self._send_segment), only=("length", "skip"))
        makers = {**MAKERS, "keys": self._keys_field, "trace": self._trace_field}
        self.fields_form = StructForm(form_outlet(workspace, self._send_field), makers=MappingProxyType(makers))
        self.parts = PartsList(selection)
        self.couple = button("Momentum beside it", tip="Let the momentum go down while the rate goes up, and back")
        self.about = ShapeWords()
        self.more = NodeMenu(selection, self.parts)
        self.earlier = small_button("arrow-left", "Move this segment earlier (Alt+Left in the strip)")
        self.later = small_button("arrow-right", "Move this segment later (Alt+Right in the strip)")
        self.remove = small_button("minus", "Remove this segment (Delete in the strip)")
        self.add = small_button("plus", "Add a segment after this one (Ctrl+T, + in the strip)")
        self._build()
        self._connect()
        self._refresh()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self._title, 1)
        for made in (self.more.button, self.earlier, self.later, self.remove, self.add):
            head.addWidget(made)
        column.addLayout(head)
        column.addWidget(self.crumbs)
        for part in (self.shape, self.length_form, self.fields_form, self.parts, self.couple, self.about):
            column.addWidget(part)

    def _connect(self) -> None:
        self._selection.changed.connect(self._refresh)
        self._last_trial.changed.connect(self._refresh)
        self.crumbs.chosen.connect(self._selection.go_to)
        self.shape.activated.connect(self._choose_shape)
        self.earlier.clicked.connect(lambda: self._selection.move(-1))
        self.later.clicked.connect(lambda: self._selection.move(1))
        self.remove.clicked.connect(self._selection.remove)
        self.add.clicked.connect(self._selection.add_after)
        self.couple.clicked.connect(self._couple)

    def _refresh(self) -> None:
        focused = self._has_focus()
        self._show()
        if focused and not self._has_focus():  # the field that had it is gone; Qt gives it to whatever comes next
            first = next((self.fields_form.editor(name) for name in self.fields_form.names), self.shape)
            first.show()  # the layout would, a little later
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _has_focus(self) -> bool:
        widget = QApplication.focusWidget()
        return widget is not None and self.isAncestorOf(widget)

    def _show(self) -> None:
        node, path, span = self._selection.node, self._selection.path, self._selection.span
        shape = shape_of(node)
        self._show_place()
        self.crumbs.show_path(self._selection.schedule, path)
        self._allow_shapes()
        self.shape.show_shape(shape)
        self._show_segment(span)
        self.fields_form.show_struct(node, span)
        self.fields_form.setVisible(bool(self.fields_form.names))
        if shape.family == "feedback":
            trace = self.fields_form.editor("metric")
            assert isinstance(trace, TraceField)
            trace.show_trial(self._last_trial.available)
        self.parts.show_node(node)
        self._show_couple(node)
        self.about.show_shape(shape)

    def _show_place(self) -> None:
        """Title and buttons: where the node is among its siblings."""
        parent, path = self._selection.parent, self._selection.path
        siblings = len(children_of(parent)) if path else 1
        index = path[-1] if path else 0
        several = isinstance(parent, Sequence | Product)
        word = "SEGMENT" if isinstance(parent, Sequence) else "PART"
        alone = "SCHEDULE" if parent is None else f"INSIDE {shape_of(parent).title.upper()}"
        of = " OF " if siblings < 10 else "/"
        self._title.setText(f"{word} {index + 1}{of}{siblings}" if several and siblings > 1 else alone)
        for made in (self.earlier, self.later, self.remove):
            made.setVisible(several)
        self.earlier.setEnabled(several and index > 0)
        self.later.setEnabled(several and index < siblings - 1)
        self.remove.setEnabled(several and siblings > 1)
        self.add.setEnabled((several or not path) and not self._selection.whole)
        self.add.setVisible(self.add.isEnabled())

    def _allow_shapes(self) -> None:
        free = not self._selection.path and self._workspace.selected_slot == "lr" and not self._selection.whole
        why_not = "What is steered by a metric is the whole schedule of a learning rate"
        if self._workspace.selected_slot == "lr":
            why_not += "; remove the other segments or unwrap this one first"
        self.shape.allow(ALL_TAGS if free else PART_TAGS, why_not)

    def _show_segment(self, span: Span) -> None:
        """Length and entry, of what is a segment of several or does not last the whole run."""
        parent, path = self._selection.parent, self._selection.path
        self.length_form.setVisible(isinstance(parent, Sequence))
        if isinstance(parent, Sequence):
            segment = parent.segments[path[-1]]
            self.length_form.show_struct(segment, span.part(max(span.steps - resolve(segment.skip, span), 0)))

    def _show_couple(self, node: Any) -> None:
        group = self._workspace.selected_group
        fits = self._workspace.selected_slot == "lr" and not self._selection.path
        self.couple.setVisible(fits and isinstance(node, OneCycle | Cyclic))
        if not self.couple.isHidden():
            try:
                new = edits.couple_momentum(self._workspace.design, group.id) is not self._workspace.design
            except UserError:  # an optimizer without momentum
                new = False
            self.couple.setEnabled(new)

    def _choose_shape(self) -> None:
        tag = self.shape.currentData()
        self._workspace.commit(self._words(), tree_edits.set_shape, *self._place(), tag)
        self._refresh()  # a refused choice must not stay

    def _couple(self) -> None:
        group = self._workspace.selected_group
        self._workspace.commit(f"Momentum beside the rate of {group.name}", edits.couple_momentum, group.id)

    def _send_field(self, name: str, value: Any, keep: bool) -> None:
        apply(self._workspace, keep, self._words(), schedule_edits.set_node_field, *self._place(), name, value)

    def _send_segment(self, name: str, value: Any, keep: bool) -> None:
        group, slot, path = self._place()

        def change(design: Design) -> Design:
            return tree_edits.set_segment(design, group, slot, path, **{name: value})

        apply(self._workspace, keep, self._words(), change)

    def _keys_field(self, field: Field, outlet: Outlet) -> KeysField:
        return KeysField(field, outlet, self._workspace)

    def _trace_field(self, field: Field, outlet: Outlet) -> TraceField:
        made = TraceField(field, outlet)
        made.trial_wanted.connect(self._use_last_trial)
        return made

    def _use_last_trial(self) -> None:
        group = self._workspace.selected_group
        values = self._last_trial.metric(self._selection.node, self._selection.span)
        words = f"Metric of {group.name}"
        self._workspace.commit(words, edits.use_metric, group.id, values, self._last_trial.source)

    def _words(self) -> str:
        return f"Schedule of {self._workspace.selected_group.name}"

    def _place(self) -> tuple[int, Any, schedule_edits.Path]:
        return self._workspace.selected_group.id, self._workspace.selected_slot, self._selection.path

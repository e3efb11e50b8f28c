"""The form of the selected segment: its shape, its length, the shape's fields, and what the shape does."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner import schedule_edits
from lrdesigner.schedules import SHAPES, Sequence, shape_of
from lrdesigner_app.schedule_editor.segment_selection import SegmentSelection
from lrdesigner_app.schedule_editor.struct_form import StructForm, labelled
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label, narrow_combo, small_button
from lrdesigner_app.workspace import Workspace

# What a segment can be; a sequence inside a segment is shown, and made by hand in the file.
CHOICES = tuple(shape for shape in SHAPES if shape.node is not Sequence)


class SegmentForm(QWidget):
    """Edits one segment of the selected group's schedule."""

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__()
        self._workspace = workspace
        self._selection = selection
        self._title = label("", "section")
        self.shape = narrow_combo("Shape of the segment")
        self.length_form = StructForm(without=("schedule",))
        self.fields_form = StructForm()
        self._about = label("", "secondary")
        self.earlier = small_button("←", "Move this segment earlier (Alt+Left in the strip)")
        self.later = small_button("→", "Move this segment later (Alt+Right in the strip)")
        self.remove = small_button("−", "Remove this segment (Delete in the strip)")
        self.add = small_button("+", "Add a segment after this one (Ctrl+T, + in the strip)")
        self._build()
        self._connect()
        self._refresh()

    def _build(self) -> None:
        for shape in CHOICES:
            self.shape.addItem(shape.title, shape.tag)
        self._about.setWordWrap(True)
        self._about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self._title, 1)
        for made in (self.earlier, self.later, self.remove, self.add):
            head.addWidget(made)
        column.addLayout(head)
        column.addLayout(labelled("Shape", self.shape))
        column.addWidget(self.length_form)
        column.addWidget(self.fields_form)
        column.addWidget(self._about)

    def _connect(self) -> None:
        self._selection.changed.connect(self._refresh)
        self.shape.activated.connect(self._choose_shape)
        self.earlier.clicked.connect(lambda: self._selection.move(-1))
        self.later.clicked.connect(lambda: self._selection.move(1))
        self.remove.clicked.connect(self._selection.remove)
        self.add.clicked.connect(self._selection.add_after)
        self.length_form.previewed.connect(
            lambda name, value: self._send(False, schedule_edits.set_segment_length, value)
        )
        self.length_form.committed.connect(
            lambda name, value: self._send(True, schedule_edits.set_segment_length, value)
        )
        self.fields_form.previewed.connect(
            lambda name, value: self._send(False, schedule_edits.set_segment_field, name, value)
        )
        self.fields_form.committed.connect(
            lambda name, value: self._send(True, schedule_edits.set_segment_field, name, value)
        )
        for form in (self.length_form, self.fields_form):
            form.cancelled.connect(self._workspace.store.cancel)

    def _refresh(self) -> None:
        segments, index = self._selection.segments, self._selection.index
        segment = segments[index]
        shape = shape_of(segment.schedule)
        self._title.setText(f"SEGMENT {index + 1} OF {len(segments)}" if len(segments) > 1 else "SCHEDULE")
        place = self.shape.findData(shape.tag)
        self.shape.setCurrentIndex(place)
        self.shape.setPlaceholderText(shape.title)
        self.earlier.setEnabled(index > 0)
        self.later.setEnabled(index < len(segments) - 1)
        self.remove.setEnabled(len(segments) > 1)
        self.length_form.setVisible(len(segments) > 1)
        self.length_form.show_struct(segment)
        self.fields_form.show_struct(segment.schedule)
        about = " ".join(shape.doc.replace("`", "").split())
        if self._about.text() != about:
            self._about.setText(about)

    def _choose_shape(self) -> None:
        self._send(True, schedule_edits.set_segment_shape, self.shape.currentData())

    def _send(self, keep: bool, edit: Any, *arguments: Any) -> None:
        group = self._workspace.selected_group
        send = self._workspace.commit if keep else self._workspace.preview
        send(
            f"Schedule of {group.name}",
            edit,
            group.id,
            self._workspace.selected_slot,
            self._selection.index,
            *arguments,
        )

"""The inspector: everything about the selected group, and the length of the run."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from lrdesigner.places import Place
from lrdesigner.tracks import moves
from lrdesigner_app.flash import Flash
from lrdesigner_app.schedule_editor.expansion_section import ExpansionSection
from lrdesigner_app.schedule_editor.follow_section import FollowSection
from lrdesigner_app.schedule_editor.freeze_section import FreezeSection
from lrdesigner_app.schedule_editor.group_header import GroupHeader
from lrdesigner_app.schedule_editor.optimizer_section import OptimizerSection
from lrdesigner_app.schedule_editor.run_section import RunSection
from lrdesigner_app.schedule_editor.segment_form import SegmentForm
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.schedule_editor.track_section import TrackSection
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import Panel, label
from lrdesigner_app.workspace import Workspace


class Inspector(Panel):
    """Follows the selected group and the selected track."""

    def __init__(self, workspace: Workspace, selection: SegmentSelection) -> None:
        super().__init__()
        self._workspace = workspace
        self.header = GroupHeader(workspace)
        self.optimizer = OptimizerSection(workspace)
        self.base_form = self.optimizer.base_form
        self.options_form = self.optimizer.options_form
        self.follow = FollowSection(workspace)
        self.expansion = ExpansionSection(workspace)
        self.track = TrackSection(workspace)
        self.segment = SegmentForm(workspace, selection)
        self.freeze = FreezeSection(workspace)
        self.run = RunSection(workspace)
        self._build()
        signals = workspace.signals
        for signal in (signals.design_changed, signals.selected_group_changed, signals.selected_slot_changed):
            signal.connect(self._refresh)
        signals.place_requested.connect(self._on_place_requested)
        signals.editing_requested.connect(self._on_editing_requested)
        self._refresh()

    def _build(self) -> None:
        inner = QWidget()
        column = self._column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(GRID - 2)
        column.addWidget(label("GROUP", "section"))
        column.addWidget(self.header)
        column.addWidget(self.optimizer)
        column.addWidget(self.follow)
        for section in (self.track, self.segment, self.expansion, self.freeze, self.run):
            section.setContentsMargins(0, GRID + 2, 0, 0)  # a hidden one leaves no gap
            column.addWidget(section)
        column.addStretch(1)
        self._area = area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        bar = area.verticalScrollBar()

        def keep_width(lowest: int, highest: int) -> None:  # fields that move sideways would look as if they changed
            column.setContentsMargins(0, 0, 4 if highest > lowest else 4 + bar.sizeHint().width(), 0)

        bar.rangeChanged.connect(keep_width)
        keep_width(bar.minimum(), bar.maximum())
        self.body.addWidget(area)

    def _on_place_requested(self, place: Place) -> None:
        """Bring what it names into view, with a short glow."""
        if (shown := self._shown_at(place)) is not None:
            self._column.activate()  # another group or part may just have come into its forms
            self._area.ensureWidgetVisible(shown)
            Flash(self._workspace.theme, shown)

    def _on_editing_requested(self, place: Place) -> None:
        of_part = self.segment.shape if place.slot is not None and place.path is not None else None
        shown = self._shown_at(place) or of_part
        inside = [shown, *shown.findChildren(QWidget)] if shown is not None else []
        taking = (one for one in inside if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isVisible())
        if (first := next(taking, None)) is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _shown_at(self, place: Place) -> QWidget | None:
        """The editor of the field of a place or, where that has none, the section that it is in."""
        if place.area == "plan":
            return self._editor(place.field, self.run) or self.run
        if place.area != "group" or not place.field:
            return None
        if place.field in self.optimizer.more_form.names:
            self.optimizer.more.setChecked(True)  # what is folded away cannot be seen
        sections: dict[str, QWidget] = {
            "freeze": self.freeze,
            "exempt": self.expansion,
            "layer_decay": self.expansion,
            "options": self.optimizer,
        }
        of_part = (self.segment,) if place.slot is not None else ()
        for section in (*of_part, self.optimizer, self.expansion, self.follow, self.track):
            if (editor := self._editor(place.field, section)) is not None:
                return editor
        return sections.get(place.field)

    def _editor(self, field: str, section: QWidget) -> QWidget | None:
        forms = [form for form in section.findChildren(StructForm) if field in form.names]
        return next((form.editor(field) for form in forms if form.editor(field).isVisible()), None)

    def _refresh(self, *_: object) -> None:
        group = self._workspace.selected_group
        self.optimizer.refresh()
        self.segment.setVisible(moves(group, self._workspace.selected_slot))

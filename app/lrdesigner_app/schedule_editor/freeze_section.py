"""When the selected group is frozen: stretches of time in which it does not train."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.checked import replaced
from lrdesigner.document import Freeze, Plan
from lrdesigner.numbers import rate
from lrdesigner.schedules import Length
from lrdesigner.schedules.breaks import FOR_EVER
from lrdesigner.tracks import frozen_stretches
from lrdesigner_app.schedule_editor.outlet import apply, form_outlet
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import calling, label, small_button
from lrdesigner_app.workspace import Workspace


class FreezeSection(QWidget):
    """One form per stretch; the first one that is added begins at the start of the run."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.add = small_button("plus", "Freeze this group for a time")
        self.words = label("", "secondary")
        self.words.setWordWrap(True)
        self.forms: list[StructForm] = []
        self.removers: list[QWidget] = []
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._build()
        self.add.clicked.connect(self._add)
        workspace.signals.design_changed.connect(self._refresh)
        workspace.signals.selected_group_changed.connect(self._refresh)
        self._refresh()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(label("FROZEN", "section"), 1)
        head.addWidget(self.add)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID - 2)
        self._column.addLayout(head)
        self._column.addWidget(self.words)

    def _refresh(self, *_: object) -> None:
        freeze, plan = self._workspace.selected_group.freeze, self._workspace.design.plan
        while len(self.forms) > len(freeze):
            self._drop_row()
        while len(self.forms) < len(freeze):
            self._add_row(len(self.forms))
        for form, stretch in zip(self.forms, freeze, strict=True):
            form.show_struct(stretch, plan.span)
        self.words.setText(frozen_words(freeze, plan))

    def _add_row(self, index: int) -> None:
        row = QWidget()
        form = StructForm(form_outlet(self._workspace, self._sender(index)))
        remove = small_button("minus", "Remove this stretch")
        remove.clicked.connect(calling(self._remove, index))
        head = QHBoxLayout()
        head.addWidget(label(f"Stretch {index + 1}"), 1)
        head.addWidget(remove)
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(form)
        self._column.insertWidget(self._column.count() - 1, row)
        self.forms.append(form)
        self.removers.append(remove)
        self._rows.append(row)

    def _drop_row(self) -> None:
        self.forms.pop()
        self.removers.pop()
        row = self._rows.pop()
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _sender(self, index: int) -> Callable[[str, Any, bool], None]:
        def send(name: str, value: Any, keep: bool) -> None:
            group = self._workspace.selected_group
            changed = replaced(group.freeze[index], **{name: value})
            freeze = (*group.freeze[:index], changed, *group.freeze[index + 1 :])
            apply(self._workspace, keep, f"Freezing of {group.name}", edits.set_freeze, group.id, freeze)

        return send

    def _add(self) -> None:
        group, plan = self._workspace.selected_group, self._workspace.design.plan
        self._commit((*group.freeze, next_freeze(group.freeze, plan)))

    def _remove(self, index: int) -> None:
        freeze = self._workspace.selected_group.freeze
        self._commit((*freeze[:index], *freeze[index + 1 :]))

    def _commit(self, freeze: tuple[Freeze, ...]) -> None:
        group = self._workspace.selected_group
        self._workspace.commit(f"Freezing of {group.name}", edits.set_freeze, group.id, freeze)


def next_freeze(freeze: tuple[Freeze, ...], plan: Plan) -> Freeze:
    """A stretch to begin with: the first epoch, or one in the middle of the time after the last stretch."""
    stretches = frozen_stretches(freeze, plan)
    if not stretches:
        return Freeze(Length(0.0, "steps"), Length(1.0, "epochs"))
    after = -(-min(stretches[-1][1], plan.total_steps) // plan.steps_per_epoch)
    return Freeze(Length(float(max((after + plan.epochs) // 2, after)), "epochs"), Length(1.0, "epochs"))


def frozen_words(freeze: tuple[Freeze, ...], plan: Plan) -> str:
    """What the stretches come to: "Frozen until epoch 2"."""
    stretches = frozen_stretches(freeze, plan)
    if not stretches:
        return "Trains from the start." if not freeze else "Never frozen: these stretches hold no step of the run."
    parts = [_stretch_words(start, end, plan) for start, end in stretches]
    return f"Frozen {', and '.join(parts)}."


def _stretch_words(start: int, end: int, plan: Plan) -> str:
    if start == 0:
        return "for the whole run" if end == FOR_EVER else f"until epoch {_epoch(end, plan)}"
    ending = "on" if end == FOR_EVER else f"to {_epoch(end, plan)}"
    return f"from epoch {_epoch(start, plan)} {ending}"


def _epoch(step: int, plan: Plan) -> str:
    return rate(round(step / plan.steps_per_epoch, 2))

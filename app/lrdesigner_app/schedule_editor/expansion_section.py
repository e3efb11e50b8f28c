"""How the selected group becomes several param groups: rates that fall by layer, parts without weight decay."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from lrdesigner.document import DecayExemption, LayerDecay
from lrdesigner.expansion_edits import set_exemption, set_layer_decay, use_exemption, use_layer_decay
from lrdesigner.layers import layers_of
from lrdesigner.membership import membership
from lrdesigner.schedules import fields_of
from lrdesigner_app.schedule_editor.expansion_words import (
    exempt_words,
    layer_list,
    layer_words,
    why_no_exemption,
    why_no_layers,
)
from lrdesigner_app.schedule_editor.outlet import apply, form_outlet
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.schedule_editor.value_fields import SwitchField, TextField
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label, plain_tip
from lrdesigner_app.workspace import Workspace


class ExpansionSection(QWidget):
    """Two switches, each with what it takes beneath it while it is on."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.layered = QCheckBox("Rate falls layer by layer")
        self.layer_form = StructForm(form_outlet(workspace, self._send_layers))
        self.layer_words = label("", "secondary")
        self.exempts = QCheckBox("No weight decay on")
        self.kinds: dict[str, SwitchField] = {}
        self.where_form = StructForm(form_outlet(workspace, self._send_exemption), only=("where",))
        self.exempt_words = label("", "secondary")
        self._kinds = QWidget()
        self._build()
        self.layered.clicked.connect(self._let_layers)
        self.exempts.clicked.connect(self._let_exemption)
        workspace.signals.design_changed.connect(self._refresh)
        workspace.signals.selected_group_changed.connect(self._refresh)
        self._refresh()

    def _build(self) -> None:
        outlet = form_outlet(self._workspace, self._send_exemption)
        grid = QGridLayout(self._kinds)
        grid.setContentsMargins(GRID * 2 + 4, 0, 0, 0)
        grid.setSpacing(GRID - 2)
        switches = [field for field in fields_of(DecayExemption) if field.kind == "switch"]
        for place, field in enumerate(switches):
            switch = SwitchField(field, outlet.of(field.name))
            switch.setText(field.title)
            grid.addWidget(switch, place // 2, place % 2)
            self.kinds[field.name] = switch
        for words in (self.layer_words, self.exempt_words):
            words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addWidget(label("WITHIN THE GROUP", "section"))
        parts = (self.layered, self.layer_form, self.layer_words, self.exempts, self._kinds, self.where_form)
        for part in (*parts, self.exempt_words):
            column.addWidget(part)

    def _refresh(self, *_: object) -> None:
        self._show_layers()
        self._show_exemption()

    def _show_layers(self) -> None:
        design, group = self._workspace.design, self._workspace.selected_group
        decay = group.layer_decay
        parameters = membership(design).trainable(group.id)
        why = why_no_layers(group, parameters)
        self.layered.setChecked(decay is not None)
        self.layered.setEnabled(not why or decay is not None)
        self.layered.setToolTip(why or "Each layer has a share of the rate of the layer above it")
        self.layer_form.setVisible(decay is not None)
        if decay is not None:
            self.layer_form.show_struct(decay)
            pattern = self.layer_form.editor("layers")
            if isinstance(pattern, TextField):
                pattern.setPlaceholderText(layers_of(parameters).pattern or "none found")
        self.layer_words.setText(why or layer_words(group, parameters))
        self.layer_words.setToolTip(plain_tip(layer_list(group, parameters)))
        self.layer_words.setVisible(bool(self.layer_words.text()))

    def _show_exemption(self) -> None:
        design, group = self._workspace.design, self._workspace.selected_group
        exempt = group.exempt
        why = why_no_exemption(group)
        self.exempts.setChecked(exempt is not None)
        self.exempts.setEnabled(not why or exempt is not None)
        self.exempts.setToolTip(why or "Parts of the group that weight decay does not shrink")
        for part in (self._kinds, self.where_form):
            part.setVisible(exempt is not None)
        if exempt is not None:
            for name, switch in self.kinds.items():
                switch.show_value(getattr(exempt, name))
            self.where_form.show_struct(exempt)
            where = self.where_form.editor("where")
            if isinstance(where, TextField):
                where.setPlaceholderText("*.pos_embed")
        self.exempt_words.setText(why or exempt_words(design, group))
        self.exempt_words.setVisible(bool(self.exempt_words.text()))

    def _let_layers(self) -> None:
        group = self._workspace.selected_group
        decay = LayerDecay() if self.layered.isChecked() else None
        words = f"Layer decay of {group.name}" if decay else f"One rate for all layers of {group.name}"
        self._workspace.commit(words, use_layer_decay, group.id, decay)
        self._refresh()

    def _let_exemption(self) -> None:
        group = self._workspace.selected_group
        exempt = DecayExemption() if self.exempts.isChecked() else None
        words = f"No weight decay on parts of {group.name}" if exempt else f"Weight decay on all of {group.name}"
        self._workspace.commit(words, use_exemption, group.id, exempt)
        self._refresh()

    def _send_layers(self, name: str, value: Any, keep: bool) -> None:
        group = self._workspace.selected_group

        def change(design: Any) -> Any:
            return set_layer_decay(design, group.id, **{name: value})

        apply(self._workspace, keep, f"Layer decay of {group.name}", change)

    def _send_exemption(self, name: str, value: Any, keep: bool) -> None:
        group = self._workspace.selected_group

        def change(design: Any) -> Any:
            return set_exemption(design, group.id, **{name: value})

        apply(self._workspace, keep, f"What of {group.name} has no weight decay", change)

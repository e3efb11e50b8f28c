"""The head of the inspector: colour, name and size of the selected group."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lrdesigner import edits
from lrdesigner.document import COLOURS, LONGEST_NAME
from lrdesigner.membership import membership
from lrdesigner.numbers import count
from lrdesigner_app.swatches import COLOUR_NAMES, SIDE, swatch
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import LineEdit, label
from lrdesigner_app.workspace import Workspace


class GroupHeader(QWidget):
    """Colour button with the palette, the name to edit, and what the group holds."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.colour = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.name = LineEdit()
        self.size_label = label("", "secondary")
        self._build()
        workspace.signals.design_changed.connect(self._refresh)
        workspace.signals.selected_group_changed.connect(self._refresh)
        workspace.theme.changed.connect(self._refresh)
        self._refresh()

    def _build(self) -> None:
        self.colour.setAccessibleName("Colour of the group")
        self.colour.setToolTip("Colour of the group, in the tree, on the card and in the plot")
        self.colour.setIconSize(QSize(SIDE, SIDE))
        self.colour.setProperty("role", "quiet")
        self.colour.setMenu(QMenu(self.colour))
        self.colour.menu().aboutToShow.connect(self._fill_menu)
        self.name.setAccessibleName("Name of the group")
        self.name.setProperty("role", "title")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setMinimumWidth(60)
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.name.editingFinished.connect(self._rename)
        self.size_label.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self.colour)
        row.addWidget(self.name, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self.size_label)

    def edit_name(self) -> None:
        """Put the cursor into the name, all of it selected, to be typed over."""
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name.selectAll()

    def _refresh(self) -> None:
        design, group = self._workspace.design, self._workspace.selected_group
        if not self.name.isModified():
            self.name.setText(group.name)
        self.colour.setIcon(swatch(self._workspace.theme.group_colour(group.colour)))
        held = membership(design).amount(group.id)
        remainder = " · takes what no other group has" if group.id == design.remainder else ""
        modules = f"{held.modules:,} module{'s' if held.modules != 1 else ''}"
        text = f"{modules} · {count(held.trainable)} parameters{remainder}"
        self.size_label.setText(text if held.trainable_tensors else f"No trainable parameters{remainder}")
        self.size_label.setToolTip(f"{held.trainable:,} parameters in {held.trainable_tensors:,} tensors")

    def _rename(self) -> None:
        group = self._workspace.selected_group
        if self.name.isModified():
            self.name.setModified(False)
            self._workspace.commit(f"Rename {group.name}", edits.rename_group, group.id, self.name.text())
        self._refresh()

    def _fill_menu(self) -> None:
        menu = self.colour.menu()
        menu.clear()
        group = self._workspace.selected_group
        for index in range(COLOURS):
            action = menu.addAction(swatch(self._workspace.theme.group_colour(index)), COLOUR_NAMES[index])
            action.triggered.connect(lambda _=False, i=index: self._recolour(i))
            action.setCheckable(True)
            action.setChecked(index == group.colour)

    def _recolour(self, index: int) -> None:
        group = self._workspace.selected_group
        self._workspace.commit(f"Colour of {group.name}", edits.set_colour, group.id, index)

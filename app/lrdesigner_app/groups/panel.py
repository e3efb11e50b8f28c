"""The GROUPS panel: cards, a button for a new one, and what their keys and menu do to the design."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.membership import membership
from lrdesigner.places import Place
from lrdesigner.store import Change
from lrdesigner_app.flash import Flash
from lrdesigner_app.groups.cards_model import CardsModel
from lrdesigner_app.groups.menu import build_menu
from lrdesigner_app.groups.new_button import NewGroupButton
from lrdesigner_app.groups.view import CardsView
from lrdesigner_app.notices import Notice
from lrdesigner_app.widgets import Panel, button, calling, label
from lrdesigner_app.workspace import Workspace


class GroupsPanel(Panel):
    """The groups of the design; the selected card is the workspace's selected group."""

    presets_requested = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.model = CardsModel(workspace, self)
        self.view = CardsView(workspace.theme, self.model)
        self.new_button = NewGroupButton()
        self.presets_button = button("Presets", "quiet", "Known ways to group a model")
        self._build()
        self._connect()
        self._show_selected()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(2)  # all of it fits into the narrowest panel
        head.addWidget(label("GROUPS", "section"))
        head.addStretch(1)
        self.presets_button.setObjectName("presets")
        head.addWidget(self.presets_button)
        head.addWidget(self.new_button)
        self.body.addLayout(head)
        self.body.addWidget(self.view, 1)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.presets_button.clicked.connect(calling(self.presets_requested.emit))
        self.new_button.clicked.connect(self._on_new_clicked)
        self.new_button.paths_dropped.connect(self.new_group)
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.view.remove_requested.connect(self.remove)
        self.view.move_requested.connect(self.move_group)
        self.view.menu_requested.connect(self._pop_up)
        self.view.sign_clicked.connect(self._on_sign_clicked)
        self._workspace.signals.design_changed.connect(self._on_design_changed)
        self._workspace.signals.selected_group_changed.connect(self._show_selected)
        self._workspace.signals.place_requested.connect(self._on_place_requested)

    def new_group(self, paths: tuple[str, ...] = ()) -> None:
        """Add a group, with these modules if any, select it and let its name be typed."""
        if self._workspace.commit("New group", edits.add_group, "", paths):
            self._workspace.select_group(self._workspace.design.groups[-1].id)
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
            self.rename()

    def rename(self) -> None:
        """Edit the name of the selected group in place."""
        self.view.edit(self.view.currentIndex())

    def remove(self) -> None:
        """Remove the selected group; the notice can take it back."""
        before, group = self._workspace.design, self._workspace.selected_group
        row = self.model.ids.index(group.id)
        if not self._workspace.commit(f"Remove {group.name}", edits.remove_group, group.id):
            return
        after = self._workspace.design
        self._workspace.select_group(after.groups[min(row, len(after.groups) - 1)].id)
        undo = partial(self._undo_removal, after, group.id)
        self._workspace.post(Notice(_farewell(before, after, group.id), action=("Undo", undo)))

    def move_group(self, by: int) -> None:
        """Move the selected group up (-1) or down (1) in the order."""
        group = self._workspace.selected_group
        place = self.model.ids.index(group.id) + by
        if 0 <= place < len(self.model.ids):
            self._workspace.commit(f"Move {group.name}", edits.move_group, group.id, place)

    def set_colour(self, colour: int) -> None:
        """Give the selected group another colour."""
        group = self._workspace.selected_group
        if group.colour != colour:
            self._workspace.commit(f"Colour of {group.name}", edits.set_colour, group.id, colour)

    def solo(self) -> None:
        """Show the selected group's curve alone, or all again."""
        self._workspace.display.toggle_solo(self._workspace.selected_group.id)

    def hide_curve(self) -> None:
        """Hide the selected group's curve, or show it again."""
        self._workspace.display.toggle_hidden(self._workspace.selected_group.id)

    def lock_curve(self) -> None:
        """Keep the selected group's curve from being dragged, or let it go."""
        self._workspace.display.toggle_locked(self._workspace.selected_group.id)

    def _on_sign_clicked(self, row: int, sign: str) -> None:
        """The sign of any card, which does not select it."""
        display, group = self._workspace.display, self.model.ids[row]
        if sign == "lock":
            display.toggle_locked(group)
        elif display.look.solo is not None:
            display.toggle_solo(display.look.solo)
        else:
            display.toggle_hidden(group)

    def context_menu(self) -> QMenu:
        """The menu for the selected group, not shown yet."""
        return build_menu(self._workspace, self, self.view)

    def _on_new_clicked(self) -> None:
        self.new_group()

    def _undo_removal(self, removed: Design, group: int) -> None:
        if self._workspace.store.committed is not removed:
            self._workspace.post(Notice("The design has changed since; undo takes the changes back one by one."))
            return
        self._workspace.store.undo()
        self._workspace.select_group(group)

    def _pop_up(self, place: QPoint) -> None:
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _on_current_changed(self, current: QModelIndex) -> None:
        if current.isValid():
            self._workspace.select_group(self.model.ids[current.row()])

    def _on_design_changed(self, change: Change) -> None:
        if self.model.follow(change):
            self._show_selected()

    def _on_place_requested(self, place: Place) -> None:
        """The card of a place glows for a moment."""
        if place.group is not None and (index := self.model.index_of(place.group)).isValid():
            Flash(self._workspace.theme, self.view.viewport(), self.view.visualRect(index))

    def _show_selected(self) -> None:
        index = self.model.index_of(self._workspace.selected_group.id)
        if index.isValid() and index != self.view.currentIndex():
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.view.scrollTo(index)


def _farewell(before: Design, after: Design, group: int) -> str:
    """`Removed head; its 3 modules are back in everything`."""
    name = before.group(group).name
    pins = sum(pin.group == group for pin in before.pins)
    now = membership(after).placements
    takers = {now[p.name].group for p in membership(before).members(group)}
    if not takers:
        return f"Removed {name}"
    whereto = " and ".join(g.name for g in after.groups if g.id in takers) if len(takers) < 3 else "other groups"
    modules = {module.path for module in before.model.inventory.modules}
    noun = "module" if all(pin.path in modules for pin in before.pins if pin.group == group) else "pin"
    verb = f"{noun} is" if pins == 1 else f"{noun}s are"
    return f"Removed {name}; its {pins} {verb} back in {whereto}"

"""Whether the selected group has a schedule of its own, or that of another group with a scaled rate."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lrdesigner.document import Design, Group
from lrdesigner.following import follow, followers_of, leader_of, unfollow
from lrdesigner_app.schedule_editor.outlet import apply, form_outlet
from lrdesigner_app.schedule_editor.struct_form import StructForm, labelled
from lrdesigner_app.swatches import swatch
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label, narrow_combo
from lrdesigner_app.workspace import Workspace

OWN = -1
"""In the place of the leader: none."""


class FollowSection(QWidget):
    """A choice of leaders and the scale; hidden while there is nobody to follow."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._offered: tuple[tuple[int, str, int], ...] = ()
        self.leader = narrow_combo("Follows")
        self.leader.setToolTip("Take the lr schedule of another group, with the rate scaled")
        self.scale_form = StructForm(form_outlet(workspace, self._send_scale), only=("scale",))
        self.words = label("", "secondary")
        self._build()
        self.leader.activated.connect(self._choose)
        workspace.signals.design_changed.connect(self._refresh)
        workspace.signals.selected_group_changed.connect(self._refresh)
        workspace.theme.changed.connect(self._fill)
        self._refresh()

    def _build(self) -> None:
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID - 2)
        column.addLayout(labelled("Follows", self.leader))
        column.addWidget(self.scale_form)
        column.addWidget(self.words)

    def _refresh(self, *_: object) -> None:
        design, group = self._workspace.design, self._workspace.selected_group
        offered = tuple((other.id, other.name, other.colour) for other in leaders(design, group))
        self.setVisible(bool(offered) or bool(followers_of(design, group.id)))
        if offered != self._offered:
            self._offer(offered)
        self.leader.setCurrentIndex(max(self.leader.findData(OWN if group.follow is None else group.follow.leader), 0))
        self.leader.setEnabled(bool(offered))
        self.scale_form.setVisible(group.follow is not None)
        if group.follow is not None:
            self.scale_form.show_struct(group.follow)
        self.words.setText(shared_words(design, group))
        self.words.setVisible(bool(self.words.text()))

    def _offer(self, offered: tuple[tuple[int, str, int], ...]) -> None:
        """Other leaders; where only names are others, only these are written."""
        before, self._offered = self._offered, offered
        if [(group, colour) for group, _, colour in before] != [(group, colour) for group, _, colour in offered]:
            self._fill()
            return
        for row, (was, now) in enumerate(zip(before, offered, strict=True), start=1):
            if was != now:
                self.leader.setItemText(row, now[1])

    def _fill(self) -> None:
        current = self.leader.currentData()
        self.leader.clear()
        self.leader.addItem("None", OWN)
        for group, name, colour in self._offered:
            icon = swatch(self._workspace.theme.group_colour(colour), self.devicePixelRatioF())
            self.leader.addItem(icon, name, group)
        self.leader.setCurrentIndex(max(self.leader.findData(current), 0))

    def _choose(self) -> None:
        group, leader = self._workspace.selected_group, self.leader.currentData()
        if leader == OWN:
            self._workspace.commit(f"Own schedule for {group.name}", unfollow, group.id)
        else:
            words = f"{group.name} follows {self._workspace.design.group(leader).name}"
            self._workspace.commit(words, follow, group.id, leader)
        self._refresh()

    def _send_scale(self, _: str, value: float, keep: bool) -> None:
        group = self._workspace.store.committed.group(self._workspace.selected_group.id)
        if group.follow is not None:
            words = f"Scale of {group.name}"
            apply(self._workspace, keep, words, follow, group.id, group.follow.leader, value)


def leaders(design: Design, group: Group) -> tuple[Group, ...]:
    """The groups that a group can follow: those with a schedule of their own."""
    return tuple(other for other in design.groups if other.id != group.id and other.follow is None)


def shared_words(design: Design, group: Group) -> str:
    """With whom the schedule is shared, in one line; "" when it is the group's alone."""
    if group.follow is not None:
        return f"Schedule shared with {leader_of(design, group).name}: editing it here edits it there."
    names = [other.name for other in followers_of(design, group.id)]
    if not names:
        return ""
    who = " and ".join(names) if len(names) < 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
    return f"Followed by {who}: they have this schedule."

"""What can be done to a node as a whole: put it into a composite, take it out of one, see the whole schedule."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from lrdesigner.schedules import Keyframes, Sequence, children_of, shape_named, shape_of
from lrdesigner.tree_edits import WRAPPERS
from lrdesigner_app.schedule_editor.parts_list import PartsList
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.widgets import calling, small_button


class NodeMenu:
    """The button `⋯` with its menu, filled anew whenever it opens."""

    def __init__(self, selection: SegmentSelection, parts: PartsList) -> None:
        self._selection, self._parts = selection, parts
        self.button = small_button("ellipsis", "Wrap, unwrap, whole schedule")
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self.menu.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """The actions that the selected node allows."""
        self.menu.clear()
        add_node_actions(self.menu, self._selection, self._parts.current)


def add_node_actions(menu: QMenu, selection: SegmentSelection, current: int) -> None:
    """Wrap, unwrap (the part at `current` stays), bake or simplify, the whole schedule."""
    node, path = selection.node, selection.path
    alone = shape_of(node).family == "feedback"
    for tag in WRAPPERS:
        title = shape_named(tag).title.lower()
        action = menu.addAction(f"Wrap in a {title}", calling(selection.wrap, tag))
        # A sequence of one around the whole schedule would be the schedule itself.
        action.setEnabled(not alone and not (tag == "sequence" and not path))
    parts = children_of(node)
    menu.addSeparator()
    kept = min(current, len(parts) - 1)
    words = f"Unwrap, keep {shape_of(parts[kept]).title}" if parts else "Unwrap"
    menu.addAction(words, calling(selection.unwrap, kept)).setEnabled(bool(parts))
    menu.addSeparator()
    if isinstance(node, Keyframes):
        menu.addAction("Simplify the keys", selection.simplify)
    else:
        menu.addAction("Bake into keyframes", selection.bake).setEnabled(not alone)
    if isinstance(selection.schedule, Sequence) and path:
        menu.addAction("Whole schedule", calling(selection.go_to, ()))

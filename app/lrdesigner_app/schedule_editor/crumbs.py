"""The way from the whole schedule to the node that is being edited; each step back is a button."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from lrdesigner.schedule_edits import Path, node_at
from lrdesigner.schedules import Product, Sequence, shape_of
from lrdesigner_app.widgets import button, calling, label

_NEAREST = 1
"""Levels above the current one that are shown; those between them and the whole schedule are in a menu."""


class Crumbs(QWidget):
    """`Schedule › Segment 2 › Cosine`."""

    chosen = Signal(object)
    """The path of the level that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def show_path(self, schedule: Any, path: Path) -> None:
        """Show the way to a node; nothing for a segment of the row, which the strip shows, and for a whole schedule."""
        names = crumb_names(schedule, path)
        self.setVisible(len(path) > (1 if isinstance(schedule, Sequence) else 0))
        if names == self._shown:
            return
        self._shown = names
        self._clear()
        hidden = range(1, max(len(path) - _NEAREST, 1))
        for depth, name in enumerate(names):
            if depth in hidden:
                if depth == hidden[0]:
                    self._add(self._menu([(names[d], path[:d]) for d in hidden]))
            elif depth == len(path):
                last = label(name, "secondary")
                last.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                last.setToolTip(name)
                self._row.addWidget(last, 1)
            else:
                self._add(self._step(name, path[:depth]))

    def steps(self) -> list[QPushButton]:
        """The buttons, from the whole schedule on."""
        items = [self._row.itemAt(place) for place in range(self._row.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def _add(self, widget: QWidget) -> None:
        self._row.addWidget(widget)
        self._row.addWidget(label("›", "secondary"))

    def _step(self, name: str, path: Path) -> QPushButton:
        made = button(name, "crumb", f"Back to {name}")
        made.clicked.connect(calling(self.chosen.emit, path))
        return made

    def _menu(self, levels: list[tuple[str, Path]]) -> QPushButton:
        made = button("…", "crumb", "The levels between")
        made.setAccessibleName("The levels between")
        menu = QMenu(made)
        for name, path in levels:
            menu.addAction(name, calling(self.chosen.emit, path))
        made.setMenu(menu)
        return made

    def _clear(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()


def crumb_names(schedule: Any, path: Path) -> tuple[str, ...]:
    """A word or two for each level, from the whole schedule to the node at the path."""
    names = ["Schedule"]
    for depth, index in enumerate(path):
        parent, node = node_at(schedule, path[:depth]), node_at(schedule, path[: depth + 1])
        match parent:
            case Sequence():
                names.append(f"Segment {index + 1}")
            case Product():
                names.append(f"Part {index + 1}")
            case _:
                names.append(shape_of(node).title)
    return tuple(names)

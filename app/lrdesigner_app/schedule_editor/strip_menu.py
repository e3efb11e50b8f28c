"""The context menu of the strip: everything that can be done to a segment."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QMenu

from lrdesigner.schedules import Sequence, shape_of
from lrdesigner_app.schedule_editor.node_menu import add_node_actions
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.widgets import calling


class Strip(Protocol):
    """What the menu asks of the strip itself."""

    def copy(self) -> bool: ...

    def cut(self) -> None: ...

    def paste(self) -> None: ...

    def show_in_plot(self) -> None: ...


def fill_strip_menu(menu: QMenu, strip: Strip, selection: SegmentSelection, step: float | None) -> None:
    """Fill it anew; `step` is where the pointer was, None where the keyboard asked."""
    menu.clear()
    row, index = selection.row, selection.row_index
    alone = shape_of(row.segments[index].schedule).family == "feedback"
    several = len(row.segments) > 1
    menu.addAction("Show alone in the plot\tDouble click", strip.show_in_plot)
    menu.addSeparator()
    menu.addAction("Add a segment after it\t+", selection.add_after).setEnabled(not alone)
    split = menu.addAction(*_split(selection, step))
    split.setEnabled(not alone)
    menu.addAction("Duplicate\tCtrl+D", selection.duplicate).setEnabled(not alone)
    menu.addSeparator()
    menu.addAction("Cut\tCtrl+X", strip.cut).setEnabled(several)
    menu.addAction("Copy\tCtrl+C", calling(strip.copy)).setEnabled(not alone)
    menu.addAction("Paste after it\tCtrl+V", strip.paste).setEnabled(not alone)
    menu.addAction("Delete\tDel", selection.remove).setEnabled(several)
    menu.addSeparator()
    movable = several and isinstance(selection.parent, Sequence)
    menu.addAction("Move earlier\tAlt+Left", calling(selection.move, -1)).setEnabled(movable and index > 0)
    later = menu.addAction("Move later\tAlt+Right", calling(selection.move, 1))
    later.setEnabled(movable and index < len(row.segments) - 1)
    menu.addSeparator()
    add_node_actions(menu, selection, 0)


def _split(selection: SegmentSelection, step: float | None) -> tuple[str, Callable[[], None]]:
    if step is None:
        return "Split in the middle\tCtrl+K", calling(selection.split)
    whole = math.floor(step + 0.5)
    return f"Split at step {whole:,}", calling(selection.split, whole)

"""Small boxes over the chart: the value beside a handle, every group's value at the playhead."""

from __future__ import annotations

import html

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from lrdesigner.document import Design
from lrdesigner.numbers import rate
from lrdesigner_app.plot.views import KINDS, View, drawn_of
from lrdesigner_app.theme import Theme

_GAP = 14
_MOST_ROWS = 12


class FloatingBox(QLabel):
    """A box that stays inside its parent and lets the mouse through."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self._chart = parent
        self.setObjectName("readout")
        self.setAccessibleName(name)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_beside(self, point: QPoint, text: str, above: bool = False) -> None:
        """Right of the point (and above it), or left of it where there is no room."""
        if text != self.text():
            self.setText(text)
        self.adjustSize()
        room = self._chart.size()
        left = point.x() + _GAP
        if left + self.width() > room.width() - 2:
            left = point.x() - _GAP - self.width()
        top = point.y() - (self.height() + _GAP // 2 if above else self.height() // 2)
        top = min(max(top, 2), room.height() - self.height() - 2)
        self.move(max(left, 2), max(top, 2))
        self.show()
        self.raise_()


def playhead_text(design: Design, theme: Theme, step: int, selected: int, view: View = "lr") -> str:
    """A small table: the step, then colour, name and value of every group of the view; the selected one is bold."""
    epoch = step / design.plan.steps_per_epoch
    head = f"step {step:,} · epoch {epoch:,.4g}" + ("" if view == "lr" else f" · {KINDS[view].title}")
    secondary = theme.tokens.secondary
    rows: list[str] = []
    drawn = [(group, source) for group in design.groups if (source := drawn_of(group, view, design.plan))]
    for group, source in drawn[:_MOST_ROWS]:
        value = rate(float(source.values(design.plan, np.array([step], dtype=np.int64))[0]))
        name, colour = html.escape(_short(group.name)), theme.group_colour(group.colour).name()
        if group.id == selected:
            name, value = f"<b>{name}</b>", f"<b>{value}</b>"
        rows.append(
            f'<tr><td style="color:{colour}">■&nbsp;</td><td>{name}&nbsp;&nbsp;&nbsp;</td>'
            f'<td align="right">{value}</td></tr>'
        )
    if len(drawn) > _MOST_ROWS:
        more = len(drawn) - _MOST_ROWS
        rows.append(f'<tr><td colspan="3" style="color:{secondary}">and {more} more</td></tr>')
    return (
        f'<span style="color:{secondary}">{head}</span><table cellspacing="0" cellpadding="1">{"".join(rows)}</table>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"

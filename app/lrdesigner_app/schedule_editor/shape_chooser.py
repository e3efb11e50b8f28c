"""The choice of a shape: every entry of the registry, under the heading of its family."""

from __future__ import annotations

from types import MappingProxyType

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QStandardItem, QStandardItemModel

from lrdesigner.schedules import SHAPES, Shape
from lrdesigner.schedules.shape import Family
from lrdesigner_app.widgets import NarrowCombo, plain_tip

HEADINGS: MappingProxyType[Family, str] = MappingProxyType(
    {
        "constant": "Constant",
        "ramp": "Ramps",
        "decay": "Decays",
        "cycle": "Cycles",
        "free": "Free form",
        "feedback": "Steered by a metric",
        "composition": "Composition",
    }
)

SHAPES_BY_FAMILY = MappingProxyType(
    {family: tuple(shape for shape in SHAPES if shape.family == family) for family in HEADINGS}
)


class ShapeChooser(NarrowCombo):
    """Typing the first letters of a title finds it; headings cannot be chosen."""

    def __init__(self) -> None:
        super().__init__("Shape of the segment")
        self._items = QStandardItemModel(self)
        self._allowed: tuple[frozenset[str], str] | None = None
        for family, shapes in SHAPES_BY_FAMILY.items():
            self._items.appendRow(heading(HEADINGS[family]))
            for shape in shapes:
                self._items.appendRow(_entry(shape))
        self.setModel(self._items)
        self.setMaxVisibleItems(20)

    def show_shape(self, shape: Shape) -> None:
        """Show which shape is in use."""
        self.setCurrentIndex(self.findData(shape.tag))
        self.setToolTip(plain_tip(summary(shape)))

    def allow(self, tags: frozenset[str], why_not: str) -> None:
        """Let only these be chosen; the others say why not."""
        if (tags, why_not) == self._allowed:
            return
        self._allowed = tags, why_not
        for row in range(self._items.rowCount()):
            item = self._items.item(row)
            tag = item.data(Qt.ItemDataRole.UserRole)
            if tag is not None and (tag not in tags or not item.isEnabled()):
                item.setEnabled(tag in tags)
                item.setToolTip(plain_tip(_tips[tag] if tag in tags else why_not))


def summary(shape: Shape) -> str:
    """What a shape is, in a sentence."""
    return " ".join(shape.doc.partition("\n\n")[0].replace("`", "").split())


_tips = MappingProxyType({shape.tag: summary(shape) for shape in SHAPES})


def heading(text: str) -> QStandardItem:
    """An entry of a chooser that cannot be chosen."""
    item = QStandardItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    font = QFont()
    font.setBold(True)
    item.setFont(font)
    return item


def _entry(shape: Shape) -> QStandardItem:
    item = QStandardItem(shape.title)
    item.setData(shape.tag, Qt.ItemDataRole.UserRole)
    item.setToolTip(plain_tip(_tips[shape.tag]))
    return item

"""What travels when modules are dragged from the tree to a group: paths only, and a chip that counts them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QByteArray, QMimeData, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from lrdesigner.inventory import Inventory
from lrdesigner.membership import outermost
from lrdesigner.model_rows import rows_of
from lrdesigner.numbers import count
from lrdesigner_app.theme import BASE_PX, GRID, Theme

MIME = "application/x-lrdesigner-paths"


def encode(paths: Sequence[str]) -> QMimeData:
    """Paths of modules and parameters as drag data."""
    data = QMimeData()
    data.setData(MIME, QByteArray(json.dumps(list(paths)).encode()))
    return data


def decode(data: QMimeData) -> tuple[str, ...]:
    """The paths in the drag data; empty when it is not ours or damaged."""
    if not data.hasFormat(MIME):
        return ()
    try:
        paths = json.loads(bytes(data.data(MIME).data()))
    except (ValueError, RecursionError):
        return ()
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return ()
    return tuple(dict.fromkeys(paths))


def what(inventory: Inventory, paths: Iterable[str]) -> str:
    """The paths in words: `features`, `12 modules`, `2 modules and 1 tensor`."""
    outer = outermost(paths)
    if len(outer) == 1:
        return outer[0] or inventory.modules[0].type or "the model"
    rows = rows_of(inventory)
    modules = sum(path in rows.ids and rows.parameters[rows.ids[path]] is None for path in outer)
    parts = [_counted(modules, "module"), _counted(len(outer) - modules, "tensor")]
    return " and ".join(part for part in parts if part) or "nothing"


def parameters_in(inventory: Inventory, paths: Iterable[str]) -> int:
    """Number of scalars in these modules and parameters, each tensor counted once."""
    rows = rows_of(inventory)
    wanted = np.zeros(len(rows), dtype=np.bool_)
    wanted[[rows.ids[path] for path in paths if path in rows.ids]] = True
    tensors = np.unique(rows.firsts[rows.spread(wanted)[rows.parameter_rows]])
    return int(rows.numels[rows.parameter_rows[tensors]].sum())


def drag_text(inventory: Inventory, paths: Sequence[str]) -> str:
    """What the chip beside the pointer says: `12 modules, 3.4 M parameters`."""
    number = parameters_in(inventory, paths)
    return f"{what(inventory, paths)}, {count(number)} parameter{'' if number == 1 else 's'}"


def drag_pixmap(text: str, theme: Theme, font: QFont, ratio: float = 1.0) -> QPixmap:
    """The chip beside the pointer."""
    chip_font = QFont(font)
    chip_font.setPixelSize(BASE_PX)
    metrics = QFontMetricsF(chip_font)
    size = QSize(int(metrics.horizontalAdvance(text)) + 3 * GRID, int(metrics.height()) + GRID + 2)
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(chip_font)
    painter.setPen(QPen(theme.colour("accent"), 1))
    painter.setBrush(theme.colour("raised"))
    rect = QRectF(0.5, 0.5, size.width() - 1, size.height() - 1)
    painter.drawRoundedRect(rect, 5, 5)
    painter.setPen(theme.colour("text"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


def _counted(number: int, noun: str) -> str:
    return "" if number == 0 else f"{number} {noun}{'' if number == 1 else 's'}"

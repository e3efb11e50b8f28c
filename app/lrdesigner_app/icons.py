"""Icons of the Lucide family, drawn in the colours of the theme and sharp at any scale."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from lrdesigner_resources import path as resource_path

PX = 16
"""Side of an icon beside text."""

_ROLES = MappingProxyType(
    {
        "text": QPalette.ColorRole.WindowText,
        "secondary": QPalette.ColorRole.PlaceholderText,
        "accent": QPalette.ColorRole.Accent,
        "on_accent": QPalette.ColorRole.BrightText,
    }
)
_STROKE = "1.75"
"""Of 24: the weight of the text beside an icon of 16 pixels."""


def icon(name: str, token: str = "text") -> QIcon:
    """The icon `name` of the folder of icons, in a colour of the theme; it follows when the appearance changes.

    Raises FileNotFoundError for a name that there is not.
    """
    _source(name)  # here, since Qt does not survive an exception in the midst of drawing
    return QIcon(_Engine(name, token))


def paint_icon(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draw an icon, as sharp as what is painted on allows."""
    _renderer(name, colour.name()).render(painter, rect)


class _Engine(QIconEngine):
    """Asks the palette for the colour at each drawing: the palette is the theme's."""

    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name, self._token = name, token

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._token)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        disabled = mode == QIcon.Mode.Disabled
        group = QPalette.ColorGroup.Disabled if disabled else QPalette.ColorGroup.Active
        colour = QGuiApplication.palette().color(group, _ROLES[self._token])
        painter.save()
        painter.setOpacity(0.5 if disabled else 1.0)
        paint_icon(painter, QRectF(rect), self._name, colour)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return made


@lru_cache(maxsize=128)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(_source(name).replace("currentColor", colour).encode())


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    source = resource_path(f"icons/lucide/{name}.svg").read_text(encoding="utf-8")
    return source.replace('stroke-width="2"', f'stroke-width="{_STROKE}"')

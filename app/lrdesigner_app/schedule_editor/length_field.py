"""The editor of a length: typed in any unit, with a menu that converts it without moving anything."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QToolButton

from lrdesigner.schedules import Field, Length, Span, in_unit, resolve
from lrdesigner.schedules.length import Unit
from lrdesigner_app.schedule_editor.number_field import NumberField
from lrdesigner_app.schedule_editor.outlet import Outlet
from lrdesigner_resources import path as resource_path

_ARROW, _ARROW_ROOM = 12, 24
"""Pixels, as of the arrow of a combo box."""

UNITS: tuple[Unit, ...] = ("steps", "epochs", "percent", "rest")


class LengthField(NumberField):
    """`500`, `2 epochs`, `5%` or `rest`; F4, or the arrow at its end, offers the same length in each unit."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__(field, outlet)
        self.span: Span | None = None
        self._tip += "\nF4: in another unit"
        self.setToolTip(self._tip)
        self.menu = QMenu(self)
        self.menu.setAccessibleName(f"Unit of {field.title}")
        self._arrow = QToolButton(self)
        self._arrow.setToolTip("In another unit (F4)")
        self._arrow.setAccessibleName(f"Unit of {field.title}")
        self._arrow.setProperty("role", "arrow")
        self._arrow.setIconSize(QSize(_ARROW, _ARROW))
        self._arrow.setCursor(Qt.CursorShape.ArrowCursor)
        self._arrow.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # F4 is its key
        self._arrow.clicked.connect(self.open_menu)
        self.setTextMargins(0, 0, _ARROW_ROOM - 8, 0)
        self._style_arrow()

    def show_span(self, span: Span) -> None:
        """What the length refers to: needed to convert it."""
        self.span = span

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F4:
            self.open_menu()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrow.setGeometry(self.width() - _ARROW_ROOM, 1, _ARROW_ROOM - 1, self.height() - 2)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._style_arrow()

    def open_menu(self) -> None:
        """Offer the length in every unit."""
        self.fill_menu()
        self.menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def fill_menu(self) -> None:
        """One entry per unit; the one in use is ticked."""
        self.menu.clear()
        length, span = self.value, self.span
        if not isinstance(length, Length) or span is None:
            return
        steps = resolve(length, span)
        for unit in UNITS:
            same = length if unit == length.unit else in_unit(steps, unit, span)
            words = "The rest" if unit == "rest" else str(same)
            action = self.menu.addAction(words, self._choosing(same))
            action.setCheckable(True)
            action.setChecked(unit == length.unit)

    def _style_arrow(self) -> None:
        appearance = "dark" if self.palette().base().color().lightness() < 128 else "light"
        self._arrow.setIcon(QIcon(str(resource_path(f"icons/arrow-down-{appearance}.svg"))))

    def _choosing(self, length: Length) -> Callable[[], None]:
        def choose() -> None:
            self.setModified(False)
            self.commit(length)

        return choose

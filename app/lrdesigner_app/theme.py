"""Every colour, size and font of the window, in one place; light and dark follow the system."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from lrdesigner_resources import path as resource_path

BASE_PX, SECONDARY_PX = 13, 12
GRID = 8
PANEL_PADDING = 12
RADIUS = 7

# Paul Tol's "bright" scheme, then "muted": distinguishable with every common colour vision deficiency.
GROUPS = (
    "#4477AA", "#228833", "#EE6677", "#CCBB44", "#66CCEE", "#AA3377",
    "#332288", "#44AA99", "#999933", "#882255", "#DDCC77", "#CC6677",
)  # fmt: skip

# The same hues on a dark ground. Lifted to one contrast they would look alike to many; these lightnesses are those that
# keep them furthest apart, with 4.5:1 at least.
DARK_GROUPS = (
    "#7EA5CC", "#2EB945", "#EE6677", "#E6DEA4", "#9DDEF4", "#CF5F9F",
    "#8A7ADE", "#7ECCBF", "#BFBF40", "#DE7AAC", "#DDCC77", "#DB94A0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one appearance, as "#rrggbb"."""

    ground: str
    surface: str
    raised: str
    line: str
    text: str
    secondary: str
    accent: str
    on_accent: str
    selection: str
    hover: str
    good: str
    bad: str
    groups: tuple[str, ...]


LIGHT = Tokens(
    ground="#f6f7f9", surface="#ffffff", raised="#ffffff", line="#e2e5ea", text="#1d2330", secondary="#5d6678",
    accent="#3b5bdb", on_accent="#ffffff", selection="#e5ebff", hover="#eef1f6", good="#1b7a3d", bad="#c02b3c",
    groups=GROUPS,
)  # fmt: skip
DARK = Tokens(
    ground="#15181e", surface="#1b1f27", raised="#222732", line="#2e3440", text="#e6e9ef", secondary="#98a1b2",
    accent="#7c9cff", on_accent="#10131a", selection="#27314d", hover="#262c38", good="#5fcf87", bad="#ff8a96",
    groups=DARK_GROUPS,
)  # fmt: skip


class Theme(QObject):
    """The appearance in use. Widgets ask it for colours and repaint on `changed`."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self.tokens = self._wanted()
        # Before any widget is made: until the event loop runs, Qt tells widgets that exist of no other font.
        font = QFont(application.font())
        font.setPixelSize(BASE_PX)
        application.setFont(font)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._follow)

    def apply(self) -> None:
        """Style the whole application, unless it has this style already.

        Qt goes through all widgets for that, and does not survive that one of them is deleted meanwhile, as happens
        when Python, called by some widget, finds that a closed window is garbage.
        """
        sheet = _filled(resource_path("style.qss").read_text(encoding="utf-8"), self.tokens)
        if self._application.styleSheet() == sheet:
            return
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._application.setStyle("Fusion")
            self._application.setPalette(_palette(self.tokens))
            self._application.setStyleSheet(sheet)
        finally:
            if collecting:
                gc.enable()

    @property
    def dark(self) -> bool:
        """Whether the dark tokens are in use."""
        return self.tokens is DARK

    def colour(self, token: str) -> QColor:
        """A token by its name."""
        return QColor(getattr(self.tokens, token))

    def group_colour(self, index: int) -> QColor:
        """The colour of a group, everywhere it is shown."""
        return QColor(self.tokens.groups[index % len(self.tokens.groups)])

    def mono_font(self) -> QFont:
        """For code and columns of figures."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(SECONDARY_PX)
        return font

    def _wanted(self) -> Tokens:
        return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _follow(self) -> None:
        self.tokens = self._wanted()
        self.apply()
        self.changed.emit()


def _filled(template: str, tokens: Tokens) -> str:
    icons = resource_path("icons").as_posix()
    template = template.replace("@icons", icons).replace("@appearance", "dark" if tokens is DARK else "light")
    for name in sorted(Tokens.__dataclass_fields__, key=len, reverse=True):
        value = getattr(tokens, name)
        if isinstance(value, str):
            template = template.replace(f"@{name}", value)
    return template


def _palette(tokens: Tokens) -> QPalette:
    roles = {
        QPalette.ColorRole.Window: tokens.ground,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.surface,
        QPalette.ColorRole.AlternateBase: tokens.raised,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.selection,
        QPalette.ColorRole.HighlightedText: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.secondary,
        QPalette.ColorRole.Accent: tokens.accent,
    }
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.secondary))
    return palette

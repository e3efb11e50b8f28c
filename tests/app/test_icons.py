"""Icons: sharp at any scale, in the theme's colours."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPixmap

from lrdesigner_app.icons import icon
from lrdesigner_app.theme import Theme
from lrdesigner_resources import path

NAMES = sorted(file.stem for file in path("icons/lucide").glob("*.svg"))


def _inks(pixmap: QPixmap) -> set[str]:
    image = pixmap.toImage()
    colours = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {colour.name() for colour in colours if colour.alpha() == 255}


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_is_drawn_in_the_colour_of_the_text(name: str, theme: Theme) -> None:
    assert _inks(icon(name).pixmap(QSize(24, 24), 2.0)) == {QColor(theme.tokens.text).name()}


def test_an_icon_has_as_many_pixels_as_the_screen(theme: Theme) -> None:
    for ratio in (1.0, 1.5, 2.0):
        made = icon("eye").pixmap(QSize(16, 16), ratio)
        assert made.width() == round(16 * ratio)
        assert made.devicePixelRatio() == ratio


def test_a_disabled_icon_is_fainter(theme: Theme) -> None:
    disabled = icon("eye").pixmap(QSize(24, 24), 2.0, QIcon.Mode.Disabled)
    assert not _inks(disabled)


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")

"""The appearance: everything can be read, in light and in dark."""

from __future__ import annotations

import re

import pytest

from lrdesigner.document import COLOURS
from lrdesigner_app.code_view.highlighter import _INK
from lrdesigner_app.swatches import COLOUR_NAMES
from lrdesigner_app.theme import DARK, LIGHT, Theme, Tokens, contrast
from lrdesigner_resources import path

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@BOTH
@pytest.mark.parametrize("ink", ["text", "secondary", "good", "bad"])
@pytest.mark.parametrize("ground", ["ground", "surface", "raised", "hover"])
def test_text_has_enough_contrast_on_every_ground(tokens: Tokens, ink: str, ground: str) -> None:
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@BOTH
def test_text_on_the_accent_and_on_the_selection_can_be_read(tokens: Tokens) -> None:
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.text, tokens.selection) >= 4.5
    assert contrast(tokens.secondary, tokens.selection) >= 4.5


@pytest.mark.parametrize(("tokens", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_code_can_be_read(tokens: Tokens, name: str) -> None:
    assert min(contrast(ink, tokens.surface) for ink in _INK[name].values()) >= 4.5


def test_every_group_colour_is_different_named_and_seen_in_the_dark() -> None:
    assert len(set(LIGHT.groups)) == len(set(DARK.groups)) == len(COLOUR_NAMES) == COLOURS
    assert min(contrast(colour, DARK.surface) for colour in DARK.groups) >= 4.5


def test_the_style_sheet_names_no_colour_and_no_unknown_token(theme: Theme) -> None:
    text = re.sub(r"/\*.*?\*/", "", path("style.qss").read_text(encoding="utf-8"), flags=re.DOTALL)
    body = re.sub(r"QWidget#\w+|Q\w+#\w+", "", text)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", body)
    known = {*Tokens.__dataclass_fields__, "icons", "appearance"}
    assert {token.removeprefix("@") for token in re.findall(r"@[a-z_]+", text)} <= known
    assert theme.tokens in (LIGHT, DARK)

"""The appearance: everything can be read, in light and in dark."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from lrdesigner.document import COLOURS
from lrdesigner_app.code_view.highlighter import _INK
from lrdesigner_app.swatches import COLOUR_NAMES
from lrdesigner_app.theme import DARK, LIGHT, Theme, Tokens
from lrdesigner_resources import path

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


def _linear(colour: str) -> NDArray[np.float64]:
    """Linear red, green and blue of "#rrggbb"."""
    srgb = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted(float(np.dot((0.2126, 0.7152, 0.0722), _linear(colour))) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


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


# Machado, Oliveira and Fernandes (2009), severity 1: what linear RGB becomes for people who lack a kind of cone.
DEFICIENCIES = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def _seen(colour: str, deficiency: str) -> NDArray[np.float64]:
    """CIELAB of a colour as it is seen."""
    linear = _linear(colour)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    )
    xyz = to_xyz @ np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@BOTH
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_group_colours_are_told_apart_with_every_colour_vision_deficiency(tokens: Tokens, deficiency: str) -> None:
    seen = [_seen(colour, deficiency) for colour in tokens.groups]
    apart = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(range(len(seen)), 2)}
    assert min(distance for (_, b), distance in apart.items() if b < 6) > 13
    assert min(apart.values()) > 5


def test_the_style_sheet_names_no_colour_and_no_unknown_token(theme: Theme) -> None:
    text = re.sub(r"/\*.*?\*/", "", path("style.qss").read_text(encoding="utf-8"), flags=re.DOTALL)
    body = re.sub(r"QWidget#\w+|Q\w+#\w+", "", text)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", body)
    known = {*Tokens.__dataclass_fields__, "icons", "appearance"}
    assert {token.removeprefix("@") for token in re.findall(r"@[a-z_]+", text)} <= known
    assert theme.tokens in (LIGHT, DARK)

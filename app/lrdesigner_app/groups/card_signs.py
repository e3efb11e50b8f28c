"""The signs on a card, an eye and a lock: where they are, and what they tell and do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from lrdesigner_app.curve_display import Look

Sign = Literal["eye", "lock"]

SIGN_PX = 14
SIGNS_WIDTH = 2 * SIGN_PX + 8
_REACH = 3.0


@dataclass(frozen=True, slots=True)
class SignLook:
    """The icon of a sign, and whether it stands there also while the pointer is elsewhere."""

    icon: str
    lasting: bool
    accent: bool = False


def sign_look(sign: Sign, look: Look, group: int) -> SignLook:
    """What a sign shows of a group."""
    if sign == "lock":
        locked = group in look.locked
        return SignLook("lock" if locked else "lock-open", locked)
    if look.solo == group:
        return SignLook("eye", lasting=True, accent=True)
    return SignLook("eye", lasting=False) if look.shows(group) else SignLook("eye-off", lasting=True)


def sign_tip(sign: Sign, look: Look, group: int) -> str:
    """What a click on a sign does, with its key."""
    if sign == "lock":
        return "Let the curve be dragged again (L)" if group in look.locked else "Lock the curve against dragging (L)"
    if look.solo == group:
        return "Show all curves again (Space)"
    return "Hide the curve (H); alone: Space" if look.shows(group) else "Show the curve (H); alone: Space"


def look_words(look: Look, group: int) -> list[str]:
    """How a group's curve is looked at, in words for those who do not see the signs."""
    words = ["curve shown alone"] if look.solo == group else []
    words += [] if look.shows(group) else ["curve hidden"]
    return words + (["curve locked"] if group in look.locked else [])


def sign_rect(sign: Sign, right: float, middle: float) -> QRectF:
    """Where a sign is: the eye, then the lock, left of `right`, around the height `middle`."""
    left = right - (SIGNS_WIDTH if sign == "eye" else SIGN_PX)
    return QRectF(left, middle - SIGN_PX / 2, SIGN_PX, SIGN_PX)


def sign_at(point: QPointF, right: float, middle: float) -> Sign | None:
    """The sign under a point, if there is one."""
    signs: tuple[Sign, ...] = ("eye", "lock")
    for sign in signs:
        if sign_rect(sign, right, middle).adjusted(-_REACH, -8, _REACH, 8).contains(point):
            return sign
    return None

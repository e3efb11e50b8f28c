"""How curves look: whose they are, which one is selected, and what is only assumed, idle, locked or past."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt

from lrdesigner.document import Design, Group
from lrdesigner.membership import membership
from lrdesigner.param_groups import steering
from lrdesigner_app.plot.curve import Curve
from lrdesigner_app.plot.views import View
from lrdesigner_app.theme import Theme

_IDLE, _LOCKED, _GHOST = 0.75, 0.5, 0.5


class Role(NamedTuple):
    """What a curve is to the person just now. `thick`: it is not being dragged, which would take too long."""

    view: View
    chosen: bool
    thick: bool
    locked: bool


def use_pen(curve: Curve, group: Group, idle: bool, theme: Theme, role: Role) -> None:
    """Dashed what a metric steers; dashed and dim what is `idle`, since it trains nothing; faint what is locked."""
    look = (group, idle, theme.tokens, role)  # nearly always the very same ones, which is soon seen
    if look == curve.look:
        return
    curve.look = look
    dashed = idle or (role.view in ("lr", "lr_wd") and steering(group) is not None)
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    colour, share = theme.group_colour(group.colour), _LOCKED if role.locked else 1.0
    colour.setAlphaF(share)
    if curve.fan is not None:
        curve.fan.set_look(colour, style)
    colour.setAlphaF(share * (_IDLE if idle and not role.chosen else 1.0))
    curve.stroke.set_pen(colour, 2.0 if role.thick else 1.0, style)


def use_ghost_pen(curve: Curve, group: Group, theme: Theme) -> None:
    """Thin, faint and dotted, in the group's colour."""
    look = (group, theme.tokens)
    if look != curve.look:
        curve.look = look
        colour = theme.group_colour(group.colour)
        colour.setAlphaF(_GHOST)
        curve.stroke.set_pen(colour, 1.0, Qt.PenStyle.DashLine)


def idle_groups(design: Design) -> frozenset[int]:
    """The groups of an opened model that have no trainable parameter."""
    if not design.model.inventory.parameters:
        return frozenset()
    return frozenset(group.id for group in design.groups) - membership(design).training

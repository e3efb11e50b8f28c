"""The field of an amount that is set, added or multiplied: empty at rest, stepped from what changes nothing."""

from __future__ import annotations

import re
from decimal import Decimal

from lrdesigner.key_transforms import Mode
from lrdesigner.schedules import Field
from lrdesigner.stepping import Rules, Standing
from lrdesigner_app.schedule_editor.number_field import NumberField
from lrdesigner_app.schedule_editor.outlet import Outlet

_STEPS = frozenset({"step", "steps"})
_AMOUNT = re.compile(r"([0-9.]+(?:e[+-]?[0-9]+)?)(.*)", re.IGNORECASE)


class AmountField(NumberField):
    """Its value is a text, which who gets it reads; a step begins at what would change nothing."""

    def __init__(self, field: Field, outlet: Outlet) -> None:
        super().__init__(field, outlet)
        self._start = Standing("")

    def show_start(self, mode: Mode, first: str) -> None:
        """Where steps begin: at the amount of the first one in `set`, which also says how far a step of `offset` goes.

        A factor goes on in tenths.
        """
        self._start = start_of(mode, first)
        self._rules = Rules(signed=mode == "offset", plus=mode == "offset", whole_in=_STEPS)

    def standing(self) -> Standing:
        return super().standing() if self.text() else self._start

    def standing_at_rest(self) -> Standing:
        return self._start


def start_of(mode: Mode, first: str) -> Standing:
    """The text that changes nothing, with the digit that is to change.

    >>> start_of("offset", "20%")
    Standing(text='+0%', caret=2, place=1)
    """
    found = _AMOUNT.fullmatch(first)
    if found is None or mode == "set":
        return Standing("" if found is None else first)
    if mode == "scale":
        return Standing("1.0", 3, -1)
    number = Decimal(found[1])
    nothing = 0 if found[2] else -2
    return Standing(f"+0{found[2]}", 2, number.adjusted() if number else nothing)

"""The values of typed fields as text, as they are stepped in the window, one rule per kind."""

from __future__ import annotations

import re
from typing import Any

from lrdesigner.checked import check_bounds
from lrdesigner.field_text import parsed
from lrdesigner.field_text import read as read
from lrdesigner.field_text import written as written
from lrdesigner.numbers import exact
from lrdesigner.schedules import Absolute, Field, Length
from lrdesigner.stepping import Move, Rules, Standing, caret_in, stepped

_UNIT = re.compile(r"(step|epoch)s?(?=\s*$)")

_STEPS = frozenset({"", "s", "step", "steps"})


def next_standing(field: Field, standing: Standing, move: Move, up: bool, rules: Rules) -> tuple[Standing, Any]:
    """The text and the value after one step of a field; what goes past a closed bound stops there.

    A text that is a formula becomes its value first. Raises `UserError` where the text means no value, and at a bound.
    """
    before = read(field, standing.text)
    found = stepped(standing, move, up, rules)
    if found is None:
        found = stepped(Standing(written(field, before)), move, up, rules)
    if found is None:
        return standing, before
    text = found.standing.text
    value = _clamped(field, before, parsed(field, text))
    check_bounds(field, value)
    if found.canonical or value != parsed(field, text):
        text = written(field, value)
    elif isinstance(value, Length):
        text = _UNIT.sub(lambda unit: unit[1] + ("" if value.value == 1 else "s"), text)
    caret = found.standing.caret
    if caret is not None and text != found.standing.text:
        caret = caret_in(text, caret, found.standing.place)
    return Standing(text, caret, found.standing.place), value


def rules_of(field: Field) -> Rules:
    """How the numbers of a field are stepped."""
    whole = {"integer": frozenset({""}), "length": _STEPS, "lengths": _STEPS}.get(field.kind, frozenset[str]())
    length = field.kind in ("length", "lengths")
    signed = not length and field.minimum is None and field.above is None
    lowest = field.minimum if field.minimum is not None else field.above
    return Rules(
        signed=signed or (lowest is not None and lowest < 0),
        zero=field.above is None,
        whole_in=whole,
        below=field.below,
        from_zero=-2 if field.kind in ("number", "level") else 0,
    )


def bounds_text(field: Field) -> str:
    """The bounds of a field in short: "Above 0, at most 1e6"; "" where it has none."""
    parts = [
        f"at least {exact(field.minimum)}" if field.minimum is not None else "",
        f"above {exact(field.above)}" if field.above is not None else "",
        f"at most {exact(field.maximum)}" if field.maximum is not None else "",
        f"below {exact(field.below)}" if field.below is not None else "",
    ]
    text = ", ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def _clamped(field: Field, before: Any, after: Any) -> Any:
    """What was stepped over a closed bound ends at it; what stood there goes on, to be refused in words."""
    if isinstance(after, Absolute) and isinstance(before, Absolute):
        return Absolute(_clamped(field, before.absolute, after.absolute))
    if not isinstance(after, int | float) or not isinstance(before, int | float):
        return after
    for bound, over in ((field.minimum, -1), (field.maximum, 1)):
        if bound is not None and (after - bound) * over > 0 and (before - bound) * over < 0:
            return type(after)(bound)
    return after

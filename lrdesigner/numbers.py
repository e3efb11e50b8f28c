"""Numbers as people in this field write and read them: one formatter, one reader."""

from __future__ import annotations

import math
import re

from lrdesigner.errors import UserError
from lrdesigner.expressions import ExpressionError, evaluate, parse

_PLAIN = re.compile(r"[+-]?[0-9._]*(?:e[+-]?[0-9]+)?", re.IGNORECASE)


def rate(value: float) -> str:
    """A learning rate or other small number: `0.05`, `5e-4`, `1.25e-5`, `0`.

    >>> rate(0.0005), rate(0.05), rate(1/3e4)
    ('5e-4', '0.05', '3.333e-5')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    if 0.001 <= abs(value) < 9_999.5:  # from there on, four digits read 1e4
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.3e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def exact(value: float) -> str:
    """The shortest text that reads back as the same number, in the field's notation: `5e-4`, not `0.0005`."""
    short = rate(value)
    if float(short) == value:
        return short
    text = repr(value if isinstance(value, int) else float(value))
    return text.replace("e-0", "e-").replace("e+", "e") if "e" in text else text


def count(value: int) -> str:
    """A number of parameters: `812`, `62.0 K`, `7.09 M`, `70.6 B`."""
    amount = float(value)
    if value < 1000:
        return str(value)
    for unit in ("K", "M", "B"):
        amount /= 1000
        if amount < 999.5 or unit == "B":
            break
    decimals = 2 if amount < 9.995 else 1 if amount < 99.95 else 0
    return f"{amount:.{decimals}f} {unit}"


def parse_number(text: str) -> float:
    """Read what a person typed into a number field: `1e-3`, `3e-4*2`, `1/1024`; raises `UserError`."""
    if "," in text and "(" not in text:
        raise UserError(f"{text.strip()!r} is not a number; write it with a point, as in 0.001.")
    try:
        value = float(evaluate(parse(text, ()), {}))
    except ExpressionError as error:
        why = "" if text.strip().isidentifier() else f" {error}"  # a word is no formula that went wrong
        raise UserError(f"{text.strip()!r} is not a number.{why}") from None
    if not math.isfinite(value):
        raise UserError(f"{text.strip()!r} has no finite value.")
    if _PLAIN.fullmatch(text.strip()):
        return value
    short = float(f"{value:.14g}")  # 3e-4*3 is 9e-4, without the noise of binary fractions
    return short if abs(short - value) <= 2 * math.ulp(value) else value


def scaled(base: float, scale: float) -> float:
    """A product as people write it: to 15 significant digits, free of the noise of binary fractions.

    >>> scaled(3e-4, 0.7)
    0.00021
    """
    return float(f"{base * scale:.15g}")

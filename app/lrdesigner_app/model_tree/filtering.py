"""The filter of the model tree: `name`, `*.bias`, `type:LayerNorm`, `ndim:1`, `size>1M`; several terms mean "and"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate

from lrdesigner.errors import UserError
from lrdesigner_app.model_tree.rows import Rows

Term = Callable[[Rows, int], bool]

_COMPARE: dict[str, Callable[[int, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ":": operator.eq,
}
_UNITS = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}
_NUMERIC = re.compile(r"(ndim|size)(>=|<=|>|<|=|:)(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that match, the rows to show (with what is around and inside them), and the modules to open."""

    matches: frozenset[int]
    shown: frozenset[int]
    opened: frozenset[int]


def parse_filter(text: str) -> tuple[Term, ...]:
    """The terms of a filter; raises `UserError` for one that cannot be read."""
    return tuple(_term(word) for word in text.replace(",", " ").split())


def find(rows: Rows, terms: tuple[Term, ...]) -> Found:
    """Apply a filter to every row."""
    matches = frozenset(row for row in range(len(rows)) if all(term(rows, row) for term in terms))
    shown: set[int] = set()
    opened: set[int] = set()
    for row in sorted(matches):
        if row in shown:
            continue
        for outer in rows.around(row):
            if outer in opened:
                break
            opened.add(outer)
        shown.update(rows.below(row))
    return Found(matches, frozenset(shown | opened), frozenset(opened))


def _term(word: str) -> Term:
    numeric = _NUMERIC.fullmatch(word)
    if numeric is not None:
        what, sign, value = numeric.groups()
        return _number_term(what.lower(), sign, value, word)
    head, colon, rest = word.partition(":")
    if colon and head.lower() == "type":
        return _type_term(rest)
    if colon:
        raise UserError(f"{word!r} is no filter. Write a name, *.bias, type:Linear, ndim:1 or size>1M.")
    return _name_term(word)


def _text_test(pattern: str) -> Callable[[str], bool]:
    lowered = pattern.lower()
    if any(sign in lowered for sign in "*?["):
        matcher = re.compile(translate(lowered)).match
        return lambda text: matcher(text.lower()) is not None
    return lambda text: lowered in text.lower()


def _name_term(pattern: str) -> Term:
    test = _text_test(pattern)

    def term(rows: Rows, row: int) -> bool:
        return row > 0 and (test(rows.paths[row]) or test(rows.names[row]))

    return term


def _type_term(pattern: str) -> Term:
    test = _text_test(pattern)

    def term(rows: Rows, row: int) -> bool:
        owner = row if rows.parameters[row] is None else rows.parents[row]
        return test(rows.types[owner])

    return term


def _number_term(what: str, sign: str, value: str, word: str) -> Term:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)([kmb]?)", value.lower())
    if number is None:
        raise UserError(f"{word!r} wants a number, as in ndim:1 or size>1M.")
    bound = float(number.group(1)) * _UNITS[number.group(2)]
    compare = _COMPARE[sign]

    def term(rows: Rows, row: int) -> bool:
        parameter = rows.parameters[row]
        if parameter is None:
            return False
        return compare(len(parameter.shape) if what == "ndim" else parameter.numel, bound)

    return term

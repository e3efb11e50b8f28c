"""Keeping regular expressions from taking for ever: a pattern of a design file must not be able to stop the program.

What backtracks costs the square of a name's length at most; patterns that could cost more are refused, or rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

MOST_OPEN = 1
"""Repetitions of which the end is open, that is, which could as well end elsewhere."""

MOST_WAYS = 256
"""Ways to go through options, alternatives and short repetitions."""

_REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)
_SHORT = 4
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    ops.CATEGORY_DIGIT: str.isdigit,
    ops.CATEGORY_SPACE: str.isspace,
    ops.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}


def tamed(body: str) -> str | None:
    """A regular expression that finds the same names and is never slow; None where that could not be told.

    Raises `re.error` for what is no regular expression.

    >>> tamed("blocks.*attn.*weight"), tamed("(a|aa)+b"), tamed("layer_[0-9]+")
    ('blocks(?>.*?attn)(?>.*?weight)', None, 'layer_[0-9]+')
    """
    whole = _parser.parse(body)
    pieces = _pieces(body)
    if len(pieces) > 2 and all(map(_is_fixed, pieces[1:-1])):
        # The first place after what came before is as good as any, where a piece is of one length.
        parsed = [_parser.parse(piece, whole.state.flags & ~re.UNICODE.value) for piece in pieces]
        costs = [_cost(piece) for piece in parsed]
        if None not in costs and sum(open_ for open_, _ in filter(None, costs)) < MOST_OPEN:
            return pieces[0] + "".join(f"(?>.*?{piece})" for piece in pieces[1:])
    cost = _cost(whole)
    return body if cost is not None and cost[0] <= MOST_OPEN and cost[1] <= MOST_WAYS else None


def one_way(expression: str) -> str:
    """A wildcard pattern's expression, whose pieces are of one length each, with no way back to an earlier piece."""
    first, *others = _pieces(expression)
    return expression if len(others) < 2 else first + "".join(f"(?>.*?{piece})" for piece in others)


def _pieces(body: str) -> list[str]:
    """What `.*` stands between, outside of brackets; the whole where alternatives or brackets are at the top."""
    found, depth, place, start = [], 0, 0, 0
    while place < len(body):
        char = body[place]
        if char == "\\":
            place += 2
            continue
        if char == "[":
            end = body.find("]", place + (3 if body[place + 1 : place + 2] == "^" else 2))
            place = end + 1 if end > 0 else len(body)
            continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0 and char == "|":
            return [body]
        if depth == 0 and body.startswith(".*", place) and body[place + 2 : place + 3] not in ("?", "+"):
            found.append(body[start:place])
            place = start = place + 2
            continue
        place += 1
    return [*found, body[start:]]


def _is_fixed(piece: str) -> bool:
    try:
        shortest, longest = _parser.parse(piece).getwidth()
    except re.error:
        return False
    return bool(shortest == longest)


def _cost(sequence: Any) -> tuple[int, int] | None:
    """How many repetitions are open, and how many ways there are besides; None for what may take for ever."""
    opened, ways = 0, 1
    items = list(sequence)
    for place, (op, value) in enumerate(items):
        if op in (ops.GROUPREF, ops.GROUPREF_EXISTS):
            return None
        if op in _REPEATS:
            least, most, inner = value
            cost = _cost(inner)
            if cost is None or (most != least and most > 1 and cost != (0, 1)) or cost[0] * most > MOST_OPEN:
                return None
            if least == most:
                ways *= cost[1] ** min(int(most), MOST_WAYS)
            elif most - least < _SHORT:
                ways *= (int(most - least) + 1) * cost[1]
            else:
                opened += not _ends_clearly(inner, items[place + 1 : place + 2])
        else:
            for inner in _inside(op, value):
                cost = _cost(inner)
                if cost is None:
                    return None
                opened, ways = opened + cost[0], ways * cost[1]
            ways *= len(value[1]) if op is ops.BRANCH else 1
        if ways > MOST_WAYS:
            return None
    return opened, ways


def _inside(op: Any, value: Any) -> Iterator[Any]:
    if op is ops.BRANCH:
        yield from value[1]
    elif op is ops.SUBPATTERN:
        yield value[3]
    elif op is ops.ATOMIC_GROUP:
        yield value
    elif op in (ops.ASSERT, ops.ASSERT_NOT):
        yield value[1]


def _ends_clearly(inner: Any, following: list[Any]) -> bool:
    """Whether a repetition of one character is followed by one that it cannot hold: then it has but one end."""
    if len(inner) != 1 or not following or following[0][0] is not ops.LITERAL:
        return False
    char = chr(following[0][1])
    return not any(_may_be(inner[0], one) for one in (char, char.lower(), char.upper()))


def _may_be(item: Any, char: str) -> bool:
    op, value = item
    if op is ops.LITERAL:
        return bool(value == ord(char[0]))
    if op is ops.RANGE:
        return bool(value[0] <= ord(char[0]) <= value[1])
    if op is ops.CATEGORY and value in _CATEGORIES:
        return bool(_CATEGORIES[value](char))
    if op is ops.IN and value[0][0] is not ops.NEGATE:
        return any(_may_be(one, char) for one in value)
    if op is ops.IN:
        return not any(one[0] is ops.LITERAL and one[1] == ord(char[0]) for one in value)
    return True

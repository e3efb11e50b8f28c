"""Reading a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from lrdesigner.errors import UserError
from lrdesigner.queries.literals import BRACKETS, literal_of_pattern, literal_of_regex
from lrdesigner.queries.runaway import one_way, tamed
from lrdesigner.queries.terms import Comparison, NameTerm, Number, NumberTerm, Query, Term, TypeTerm

EXAMPLES = "head, *.bias, /blocks\\.[0-5]\\./, type:LayerNorm, ndim:1, size>1M or depth<3"
LONGEST = 2000

_WORD = re.compile(r"!?(?:\w+[:=])?/(?:[^/\\]|\\.)*/|[^\s,]+")
_KIND = re.compile(r"!?(?:type[:=]|(?:ndim|size|depth)[<>=:])", re.IGNORECASE)
_NUMERIC = re.compile(r"(ndim|size|depth)(>=|<=|>|<|=|:)(.*)", re.IGNORECASE)
_VALUE = re.compile(r"(\d+(?:\.\d+)?)([kmb]?)")
_UNITS = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}
_WILD = re.compile(r"[*?\[]")


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    r"""The terms of a query; raises `UserError` for one that cannot be read.

    Terms are separated by spaces or commas and must all hold: part of a name; a pattern (`*.bias`, `layer[3-5]`) for
    the end of a dotted name; `/REGEX/` anywhere in it; `type:` with either of these, or `type=` with the exact class;
    `ndim`, `size` (elements) and `depth` (modules around) with `:`, `<`, `<=`, `>`, `>=`. `a|b` means either, `!` not.
    """
    if len(text) > LONGEST:
        raise UserError(f"A query has at most {LONGEST} characters, not {len(text)}.")
    return tuple(_term(word) for word in _words(text))


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text))


def _term(word: str) -> Term:
    negated = word.startswith("!")
    body = word[1:] if negated else word
    numeric = _NUMERIC.fullmatch(body)
    if numeric is not None:
        return _number_term(word, *numeric.groups(), negated=negated)
    kind = re.match(r"(?i)type([:=])", body)
    if kind is not None:
        exact = kind[1] == "="
        return TypeTerm(word, _pattern(body[5:], word, exact=exact, whole=True), negated)
    if re.match(r"\w+:", body) or not body:
        raise UserError(f"{word!r} is no filter. Write {EXAMPLES}.")
    pattern = _pattern(body, word, exact=False, whole=False)
    plain = not (_is_regex(body) or _WILD.search(body) or "|" in body)
    return NameTerm(word, pattern, (body.lower(),) if plain else _literals(body), plain, negated)


def _pattern(body: str, word: str, *, exact: bool, whole: bool) -> re.Pattern[str]:
    if _is_regex(body):
        return _regex(body[1:-1], word)
    parts = [part for part in body.split("|") if part]
    if not parts:
        raise UserError(f"{word!r} names nothing. Write {EXAMPLES}.")
    for part in filter(_KIND.match, parts):
        raise UserError(
            f"{word!r}: what is apart by | is of one kind, as in type:Norm|Embedding, so {part!r} cannot be in it; "
            "make it a filter or rule of its own."
        )
    if exact:
        return re.compile("^(?:" + "|".join(re.escape(part) for part in parts) + ")$")
    return re.compile("|".join(_glob(part, whole=whole) for part in parts), re.IGNORECASE)


def _is_regex(body: str) -> bool:
    return len(body) > 1 and body.startswith("/") and body.endswith("/")


def _literals(body: str) -> tuple[str, ...]:
    """Pieces of which every fitting name holds at least one, in lower case; () where that is not plain to see."""
    if _is_regex(body):
        found = [literal_of_regex(body[1:-1])]
    else:
        found = [literal_of_pattern(part) for part in body.split("|") if part]
    return tuple(found) if all(found) else ()


def _regex(body: str, word: str) -> re.Pattern[str]:
    try:
        safe = tamed(body)
        if safe is None:
            raise UserError(
                f"{word!r} could take for ever, by repetitions in or next to each other or by references; "
                "write it without, as in *blocks*weight, or as several filters."
            )
        return re.compile(safe)
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(f"{word!r} is no regular expression: {error}.") from None


def _glob(part: str, *, whole: bool) -> str:
    """A pattern with wildcards fits the last components of a name, or a whole type; one without, any part of it."""
    if not _WILD.search(part):
        return re.escape(part)
    found, rest = "", part
    while rest:
        brackets = BRACKETS.match(rest)
        if brackets is not None:
            inside = brackets[0][1:-1].replace("\\", "\\\\")
            found += "[" + ("^" + inside[1:] if inside.startswith("!") else inside.replace("^", "\\^", 1)) + "]"
            rest = rest[brackets.end() :]
            continue
        # Of several stars in a row all but one are idle, and would make matching slow.
        found += {"*": ".*", "?": "."}.get(rest[0]) or re.escape(rest[0])
        rest = rest.lstrip("*") if rest[0] == "*" else rest[1:]
    if whole:
        return one_way(f"^{found}$")
    # A star at either end means "anything": leaving it out says the same and is many times as fast.
    start = "" if found.startswith(".*") else r"(?:^|\.)"
    return one_way(start + found.removeprefix(".*").removesuffix(".*") + ("" if found.endswith(".*") else "$"))


def _number_term(word: str, what: str, sign: str, value: str, *, negated: bool) -> NumberTerm:
    number = _VALUE.fullmatch(value.lower())
    if number is None:
        raise UserError(f"{word!r} wants a number, as in ndim:1 or size>1M.")
    bound = float(number[1]) * _UNITS[number[2]]
    comparison = "=" if sign == ":" else sign
    return NumberTerm(word, cast("Number", what.lower()), cast("Comparison", comparison), bound, negated)

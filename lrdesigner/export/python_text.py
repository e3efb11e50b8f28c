"""Python source from values: quoted so that no string of a person's can become code, laid out as ruff would."""

from __future__ import annotations

import keyword
import math
import re
import textwrap
from collections.abc import Iterable
from typing import Any

from lrdesigner.expressions.emit import number

LINE = 88
"""ruff's default line length."""


def quoted(text: str) -> str:
    """A string literal, in double quotes unless single ones spare escapes.

    >>> quoted('head'), quoted('the "big" head')
    ('"head"', '\\'the "big" head\\'')
    """
    body = repr("'\"" + text)[4:-1]  # with both quotes in it, repr escapes the single ones and no others
    if text.count('"') > text.count("'"):
        return f"'{body}'"
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def raw(pattern: str) -> str:
    r"""A regular expression as a raw string, where that can hold it.

    >>> print(raw(r"blocks\.\d+"), raw('a"b'))
    r"blocks\.\d+" r'a"b'
    """
    odd_end = (len(pattern) - len(pattern.rstrip("\\"))) % 2
    if not odd_end and pattern.isprintable():
        for quote in ('"', "'"):
            if quote not in pattern:
                return f"r{quote}{pattern}{quote}"
    return quoted(pattern)


def literal(value: Any) -> str:
    """A JSON-like value as a Python literal on one line."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(str(key))}: {literal(item)}" for key, item in value.items()) + "}"
    items = ", ".join(literal(item) for item in value)
    if isinstance(value, tuple):
        return f"({items},)" if len(value) == 1 else f"({items})"
    return f"[{items}]"


def entry(key: str, value: Any, indent: int) -> str:
    """One line of a dict's display; a tuple is spread over lines where it is too long for one."""
    text = f"{' ' * indent}{quoted(key)}: {literal(value)},"
    if len(text) <= LINE or not isinstance(value, tuple):
        return text
    parts = "".join(f"{' ' * (indent + 4)}{literal(part)},\n" for part in value)
    return f"{' ' * indent}{quoted(key)}: (\n{parts}{' ' * indent}),"


def frozen_set(name: str, texts: Iterable[str]) -> str:
    """A constant with a frozenset of texts, on one line or one on each."""
    parts = [quoted(text) for text in texts]
    text = f"{name} = frozenset({{{', '.join(parts)}}})"
    if len(text) <= LINE:
        return text
    inner = f"    {{{', '.join(parts)}}}"
    if len(inner) <= LINE:
        return f"{name} = frozenset(\n{inner}\n)"
    return f"{name} = frozenset(\n    {{\n" + "".join(f"        {part},\n" for part in parts) + "    }\n)"


def argument(key: str, value: Any, indent: int) -> str:
    """One line of a call with an argument on each; a list is spread over lines where it is too long for one."""
    text = f"{' ' * indent}{key}={literal(value)},"
    if len(text) <= LINE or not isinstance(value, list):
        return text
    parts = "".join(f"{' ' * (indent + 4)}{literal(part)},\n" for part in value)
    return f"{' ' * indent}{key}=[\n{parts}{' ' * indent}],"


def signature(parameters: list[str], name: str, returns: str) -> str:
    """The head of a function at module level, over as many lines as it needs."""
    comma = "," if len(parameters) == 1 else ""
    for text in (
        f"def {name}({', '.join(parameters)}) -> {returns}:",
        f"def {name}(\n    {', '.join(parameters)}{comma}\n) -> {returns}:",
    ):
        if max(map(len, text.split("\n"))) <= LINE:
            return text
    return f"def {name}(\n" + "".join(f"    {part},\n" for part in parameters) + f") -> {returns}:"


def identifier(text: str, taken: set[str]) -> str:
    """A Python name made from a person's words, different from those `taken`; it is added to them."""
    word = re.sub(r"[^0-9a-zA-Z]+", "_", text).strip("_").lower() or "group"
    if word[0].isdigit():
        word = f"group_{word}"
    if keyword.iskeyword(word):
        word += "_"
    name, number_ = word, 2
    while name in taken:
        name, number_ = f"{word}_{number_}", number_ + 1
    taken.add(name)
    return name


def prose(text: str) -> str:
    """A person's words fit for a docstring or comment: one line, printable, unable to end the string."""
    return "".join(char if char.isprintable() else " " for char in text).replace("\\", "/").replace('"', "'")


def docstring(text: str, indent: int) -> str:
    """A docstring of one or more lines, indented; `text` has been through `prose`."""
    space = " " * indent
    lines = textwrap.wrap(text, LINE - indent - 8, break_long_words=False, break_on_hyphens=False)
    if len(text) + indent + 6 <= LINE or len(lines) == 1:
        return f'{space}"""{text}"""'
    return f'{space}"""' + f"\n{space}".join(lines) + f'\n{space}"""'


def wrapped(text: str, indent: int) -> str:
    """Prose over as many lines as it needs, indented."""
    return textwrap.fill(
        text, LINE, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False
    )


def all_of(head: str, conditions: list[str], indent: int, tail: str = "", joint: str = "and") -> str:
    """A statement with conditions joined, on one line or, where that is too long, one on each; `tail` ends it."""
    space = " " * indent
    if len(conditions) == 1 and conditions[0].startswith("("):
        conditions = [conditions[0][1:-1]]  # with nothing beside it, it stands without brackets
    text = f"{space}{head} {f' {joint} '.join(conditions)}{tail}"
    if len(text) <= LINE:
        return text
    if len(conditions) == 1:
        return f"{text}  # fmt: skip"
    lines = [f"{space}    {'' if place == 0 else f'{joint} '}{one}" for place, one in enumerate(conditions)]
    # Formatters would leave the last of two on the first line if it ends in a bracket.
    odd = len(conditions) == 2 and conditions[1].endswith(")")
    skip = "  # fmt: skip" if odd or any(len(line) > LINE for line in lines) else ""
    return "\n".join([f"{space}{head} (", *lines, f"{space}){tail}{skip}"])


def statement(line: str, indent: int = 0) -> str:
    """One statement, indented. Where it is too long for a line it is marked so that formatters leave it whole."""
    text = " " * indent + line
    return text if len(text) <= LINE else f"{text}  # fmt: skip"

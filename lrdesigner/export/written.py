"""Functions of an exported file that are put together from conditions."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from lrdesigner.export.python_text import LINE, signature

TYPES = MappingProxyType(
    {
        "group": "str",
        "tensor": "torch.Tensor",
        "name": "str",
        "names": "list[str]",
        "classes": "dict[str, set[str]]",
        "kinds": "set[str]",
        "own": "set[str]",
        "refusing": "frozenset[str]",
    }
)
"""What the functions take, in the order in which they take it."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the file: its name, what it takes, its source without a newline at the end."""

    name: str
    takes: tuple[str, ...]
    source: str

    def call(self, **words: str) -> str:
        """A call of it; `words` say what is given for what it takes, where that is called otherwise there."""
        return f"{self.name}({', '.join(words.get(one, one) for one in self.takes)})"

    def for_name(self) -> str:
        """A call for one name of a tensor, from where the classes of all modules are known."""
        return self.call(kinds="_around(name, classes)", own="_own(name, classes)")

    @property
    def by_name(self) -> bool:
        """Whether the name matters."""
        return not {"name", "kinds", "own"}.isdisjoint(self.takes)


def function(name: str, returns: str, words: str, lines: Iterable[str]) -> Function:
    """A function that takes what its lines use."""
    lines = list(lines)
    bare = "\n".join(_TEXT.sub("", line) for line in lines if not line.lstrip().startswith("#"))
    own = {word for word in TYPES if re.search(rf"\bfor {word} in\b|^ +(?:\w+, )?{word} = ", bare, re.MULTILINE)}
    takes = tuple(word for word in TYPES if word not in own and re.search(rf"\b{word}\b", bare))
    head = signature([f"{word}: {TYPES[word]}" for word in takes], name, returns)
    return Function(name, takes, "\n".join([head, f'    """{words}"""', *lines]))


def comment(text: str, indent: int) -> list[str]:
    """A person's words as lines of comment."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return [f"{' ' * indent}# {line}" for line in textwrap.wrap(plain, LINE - indent - 2, break_on_hyphens=False)]


def wrapped_call(head: str, inner: str, indent: int) -> list[str]:
    """A statement that ends in a call with one argument, on one line or on three."""
    space = " " * indent
    text = f"{space}{head}({inner})"
    if len(text) <= LINE:
        return [text]
    skip = "  # fmt: skip" if len(inner) + indent + 4 > LINE else ""
    return [f"{space}{head}(", f"{space}    {inner}", f"{space}){skip}"]

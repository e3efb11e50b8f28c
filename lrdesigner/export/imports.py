"""The import lines of an exported file, in the order in which ruff and isort have them."""

from __future__ import annotations

import io
import sys
import tokenize
from collections.abc import Iterable, Mapping

_WIDTH = 88
_UNTYPED = "  # type: ignore[import-not-found, import-untyped, unused-ignore]"


def import_lines(modules: Iterable[str], *tables: Mapping[str, Iterable[str]]) -> list[str]:
    """Lines that import these modules and, of the modules in the tables, these names; "" among them: itself.

    Standard library first, then "", then the rest, whose types nobody promises except torch's.

    >>> import_lines(["math", "torch"], {"typing": ["Any"], "torch": ["nn"]})
    ['import math', 'from typing import Any', '', 'import torch', 'from torch import nn']
    """
    names: dict[str, set[str]] = {}
    for module, wanted in ((module, found) for table in tables for module, found in table.items()):
        names.setdefault(module, set()).update(wanted)
    plain = {*modules, *(module for module, found in names.items() if "" in found)}
    standard, others = list[str](), list[str]()
    for module in sorted(plain):
        (standard if _is_standard(module) else others).append(f"import {module}{_comment(module)}")
    for module in sorted(names):
        found = sorted(names[module] - {""}, key=_by_kind)
        if found:
            (standard if _is_standard(module) else others).extend(_from(module, found))
    return [*standard, *([""] if standard and others else []), *others]


def used(table: Mapping[str, Iterable[str]], text: str) -> dict[str, list[str]]:
    """What of a table of imports a text uses.

    >>> used({"accelerate": ["Accelerator"], "itertools": [""]}, "itertools.islice(found, 3)")
    {'itertools': ['']}
    """
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    there = {token.string for token in tokens if token.type == tokenize.NAME}
    found = {module: [name for name in names if (name or _called(module)) in there] for module, names in table.items()}
    return {module: names for module, names in found.items() if names}


def _called(module: str) -> str:
    """The name that `import MODULE` or `import MODULE as NAME` brings."""
    return module.rpartition(" as ")[2].partition(".")[0]


def _from(module: str, names: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return [line + _comment(module)]
    return [f"from {module} import ({_comment(module)}", *(f"    {name}," for name in names), ")"]


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _comment(module: str) -> str:
    return "" if _is_standard(module) or module.partition(".")[0] == "torch" else _UNTYPED


def _by_kind(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as isort has them."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name

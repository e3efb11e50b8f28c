"""Param groups as rows of a table: how an exported file lists those that a group is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrdesigner.export.code_places import owned
from lrdesigner.export.python_text import LINE, entry, literal, quoted

FEWEST_TO_SHARE = 3
"""Param groups of one group from which on they are rows, with what they have in common said once."""


def shared_options(optimizers: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the param groups of a group have in common, by the name of the group, for those that become rows.

    Each of `optimizers` gets `blocks`, the text of its list of groups.
    """
    found: dict[str, dict[str, Any]] = {}
    for optimizer in optimizers:
        runs: dict[str, list[dict[str, Any]]] = {}
        for group in optimizer["groups"]:
            runs.setdefault(group["of"], []).append(group)
        blocks = []
        for name, groups in runs.items():
            if len(groups) < FEWEST_TO_SHARE:
                blocks += [owned(_display(group), group["owner"]) for group in groups]
                continue
            options = [group["options"] for group in groups]
            common = {k: v for k, v in options[0].items() if all(other.get(k) == v for other in options)}
            found[name] = common
            blocks.append(owned(_rows(name, groups, common), groups[0]["owner"]))
        optimizer["blocks"] = blocks
    return found


def _display(group: dict[str, Any]) -> str:
    entries = {"name": group["name"], "lr": group["lr"], **group["options"]}
    return "    {\n" + "".join(f"{entry(key, value, 8)}\n" for key, value in entries.items()) + "    },"


def _rows(name: str, groups: Sequence[dict[str, Any]], common: dict[str, Any]) -> str:
    """A generator of dicts over a table with a row for each param group."""
    own = ["name", "lr", *(key for key in groups[0]["options"] if key not in common)]
    table = "".join(_row([{**group, **group["options"]}[key] for key in own]) for group in groups)
    return f"    *(\n{_made(name, own)}        for {', '.join(own)} in (\n{table}        )\n    ),"


def _made(name: str, own: Sequence[str]) -> str:
    parts = [*(f"{quoted(key)}: {key}" for key in own), f"**SHARED[{quoted(name)}]"]
    text = f"        {{{', '.join(parts)}}}\n"
    if len(text) <= LINE + 1:
        return text
    return "        {\n" + "".join(f"            {part},\n" for part in parts) + "        }\n"


def _row(values: Sequence[Any]) -> str:
    text = f"            {literal(tuple(values))},\n"
    if len(text) <= LINE + 1:
        return text
    return "            (\n" + "".join(f"                {literal(value)},\n" for value in values) + "            ),\n"

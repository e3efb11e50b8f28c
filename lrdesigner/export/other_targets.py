"""What a design can be written as beside training code: its curves as numbers, and the design itself as Python."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from lrdesigner.curve_table import group_table
from lrdesigner.document import Design
from lrdesigner.embedded import digest_of
from lrdesigner.errors import UserError
from lrdesigner.export.embedding import design_data
from lrdesigner.export.python_text import LINE, literal, quoted
from lrdesigner.param_groups import param_groups

MOST_LINES = 1_000_000
"""Of curves: what programs still open, and what is written in seconds."""


@dataclass(frozen=True, slots=True)
class OtherTarget:
    """One kind of file; `write` gives its text, of curves at every so many steps."""

    name: str
    title: str
    summary: str
    suffix: str
    write: Callable[[Design, int], str]


def curves_csv(design: Design, every: int = 1) -> str:
    """Every hyperparameter of every param group, a line for each step: what `lrdesigner curves --format csv` writes."""
    groups = [group for found in param_groups(design) for group in found]
    lines = -(-design.plan.total_steps // every)
    if lines > MOST_LINES:
        least = -(-design.plan.total_steps // MOST_LINES)
        raise UserError(f"The curves would have {lines:,} lines; with --every {least} there are fewer.")
    table = group_table(groups, design.plan, np.arange(0, design.plan.total_steps, every, dtype=np.int64))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.titles)
    writer.writerows(table.rows())
    return text.getvalue()


def design_literal(design: Design, every: int = 1) -> str:
    """A Python module whose `DESIGN` is the design, rebuilt from values that can be read and edited."""
    data = design_data(design)
    values = msgspec.json.decode(data)
    return (
        f'"""A design of LR Designer as Python values: {digest_of(data)[:16]}."""\n\n'
        "from __future__ import annotations\n\nimport json\nfrom typing import Any\n\n"
        "from lrdesigner.design_file import decode\nfrom lrdesigner.document import Design\n\n"
        f"VALUES: dict[str, Any] = {_written(values, 0, len('VALUES: dict[str, Any] = '))}\n\n"
        "DESIGN: Design = decode(json.dumps(VALUES).encode(), __file__)\n"
    )


def _written(value: Any, indent: int, before: int) -> str:
    """A value as ruff lays it out: on one line where it fits with what stands before it, else an entry on each."""
    flat = _flat(value)
    if before + len(flat) + (1 if indent else 0) <= LINE or not isinstance(value, dict | list) or not value:
        return flat
    space, inner = " " * indent, " " * (indent + 4)
    if isinstance(value, list):
        lines = [f"{inner}{_written(item, indent + 4, indent + 4)},\n" for item in value]
        return f"[\n{''.join(lines)}{space}]"
    lines = []
    for key, item in value.items():
        head = f"{quoted(key)}: "
        lines.append(f"{inner}{head}{_written(item, indent + 4, indent + 4 + len(head))},\n")
    return f"{{\n{''.join(lines)}{space}}}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return literal(value)


OTHER_TARGETS: MappingProxyType[str, OtherTarget] = MappingProxyType(
    {
        target.name: target
        for target in (
            OtherTarget(
                "curves", "Curves as CSV", "Every hyperparameter at every step, as numbers.", ".csv", curves_csv
            ),
            OtherTarget(
                "design", "Design as Python", "The design as Python values that rebuild it.", ".py", design_literal
            ),
        )
    }
)

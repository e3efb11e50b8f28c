"""What there is to say about a row of the tree, and why it is in its group, in words."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lrdesigner.document import Design
from lrdesigner.identity import Same
from lrdesigner.inventory import BufferInfo, Inventory
from lrdesigner.membership import refusal, wished
from lrdesigner.model_rows import Rows
from lrdesigner.numbers import count
from lrdesigner.owned_rows import OwnedRows
from lrdesigner.reasons import NEVER_TRAINS, reason_of, ties

TIMES = " \N{MULTIPLICATION SIGN} "
MOST_NAMES = 6
"""Buffers that a tooltip lists."""


def shape_text(shape: tuple[int, ...]) -> str:
    """`120 x 400`, or `scalar`."""
    return TIMES.join(str(size) for size in shape) or "scalar"


def tooltip(design: Design, owned: OwnedRows, row: int) -> str:
    """Name, size, group and reason, ties, buffers and freezing; one fact a line."""
    rows = owned.rows
    number, parameter = int(rows.numels[row]), rows.parameters[row]
    path, kind = rows.paths[row] or rows.name(row), rows.types[row] if rows.paths[row] else "the whole model"
    amount = f"{number:,} parameter{'' if number == 1 else 's'}" if number else "no parameters"
    if parameter is not None:
        amount = f"{'size known after the first forward pass' if parameter.lazy else amount} · {parameter.dtype}"
    lines = [f"{path} · {kind}" if kind else path, amount]
    if len(owned.parameters_below(row)):
        lines += _why(design, owned, row)
    lines += _ties(rows, row) if parameter is not None else _buffer_lines(design.model.inventory, rows.paths[row])
    if number and not rows.trainable[row]:
        lines.append(NEVER_TRAINS)
    return "\n".join(lines)


def _why(design: Design, owned: OwnedRows, row: int) -> list[str]:
    """The group of a row and what put it there, such as `in backbone: pinned by features`; then who refused it."""
    refused = [_refusal(design, owned, row)] if owned.is_refused(row) else []
    shares = owned.shares(row)
    if len(shares) > 1:
        parts = [f"{group.name} {count(shares[group.id])}" for group in design.groups if group.id in shares]
        return [f"in {len(shares)} groups: {', '.join(parts)}", *refused]
    return [f"in {design.group(next(iter(shares))).name}: {_reason(design, owned, row)}", *refused]


def reason_place(owned: OwnedRows, row: int) -> int | None:
    """The one reason (see `Membership`) for all that lies below a row; None if there are several, or nothing."""
    reasons = owned.reasons_of(row)
    return reasons[0] if len(reasons) == 1 else None


def _reason(design: Design, owned: OwnedRows, row: int) -> str:
    if reason_place(owned, row) is None:
        return "by several pins and rules" if design.rules else "by several pins"
    return reason_of(design, owned.members.placement(int(owned.parameters_below(row)[0])), owned.rows.paths[row])


def _refusal(design: Design, owned: OwnedRows, row: int) -> str:
    """Who would have had it, and why not."""
    below = owned.parameters_below(row)
    missing = below[owned.refused[below]]
    place = int(missing[0])
    taker = design.group(wished(design).placement(place).group)
    inventory = design.model.inventory
    told = f"not in {taker.name}: {refusal(inventory, taker.options, inventory.parameters[place].name)}"
    if owned.rows.parameters[row] is not None:
        return told
    return f"{len(missing):,} of its tensors {'is' if len(missing) == 1 else 'are'} {told}"


def _ties(rows: Rows, row: int) -> list[str]:
    place = int(np.searchsorted(rows.parameter_rows, row)) if _in_order(Same(rows)) else _place(rows, row)
    names = [rows.paths[int(rows.parameter_rows[other])] for other in _names_of(rows, place) if other != place]
    return [ties(names)] if names else []


@lru_cache(maxsize=2)
def _in_order(same: Same[Rows]) -> bool:
    return bool((np.diff(same.value.parameter_rows) > 0).all())


def _place(rows: Rows, row: int) -> int:
    return int(np.flatnonzero(rows.parameter_rows == row)[0])


def _names_of(rows: Rows, place: int) -> list[int]:
    """Places of all names of a tensor; of a second name only the first one is told."""
    first = int(rows.firsts[place])
    return [first] if first != place else np.flatnonzero(rows.firsts == place).tolist()


def _buffer_lines(inventory: Inventory, path: str) -> list[str]:
    found = _buffers_by_module(Same(inventory.buffers)).get(path, ())
    if not found:
        return []
    parts = [f"{buffer.name.rpartition('.')[2]} {shape_text(buffer.shape)}" for buffer in found[:MOST_NAMES]]
    more = f" and {len(found) - MOST_NAMES:,} more" if len(found) > MOST_NAMES else ""
    return [f"buffers, which no optimizer moves: {', '.join(parts)}{more}"]


@lru_cache(maxsize=2)
def _buffers_by_module(same: Same[tuple[BufferInfo, ...]]) -> dict[str, list[BufferInfo]]:
    found: dict[str, list[BufferInfo]] = {}
    for buffer in same.value:
        found.setdefault(buffer.name.rpartition(".")[0], []).append(buffer)
    return found

"""Which exemption from weight decay has exactly the parameters that have none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from lrdesigner.document import LONGEST_QUERY, DecayExemption
from lrdesigner.expansion import exempt_parameters
from lrdesigner.inventory import Inventory
from lrdesigner.model_rows import Bools, rows_of
from lrdesigner.presets.parts import covering_paths, listing
from lrdesigner.queries import matching_parameters

MOST_NAMES = 8
"""Names in the query of an exemption that a person would still have written."""

_NOTHING = DecayExemption(bias=False, norm=False, one_dimensional=False)


def exemption_for(inventory: Inventory, members: Bools, free: Bools) -> DecayExemption | None:
    """The exemption that frees exactly `free` of these parameters of a group; None if none says it shortly.

    Kinds that are free as a whole are said by their switches, what is left by a few names.
    """
    busy = members & ~free
    exemption, left = _NOTHING, free.copy()
    for kind in ("bias", "norm", "one_dimensional", "embeddings"):
        found = exempt_parameters(inventory, replace(_NOTHING, **{kind: True}))
        if (found & busy).any() or (kind == "embeddings" and not (found & left).any()):
            continue
        exemption = replace(exemption, **{kind: True})
        left &= ~found
    if not left.any():
        return exemption
    for where in _queries(inventory, free | ~members, left):
        found = matching_parameters(inventory, where)
        if not (found & busy).any() and not (left & ~found).any():
            return replace(exemption, where=where)
    return None


def _queries(inventory: Inventory, allowed: Bools, left: Bools) -> Iterator[str]:
    """Queries for what is left: by last names, as *pos_embed, then by paths."""
    infos = inventory.parameters
    ends = dict.fromkeys(infos[place].name.rpartition(".")[2] for place in np.flatnonzero(left).tolist())
    if len(ends) <= MOST_NAMES and all(re.fullmatch(r"[\w\-]+", end) for end in ends):
        yield "|".join(f"*{end}" for end in ends)
    rows = rows_of(inventory)
    of_rows = np.zeros(len(rows), np.int64)
    of_rows[rows.parameter_rows] = left
    sums = np.concatenate([[0], np.cumsum(of_rows)])
    places = {path: row for path in covering_paths(inventory, allowed) if (row := rows.ids.get(path)) is not None}
    paths = [path for path, row in places.items() if sums[rows.ends[row]] > sums[row]]
    if 0 < len(paths) <= MOST_NAMES and len(query := listing(paths)) <= LONGEST_QUERY:
        yield query

"""What a filter leaves of the rows of a model, as masks over all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrdesigner.inventory import Inventory
from lrdesigner.model_rows import Bools, Ints, Rows, rows_of
from lrdesigner.queries import Query, matching_rows
from lrdesigner.queries.find import any_name


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """The rows that match, those to show (with what is around and inside them), and the modules to look into.

    A module matches if the query holds for it and for every parameter in it. `tensors`, `modules` and `numel` count
    the parameters that a rule with this query would fit, the modules they are in, and their scalars, each tensor once.
    """

    matches: Bools
    shown: Bools
    opened: Bools
    tensors: int
    modules: int
    numel: int

    def outermost(self, rows: Rows) -> Ints:
        """The matches that lie in no other: what stands for all of them."""
        inner = np.zeros(len(rows), dtype=np.bool_)
        inner[1:] = self.matches[rows.parent_rows[1:]]
        return np.flatnonzero(self.matches & ~inner)


def filtered(inventory: Inventory, query: Query) -> Filtered:
    """Apply a query to every row."""
    rows = rows_of(inventory)
    holds = matching_rows(inventory, query)
    missed = np.zeros(len(rows), dtype=np.bool_)
    missed[rows.parameter_rows] = ~holds[rows.parameter_rows]
    matches = holds & ~_any_below(rows, missed)
    inside = rows.spread(matches)
    around = _any_below(rows, matches)
    fitting = np.flatnonzero(any_name(rows, holds[rows.parameter_rows]))
    firsts = fitting[rows.firsts[fitting] == fitting]
    return Filtered(
        matches=matches,
        shown=inside | around,
        opened=around & ~inside,
        tensors=len(firsts),
        modules=len(np.unique(rows.parent_rows[rows.parameter_rows[fitting]])),
        numel=int(rows.numels[rows.parameter_rows[firsts]].sum()),
    )


def _any_below(rows: Rows, marked: Bools) -> Bools:
    """Rows that are marked, or around one that is."""
    before = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(marked, out=before[1:])
    return before[rows.ends] > before[:-1]

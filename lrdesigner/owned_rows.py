"""Which groups have what lies below a row of the model, and why; asked row by row, for those that are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lrdesigner.document import Design
from lrdesigner.identity import Same
from lrdesigner.membership import Membership, membership, wished
from lrdesigner.model_rows import Bools, Ints, Rows, rows_of


@dataclass(frozen=True, slots=True, eq=False)
class OwnedRows:
    """A membership laid out by rows. `places` has the parameters in the order of their rows, `starts` these rows."""

    rows: Rows
    members: Membership
    places: Ints
    starts: Ints
    refused: Bools
    """Parameters, in the inventory's order, that a nearer pin or an earlier rule would have, had it taken them."""

    def parameters_below(self, row: int) -> Ints:
        """Places in the inventory of the parameters below a row, or of the row itself."""
        first, end = np.searchsorted(self.starts, (row, int(self.rows.ends[row])))
        return self.places[first:end]

    def groups_of(self, row: int) -> tuple[int, ...]:
        """Ids of the groups that have something below a row, in the order of the design."""
        counts = np.bincount(self.members.owners[self.parameters_below(row)])
        return tuple(self.members.groups[place] for place in np.flatnonzero(counts).tolist())

    def shares(self, row: int) -> dict[int, int]:
        """Scalars of each group below a row, each tensor once."""
        below = self.parameters_below(row)
        firsts = np.unique(self.rows.firsts[below])
        numels = self.rows.numels[self.rows.parameter_rows[firsts]]
        owners = self.members.owners[firsts]
        found = {place: int(numels[owners == place].sum()) for place in np.unique(owners).tolist()}
        return {self.members.groups[place]: number for place, number in found.items()}

    def reasons_of(self, row: int) -> tuple[int, ...]:
        """The distinct reasons (see `Membership`) for what lies below a row."""
        return tuple(np.unique(self.members.reasons[self.parameters_below(row)]).tolist())

    def is_refused(self, row: int) -> bool:
        """Whether something below a row is not where its pin or rule wants it."""
        return bool(self.refused[self.parameters_below(row)].any())


def owned_rows(design: Design) -> OwnedRows:
    """The present membership of a design's parameters, by rows; the same object while it stays the same."""
    return _owned_rows(Same(membership(design)), Same(wished(design)))


@lru_cache(maxsize=4)
def _owned_rows(members: Same[Membership], wish: Same[Membership]) -> OwnedRows:
    rows = rows_of(members.value.inventory)
    places = _places(Same(rows))
    refused = wish.value.owners != members.value.owners
    return OwnedRows(rows, members.value, places, rows.parameter_rows[places], refused)


@lru_cache(maxsize=2)
def _places(same: Same[Rows]) -> Ints:
    return np.argsort(same.value.parameter_rows, kind="stable")

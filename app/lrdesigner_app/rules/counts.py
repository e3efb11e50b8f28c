"""How much each rule fits, and how much of that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lrdesigner.document import Design
from lrdesigner.identity import Same
from lrdesigner.membership import Membership, membership
from lrdesigner.model_rows import rows_of
from lrdesigner.queries import matching_parameters


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Tensors that a rule's query fits, those of them that it gives to its group, and the scalars in these."""

    fits: int
    takes: int
    scalars: int

    @property
    def text(self) -> str:
        """ "48", "12 of 48" when pins, earlier rules or the optimizer leave it only a part, "0" when nothing fits."""
        return f"{self.takes:,}" if self.takes == self.fits else f"{self.takes:,} of {self.fits:,}"


def rule_counts(design: Design) -> tuple[RuleCount, ...]:
    """The counts of every rule, in order; tied names are one tensor."""
    return _rule_counts(Same(membership(design)))


@lru_cache(maxsize=4)
def _rule_counts(same: Same[Membership]) -> tuple[RuleCount, ...]:
    found = same.value
    rows = rows_of(found.inventory)
    number = len(found.owners)
    first = rows.firsts == np.arange(number)
    numels = rows.numels[rows.parameter_rows]
    counts = []
    for place, rule in enumerate(found.rules):
        fits = matching_parameters(found.inventory, rule.where) & first
        takes = first & (found.reasons == -2 - place)
        counts.append(RuleCount(int(fits.sum()), int(takes.sum()), int(numels[takes].sum())))
    return tuple(counts)


def count_words(count: RuleCount, group: str) -> str:
    """In a sentence: "Fits 48 tensors; 12 of them go to head, the rest to pins and earlier rules."."""
    if not count.fits:
        return "Fits nothing in this model."
    tensors = f"{count.fits:,} tensor{'' if count.fits == 1 else 's'}"
    if count.takes == count.fits:
        return f"Takes {tensors} for {group}."
    if not count.takes:
        return f"Fits {tensors}, all of which pins or earlier rules take, or its optimizer refuses."
    return f"Fits {tensors}, takes {count.takes:,}: pins or earlier rules have the rest, or its optimizer refuses them."

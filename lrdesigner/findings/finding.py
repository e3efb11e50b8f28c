"""What a check says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from lrdesigner.document import Design
from lrdesigner.places import Place

Severity = Literal["error", "warning", "info"]


MOST_SHOWN = 100
"""Parameters that a place names."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A one-click repair: an ordinary edit, under the label that the history will show."""

    label: str
    edit: Callable[[Design], Design] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `where` names a group or a place in it; `group` is its id when there is one.

    `place` is what a window can show of it; where a check gives none, `shown_at` is its group, or the model.
    """

    code: str
    severity: Severity
    where: str
    message: str
    group: int | None = None
    fix: Fix | None = None
    place: Place | None = None

    @property
    def shown_at(self) -> Place:
        """Where it can be seen; of what is about the design as a whole, the model."""
        if self.place is not None:
            return self.place
        return Place(group=self.group) if self.group is not None else Place(area="model")

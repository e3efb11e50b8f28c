"""What the diagnostics of a trial have shown, as columns over the steps of the plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lrdesigner.jobs.protocol import Diagnostics, GroupDiagnostics
from lrdesigner.trials.growing import Growing

Floats = NDArray[np.float64]
Norm = Literal["gradient_norm", "weight_norm", "update_norm", "decay_norm"]
NORMS: tuple[Norm, ...] = ("gradient_norm", "weight_norm", "update_norm", "decay_norm")


@dataclass(slots=True, eq=False)
class DiagnosticsColumns:
    """A row for each report; `columns` are by param group and by what was measured, NaN where it was not finite."""

    steps: Growing = field(default_factory=Growing)
    columns: dict[tuple[str, str], Growing] = field(default_factory=dict)
    last: Diagnostics | None = None

    def add(self, report: Diagnostics) -> None:
        """Take in a report."""
        before = len(self.steps)
        self.steps.extend([float(report.step)])
        for group, found in report.groups.items():
            for name, value in _values(found).items():
                column = self.columns.get((group, name))
                if column is None:
                    column = self.columns[group, name] = Growing()
                    column.extend([math.nan] * before)
                column.extend([value])
        for column in self.columns.values():
            column.extend([math.nan] * (before + 1 - len(column)))
        self.last = report

    def norm(self, groups: Sequence[str], name: Norm) -> Floats:
        """A norm of several param groups as of one: the root of the sum of their squares, NaN where one is unknown."""
        return np.sqrt(sum((self._column(group, name) ** 2 for group in groups), np.zeros(len(self.steps))))

    def update_ratio(self, groups: Sequence[str]) -> Floats:
        """The norm of an update over that of the weights, which about 1e-3 is usual for; NaN for weights of 0."""
        return _ratio(self.norm(groups, "update_norm"), self.norm(groups, "weight_norm"))

    def without_gradient(self, groups: Sequence[str]) -> Floats:
        """The share of the numbers of these param groups that get no gradient."""
        silent, all_of_them = (self._sum(groups, name) for name in ("without_gradient", "numel"))
        return _ratio(silent, all_of_them)

    def _sum(self, groups: Iterable[str], name: str) -> Floats:
        return sum((self._column(group, name) for group in groups), np.zeros(len(self.steps)))

    def _column(self, group: str, name: str) -> Floats:
        column = self.columns.get((group, name))
        return np.full(len(self.steps), math.nan) if column is None else column.array


def _values(found: GroupDiagnostics) -> dict[str, float]:
    values: dict[str, float | None] = {name: getattr(found, name) for name in NORMS}
    known = {name: math.nan if value is None else value for name, value in values.items()}
    return {**known, "numel": float(found.numel), "without_gradient": float(found.without_gradient)}


def _ratio(above: Floats, below: Floats) -> Floats:
    found = np.full(len(above), math.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found

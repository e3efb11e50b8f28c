"""Values over time as a table: a step in each row, a param group's hyperparameter in each column.

>>> from lrdesigner.document import Model, new_design
>>> design = new_design(Model())
>>> table = track_table(design, ("lr",), every_step_or_knots(design, ("lr",)))
>>> table.titles
('step', 'epoch', 'everything.lr')
>>> next(table.rows())
['0', '0.0', '0.001']
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrdesigner.curves import values_at
from lrdesigner.document import Design, Plan
from lrdesigner.expansion import ParamGroup
from lrdesigner.param_groups import trained_groups
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules.breaks import sorted_once
from lrdesigner.tracks import Slot, lane_of, option_of, slots_of

MOST_ROWS = 5000
"""Steps of a run of which a table has every one; of a longer run it has those that a plot needs."""

Steps = NDArray[np.int64]
Column = tuple[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class CurveTable:
    """Columns of values at some steps, before any of it is text."""

    steps: Steps
    columns: tuple[Column, ...]
    epochs: NDArray[np.float64] | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The first row."""
        return ("step", *(("epoch",) if self.epochs is not None else ()), *(name for name, _ in self.columns))

    def rows(self) -> Iterator[list[str]]:
        """The others; numbers so that they read back as the same ones."""
        all_columns = [values for _, values in self.columns]
        if self.epochs is not None:
            all_columns.insert(0, self.epochs)
        for index, step in enumerate(self.steps.tolist()):
            yield [str(step), *(repr(float(values[index])) for values in all_columns)]


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as lines of comma-separated values."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def group_table(groups: Iterable[ParamGroup], plan: Plan, steps: Steps) -> CurveTable:
    """Every hyperparameter that can move of some param groups: `NAME.lr`, `NAME.weight_decay`, `NAME.beta1` ..."""
    found = [(part.name, track, values) for part in groups for track, values in values_at(part, plan, steps).items()]
    return CurveTable(steps, tuple((f"{name}.{track}", values) for name, track, values in found))


def track_table(
    design: Design, slots: tuple[Slot, ...], steps: Steps, shown: frozenset[int] | None = None
) -> CurveTable:
    """One hyperparameter of every param group that has it, or the product of several: `NAME.lr_x_weight_decay`.

    With the time in epochs; `shown`: only of these groups. A group without param groups, since it holds nothing to
    train, stands for itself.
    """
    columns: list[Column] = []
    for part in _parts(design, shown):
        if not set(slots) <= set(slots_of(part.group)):
            continue
        names = [option_of(part.group, slot) or slot for slot in slots]
        values = values_at(part, design.plan, steps)
        columns.append((f"{part.name}.{'_x_'.join(names)}", np.prod([values[name] for name in names], axis=0)))
    return CurveTable(steps, tuple(columns), steps / design.plan.steps_per_epoch)


def every_step_or_knots(design: Design, slots: tuple[Slot, ...], shown: frozenset[int] | None = None) -> Steps:
    """Every step of the run; of a run of more than `MOST_ROWS`, those at which a plot of the groups has its points."""
    plan, last = design.plan, max(design.plan.total_steps - 1, 0)
    if last < MOST_ROWS:
        return np.arange(last + 1, dtype=np.int64)
    found = [np.linspace(0, last, MOST_ROWS // 5).astype(np.int64)]
    groups = [group for group in design.groups if shown is None or group.id in shown]
    lanes = {lane_of(group, slot, plan) for group in groups for slot in slots if slot in slots_of(group)}
    columns = max(MOST_ROWS // (4 * max(len(lanes), 1)), 50)
    found += [plot_points(lane, plan, 0, last, columns).steps for lane in lanes]
    return sorted_once(np.concatenate(found))


def _parts(design: Design, shown: frozenset[int] | None) -> list[ParamGroup]:
    trained: dict[int, list[ParamGroup]] = {}
    for part in trained_groups(design):
        trained.setdefault(part.group.id, []).append(part)
    groups = [group for group in design.groups if shown is None or group.id in shown]
    return [part for group in groups for part in trained.get(group.id, [ParamGroup(group.name, group, ())])]

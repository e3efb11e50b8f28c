"""What a training process reports as rows of numbers for the history, and back.

Names of sheets and columns are part of what is stored: they may be added to, never changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import fields

from lrdesigner.jobs.protocol import CriticalRate, Diagnostics, GroupDiagnostics, Metrics, RangePoint
from lrdesigner.trials.history.log import Row
from lrdesigner.trials.history.store import Sheets

Measured = Metrics | Diagnostics | CriticalRate | RangePoint

Values = Mapping[str, float]
Places = Mapping[str, list[tuple[str, str]]]

SECONDS = "seconds"
METRICS, DIAGNOSTICS, CRITICAL, RANGE = "metrics", "diagnostics", "critical", "range"

_TIMES = ("seconds_per_update", "samples_per_second", "data_share", "memory", "skipped")
_CRITICAL = ("step", "scheduled", "factor", "largest_tried", "evaluations")
_RANGE = ("seed", "update", "multiplier", "loss")
_GROUP = tuple(field.name for field in fields(GroupDiagnostics))
_COUNTS = ("numel", "without_gradient")


class RowNames:
    """Makes rows of reports, and puts the names of their columns together once for each set of groups."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}

    def row(self, report: Measured, seconds: float) -> Row:
        """A report that came so many seconds after the trial began, as a row of its sheet; None is NaN in it."""
        match report:
            case Metrics():
                names = self._of(METRICS, report.lr)
                return METRICS, names, (report.step, seconds, report.loss, *report.lr.values())
            case Diagnostics():
                values = [_number(getattr(group, name)) for group in report.groups.values() for name in _GROUP]
                times = (getattr(report, name) for name in _TIMES)
                return DIAGNOSTICS, self._of(DIAGNOSTICS, report.groups), (report.step, seconds, *times, *values)
            case CriticalRate():
                numbers = (_number(getattr(report, name)) for name in _CRITICAL)
                return f"{CRITICAL}/{report.group}", (*_CRITICAL, SECONDS), (*numbers, seconds)
            case RangePoint():
                return RANGE, (*_RANGE, SECONDS), (*(float(getattr(report, name)) for name in _RANGE), seconds)

    def _of(self, sheet: str, groups: Mapping[str, Any]) -> tuple[str, ...]:
        key = (sheet, *groups)
        if key not in self._names:
            if sheet == METRICS:
                self._names[key] = ("step", SECONDS, "loss", *(f"lr/{group}" for group in groups))
            else:
                each = (f"{name}/{group}" for group in groups for name in _GROUP)
                self._names[key] = ("step", SECONDS, *_TIMES, *each)
        return self._names[key]


def reports_of(sheets: Sheets) -> Iterator[Measured]:
    """The reports that these numbers were made of, sheet by sheet, each in the order in which they came."""
    for sheet, columns in sheets.items():
        places = _places(columns)
        for values in zip(*(column.tolist() for column in columns.values()), strict=True):
            row = dict(zip(columns, values, strict=True))
            if sheet == METRICS:
                yield Metrics(int(row["step"]), row["loss"], _by_group(row, places, "lr"))
            elif sheet == DIAGNOSTICS:
                yield _diagnostics(row, places)
            elif sheet == RANGE:
                yield RangePoint(int(row["seed"]), int(row["update"]), row["multiplier"], row["loss"])
            elif sheet.startswith(f"{CRITICAL}/"):
                yield _critical(sheet.partition("/")[2], row)


def _places(columns: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """For each kind of column its groups, with the column of each: split once and not for every row."""
    places: dict[str, list[tuple[str, str]]] = {}
    for column in columns:
        kind, slash, group = column.partition("/")
        if slash:
            places.setdefault(kind, []).append((group, column))
    return places


def _by_group(row: Values, places: Places, kind: str) -> dict[str, float]:
    """What of this kind was measured, by group; a group that the row lacks is NaN in it."""
    return {group: row[column] for group, column in places.get(kind, ()) if row[column] == row[column]}


def _diagnostics(row: Values, places: Places) -> Diagnostics:
    found = {name: _by_group(row, places, name) for name in _GROUP}
    groups = {group: _group_diagnostics({name: found[name].get(group) for name in _GROUP}) for group in found["numel"]}
    return Diagnostics(
        int(row["step"]),
        groups,
        row["seconds_per_update"],
        row["samples_per_second"],
        row["data_share"],
        int(row["memory"]),
        int(row["skipped"]),
    )


def _group_diagnostics(values: Mapping[str, Any]) -> GroupDiagnostics:
    return GroupDiagnostics(**{name: int(value) if name in _COUNTS else value for name, value in values.items()})


def _critical(group: str, row: Values) -> CriticalRate:
    factor = None if math.isnan(row["factor"]) else row["factor"]
    return CriticalRate(
        int(row["step"]), group, row["scheduled"], factor, row["largest_tried"], int(row["evaluations"])
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)

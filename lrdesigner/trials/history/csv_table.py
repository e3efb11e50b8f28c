"""A kept trial as one wide table: a row for each update, and what was measured more seldom beside its own step."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrdesigner.design_file import write_atomically
from lrdesigner.trials.history.reports import METRICS, SECONDS
from lrdesigner.trials.history.store import Sheets

STEP = "step"


def export_csv(sheets: Sheets, path: Path) -> None:
    """Write the numbers of a trial as CSV, whole or not at all; raises `UserError` when the disk does not take it.

    Numbers are written so that they are read back to the last bit; what was not measured is empty. Sheets that know no
    step, as those of a range test, follow with an empty line between.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for place, (titles, columns) in enumerate(_tables(sheets)):
        if place:
            writer.writerow([])
        writer.writerow(titles)
        writer.writerows(_cells(columns))
    write_atomically(path, text.getvalue().encode())


def _tables(sheets: Sheets) -> Iterable[tuple[list[str], list[NDArray[np.float64]]]]:
    by_step = {name: sheet for name, sheet in sheets.items() if STEP in sheet}
    if by_step:
        columns = by_steps(by_step)
        yield list(columns), list(columns.values())
    for name, sheet in sheets.items():
        if name not in by_step:
            yield list(sheet), list(sheet.values())


def by_steps(sheets: Sheets) -> dict[str, NDArray[np.float64]]:
    """Sheets with steps side by side, NaN where one has no row; a row of metrics has at most one of each other sheet.

    Columns of sheets that are called NAME/GROUP are called NAME/GROUP/COLUMN.
    """
    first = METRICS if METRICS in sheets else next(iter(sheets))
    ordered = [first, *(name for name in sheets if name != first)]
    keys = {name: _numbered(sheets[name][STEP]) for name in ordered}
    places = {key: place for place, key in enumerate(dict.fromkeys(key for name in ordered for key in keys[name]))}
    found = {STEP: np.array([step for step, _ in places])}
    for name in ordered:
        rows = [places[key] for key in keys[name]]
        for title, values in sheets[name].items():
            if title == STEP or (title == SECONDS and name != first):
                continue
            column = found[f"{name}/{title}" if "/" in name else title] = np.full(len(places), np.nan)
            column[rows] = values
    order = np.argsort(found[STEP], kind="stable")
    return {title: column[order] for title, column in found.items()}


def _numbered(steps: NDArray[np.float64]) -> list[tuple[float, int]]:
    """Each step with how often it came before: a compressed run may be slower than its plan."""
    seen: dict[float, int] = {}
    keys = []
    for step in steps.tolist():
        keys.append((step, seen.get(step, 0)))
        seen[step] = keys[-1][1] + 1
    return keys


def _cells(columns: list[NDArray[np.float64]]) -> Iterable[tuple[str, ...]]:
    return zip(*([_cell(value) for value in column.tolist()] for column in columns), strict=True)


def _cell(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)

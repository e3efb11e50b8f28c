"""How the outcome of a sweep is written: a table with a verdict for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lrdesigner.cli.output import say, write_json, write_lines, write_table
from lrdesigner.numbers import rate
from lrdesigner.trials.sweep_files import SweepFacts
from lrdesigner.trials.sweep_results import (
    MEASURES,
    RunResult,
    Spread,
    SweepTable,
    VariantResult,
    sweep_table,
    verdict,
)


def table_of(results: Sequence[RunResult], facts: SweepFacts) -> SweepTable:
    """The table of these runs, with what they do not tell themselves."""
    return sweep_table(results, facts.baseline, facts.total_steps)


def write_sweep(table: SweepTable, as_json: bool) -> None:
    """The table, best variant first, and what may be said of it."""
    if as_json:
        write_json({"kind": "end", **_table_json(table)})
        return
    shown = [measure for measure in MEASURES if any(measure in row.figures for row in table.rows)]
    lost = any(row.diverged or row.failed or row.stopped or row.waiting for row in table.rows)
    titles = ["variant", "runs", *(measure.replace("_", " ") for measure in shown), "range", "against the baseline"]
    rows = [_cells(row, table, shown) for row in table.rows]
    write_table([*titles, *(["not finished"] if lost else [])], [row if lost else row[:-1] for row in rows], ["runs"])
    write_lines([verdict(table)])


def write_run(result: RunResult, as_json: bool) -> None:
    """How one run ended: a line of JSON, or a remark where it did not end well."""
    if as_json:
        write_json({"kind": "run", **msgspec.to_builtins(result)})
    elif result.state != "finished":
        say(f"{result.label}, seed {result.seed}: {result.message or result.state}")


def _cells(row: VariantResult, table: SweepTable, shown: list[Any]) -> list[str]:
    found = row.figures.get(table.measure or "")
    difference = row.differences.get(table.measure or "")
    against = "baseline" if row.label == table.baseline else _signed(difference) if difference else ""
    figures = [str(row.figures[measure]) if measure in row.figures else "" for measure in shown]
    lost = {"diverged": row.diverged, "failed": row.failed, "stopped": row.stopped, "not run": row.waiting}
    words = ", ".join(f"{count} {what}" for what, count in lost.items() if count)
    span = f"{rate(found.low)} to {rate(found.high)}" if found and found.count > 1 else ""
    return [row.label, str(row.finished), *figures, span, against, words]


def _signed(difference: Spread) -> str:
    return f"+{difference}" if difference.mean > 0 else str(difference)


def _table_json(table: SweepTable) -> dict[str, Any]:
    return {
        "measure": table.measure,
        "baseline": table.baseline,
        "steps": list(table.steps),
        "total_steps": table.total_steps,
        "verdict": verdict(table),
        "variants": [msgspec.to_builtins(row) for row in table.rows],
    }

"""Capturing what a function returns, in a child process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from lrdesigner.capturing.description import LiveObjects
from lrdesigner.capturing.design import Captured, captured_design
from lrdesigner.capturing.live import check_lengths
from lrdesigner.document import Model
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import AnyReport, CapturedObjects, CaptureRequest, InventoryChunk, joined
from lrdesigner.jobs.run import run_ladder
from lrdesigner.models.source import ModelSource


def capture_from(
    source: ModelSource,
    kwargs: Mapping[str, Any],
    *,
    steps: int | None = None,
    steps_per_epoch: int | None = None,
    fold: bool = True,
    time_limit: float | None = None,
    python: str = "",
) -> Captured:
    """Call the function that a source names, in a child, and make a design of what it returns.

    It returns (model, optimizer) or (model, optimizer, scheduler). The design names the model's class, if that stands
    beside the function and makes the same model without arguments, else the function. Raises `UserError`.
    """
    if source.is_read or source.is_demo or not source.runs:
        raise UserError(f"{source.text} names no function: give FILE.py:FUNCTION.")
    check_lengths(steps, steps_per_epoch)
    request = CaptureRequest(source.child_source, dict(kwargs), steps=steps, steps_per_epoch=steps_per_epoch)
    reports: list[AnyReport] = []
    outcome = run_ladder(request, reports.append, time_limit, python or None)
    if not outcome.succeeded:
        raise UserError(f"{source.text} cannot be captured: {outcome.message}")
    inventory = joined(report for report in reports if isinstance(report, InventoryChunk))
    live, model_source = _live([report for report in reports if isinstance(report, CapturedObjects)])
    own = Model(source=model_source or source.stored, kwargs={} if model_source else dict(kwargs), python=python)
    found = captured_design(live, replace(own, inventory=inventory), steps_per_epoch, fold=fold)
    if model_source:
        return found
    more = f"{source.name} gives more than the model: wherever the model is made, its first result is taken."
    return Captured(found.design, (*found.notes, more))


def _live(reports: list[CapturedObjects]) -> tuple[LiveObjects, str]:
    """What the last attempt told, with its values put together, and the source of the model alone."""
    start = max((place for place, report in enumerate(reports) if report.live is not None), default=None)
    if start is None:
        raise UserError("The child process told nothing of what it captured.")
    first = reports[start]
    assert first.live is not None
    lanes: dict[int, list[float]] = {}
    for report in reports[start + 1 :]:
        lanes.setdefault(report.lane, []).extend(report.values)
    values = tuple(tuple(lanes.get(lane, ())) for lane in range(max(lanes, default=-1) + 1))
    return replace(first.live, values=values), first.model_source

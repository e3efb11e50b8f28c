"""What opening a model asks of a child, and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.jobs.protocol import AnyReport, InspectRequest, InventoryChunk, ReadRequest, joined
from lrdesigner.jobs.reader import Outcome
from lrdesigner.model_inputs import Inputs, described_inputs
from lrdesigner.models.base import ModelSource


class Inspection(Struct, frozen=True):
    """A model's inventory, and what else there is to say about it.

    `notes` are sentences. Of a checkpoint, `imports` are the names that really unpickling it would import, and `parts`
    what in it could be opened instead, as FILE:PART.
    """

    inventory: Inventory
    notes: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """Everything but the inventory, as sentences."""
        found = list(self.notes)
        if self.parts:
            found.append(f"Other parts can be opened as FILE:PART: {_listed(self.parts)}.")
        if self.imports:
            found.append(f"Really loading it would import {_listed(self.imports)}; nothing of it was run.")
        if not self.inventory.parameters:
            found.append("The model has no parameters.")
        return tuple(found)


def opening_request(
    source: ModelSource, kwargs: Mapping[str, Any], inputs: Inputs | None = None
) -> InspectRequest | ReadRequest:
    """What to ask for a model. Raises `UserError` for arguments to something that is only read, and for odd inputs."""
    if not source.is_read:
        return InspectRequest(source.child_source, dict(kwargs), inputs=described_inputs(inputs or []))
    if kwargs or inputs:
        raise UserError(f"{source.text} is only read, not built: it takes neither arguments nor inputs.")
    return ReadRequest(str(source.file), source.name)


def inspection_of(source: ModelSource, reports: Iterable[AnyReport], outcome: Outcome) -> Inspection:
    """What a job's reports and end amount to; raises `UserError` with the reason when the model cannot be had."""
    if not outcome.succeeded:
        raise UserError(f"{source.text} cannot be opened: {outcome.message}")
    inventory = joined(report for report in reports if isinstance(report, InventoryChunk))
    fault = inventory.fault()
    if fault is not None:
        raise UserError(f"{source.text} cannot be opened: {fault}")
    found = outcome.metrics
    return Inspection(inventory, _texts(found, "notes"), _texts(found, "imports"), _texts(found, "parts"))


MOST_LISTED = 12


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def _texts(metrics: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = metrics.get(name)
    return tuple(str(text) for text in found) if isinstance(found, list) else ()

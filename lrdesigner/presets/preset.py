"""What a preset is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A known way to group a model, as one edit. `parameters` is the struct that its form is made of.

    `source` says who found it and which values are from there, `notes` what it leaves alone, or cannot know.
    """

    id: str
    title: str
    summary: str
    source: str
    notes: str
    parameters: type[Struct]
    misfit: Callable[[Inventory], str | None]
    edit: Callable[[Design, Any], Design]

    @property
    def label(self) -> str:
        """What the history calls it."""
        return f"Preset: {self.title}"

    def fits(self, inventory: Inventory) -> str | None:
        """None if it applies to such a model, else why not, as a sentence."""
        if not inventory.parameters:
            return "No model with parameters is open."
        return self.misfit(inventory)

    def apply(self, design: Design, parameters: Struct | None = None) -> Design:
        """The design with this preset; itself where it was applied already with the same parameters.

        Pins and rules that are there stay, and win over its rules. Raises `UserError` where it does not fit.
        """
        why = self.fits(design.model.inventory)
        if why is not None:
            raise UserError(f"{self.title}: {why}")
        new = self.edit(design, self.parameters() if parameters is None else parameters)
        return design if new == design else new

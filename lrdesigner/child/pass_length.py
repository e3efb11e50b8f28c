"""How long one pass over the data of a trial is: told by the data where they have a length, else counted."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any


@dataclass
class PassLength:
    """Batches and samples in one pass; None as long as they are not known."""

    batches: int | None = None
    samples: int | None = None

    def ask(self, source: Any) -> None:
        """Ask data that are batches, such as a DataLoader, for their length."""
        with contextlib.suppress(Exception):  # the length of somebody's own class may do anything
            self.batches = len(source)
        with contextlib.suppress(Exception):
            self.samples = len(source.sampler)

    def counted(self, batches: int) -> None:
        """A pass has ended after so many batches."""
        if self.batches is None:
            self.batches = batches

    def figures(self) -> dict[str, int]:
        """`batches_per_epoch` and `samples_per_epoch`, as far as they are known."""
        known = {"batches_per_epoch": self.batches, "samples_per_epoch": self.samples}
        return {key: value for key, value in known.items() if value is not None and value > 0}

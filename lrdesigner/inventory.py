"""What loading a model yields: its modules and parameters, without weights and without torch objects."""

from __future__ import annotations

from msgspec import Struct


class ModuleInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """One module of the tree; `path` is its dotted name, "" for the model itself."""

    path: str
    type: str


class ParameterInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter under one of its names.

    A tensor that several modules share is listed once per name; every name but the first has `tied_to` set to the
    first, and only the first counts in the totals.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    numel: int
    trainable: bool
    tied_to: str | None = None


class Inventory(Struct, frozen=True, forbid_unknown_fields=True):
    """The modules (parents before children) and parameters (in the order of `named_parameters`) of one model."""

    modules: tuple[ModuleInfo, ...]
    parameters: tuple[ParameterInfo, ...]

    @property
    def total_parameters(self) -> int:
        """Number of scalars, a tied tensor counted once."""
        return sum(p.numel for p in self.parameters if p.tied_to is None)

    @property
    def trainable_parameters(self) -> int:
        """Number of scalars with `requires_grad`, a tied tensor counted once."""
        return sum(p.numel for p in self.parameters if p.tied_to is None and p.trainable)


EMPTY_INVENTORY = Inventory(modules=(ModuleInfo(path="", type=""),), parameters=())

"""What loading a model yields: its modules and parameters, without weights and without torch objects."""

from __future__ import annotations

from msgspec import Struct


# Without gc and defaults: a model may have a hundred thousand of each.
class ModuleInfo(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One module of the tree; `path` is its dotted name, "" for the model itself, `type` its class, "" if unknown."""

    path: str
    type: str


class ParameterInfo(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One parameter under one of its names.

    A tensor that several modules share is listed once per name; every name but the first has `tied_to` set to the
    first, and only the first counts in the totals. A `lazy` one gets its size in the first forward pass: until then
    it has shape () and no elements.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    numel: int
    trainable: bool
    tied_to: str | None = None
    lazy: bool = False


class BufferInfo(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One buffer: a tensor of the model that no optimizer moves."""

    name: str
    shape: tuple[int, ...]
    dtype: str


class Inventory(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The modules (parents before children) and parameters (in the order of `named_parameters`) of one model.

    `bases` has, for module types that derive from others than `Module`, the names of these, nearest first: a
    ParametrizedLinear is a Linear too. `order` lists the paths of the modules in the order in which a forward pass
    enters them, where an input was known.
    """

    modules: tuple[ModuleInfo, ...]
    parameters: tuple[ParameterInfo, ...]
    buffers: tuple[BufferInfo, ...] = ()
    bases: dict[str, tuple[str, ...]] = {}
    order: tuple[str, ...] = ()

    @property
    def total_parameters(self) -> int:
        """Number of scalars, a tied tensor counted once."""
        return sum(p.numel for p in self.parameters if p.tied_to is None)

    @property
    def trainable_parameters(self) -> int:
        """Number of scalars with `requires_grad`, a tied tensor counted once."""
        return sum(p.numel for p in self.parameters if p.tied_to is None and p.trainable)

    def fault(self) -> str | None:
        """What contradicts itself, as a sentence; None when nothing does."""
        if not self.modules:
            return "The inventory has no module, not even the model itself."
        seen: dict[str, ParameterInfo] = {}
        for parameter in self.parameters:
            if parameter.name in seen:
                return f"The inventory has the parameter {parameter.name!r} twice."
            if parameter.tied_to is not None:
                first = seen.get(parameter.tied_to)
                if first is None or first.tied_to is not None:
                    return f"{parameter.name!r} is tied to {parameter.tied_to!r}, which is no parameter before it."
                if first.trainable != parameter.trainable:
                    return f"{parameter.name!r} and {first.name!r} are one tensor, but only one of them is trainable."
            seen[parameter.name] = parameter
        return None


EMPTY_INVENTORY = Inventory(modules=(ModuleInfo(path="", type=""),), parameters=())

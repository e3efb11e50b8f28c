"""The rows of an inventory, one after the other and without recursion, so that deep and big models are no matter."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, clean

if TYPE_CHECKING:
    from torch import nn

MOST_MODULES = 1_000_000
"""A module that is shared on every level of a tree has more names than could ever be listed."""
MOST_TEXT = 1 << 28
"""Characters of all paths together: in a tree of 100,000 levels each has more than could be kept."""
_PLAIN_BASES = frozenset(("object", "Module", "Generic", "Protocol"))

Row = dict[str, Any]


def walk(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every path of every module, in the order of `named_modules(remove_duplicate=False)`.

    Raises `JobError` for a model that contains itself, for names that are no text, and for too many of them.
    """
    stack = [("", model, _children("", model))]
    above = {id(model)}
    yield "", model
    count = length = 0
    while stack:
        path, module, children = stack[-1]
        name, child = next(children, ("", None))
        if child is None:
            above.discard(id(module))
            stack.pop()
            continue
        below = f"{path}.{name}" if path else name
        if id(child) in above:
            raise JobError(f"The model contains itself: {below} is a module above it.")
        count, length = count + 1, length + len(below)
        if count > MOST_MODULES:
            raise JobError(f"The model has modules under more than {MOST_MODULES:,} names.")
        if length > MOST_TEXT:
            raise JobError(f"The names of the model's modules have more than {MOST_TEXT:,} characters together.")
        yield below, child
        above.add(id(child))
        stack.append((below, child, _children(below, child)))


def module_rows(model: nn.Module, bases: dict[str, list[str]]) -> Iterator[Row]:
    """The rows of `ModuleInfo`; what types derive from is added to `bases`."""
    names: dict[type, str] = {}
    for path, module in walk(model):
        kind = type(module)
        name = names.get(kind)
        if name is None:
            name = names[kind] = clean(kind.__name__)
            known = bases.setdefault(name, [])
            found = (clean(base.__name__) for base in kind.__mro__[1:] if base.__name__ not in _PLAIN_BASES)
            known += [base for base in dict.fromkeys(found) if base not in (name, *known)]
        yield {"path": path, "type": _script_name(module) or name}


def parameter_rows(model: nn.Module) -> Iterator[Row]:
    """The rows of `ParameterInfo`, in the order of `named_parameters`, under every name that a parameter has.

    A lazy parameter, whose size only a first forward pass tells, has shape () and 0 elements; a scalar has 1.
    """
    ties = _Ties()
    for path, module in walk(model):
        for name, parameter in _members(module, "_parameters", path):
            full = f"{path}.{name}" if path else name
            yield _row(full, parameter, ties.first(full, parameter))


def buffer_rows(model: nn.Module) -> Iterator[Row]:
    """The rows of `BufferInfo`, a tensor that has several names once, also those that no checkpoint holds."""
    from torch.nn.parameter import is_lazy

    seen: dict[int, object] = {}  # with the tensors, which would give up their ids otherwise
    for path, module in walk(model):
        for name, buffer in _members(module, "_buffers", path):
            if id(buffer) not in seen:
                seen[id(buffer)] = buffer
                shape = [] if is_lazy(buffer) else _shape(buffer)
                yield {"name": f"{path}.{name}" if path else name, "shape": shape, "dtype": _dtype(buffer)}


def refuse_lazy(model: nn.Module) -> None:
    """Raise `JobError` for a model with parameters of no size yet, for which no optimizer can be made."""
    from torch.nn.parameter import is_lazy

    for path, module in walk(model):
        for name, parameter in _members(module, "_parameters", path):
            if is_lazy(parameter):
                raise JobError(
                    f"{f'{path}.' if path else ''}{name} gets its size in a first forward pass only, but an optimizer "
                    "needs it before: give the sizes in the model, or let its factory run one forward pass."
                )


class _Ties:
    """Which names are one tensor: one object, or the same numbers in memory, which `a.data = b.data` makes."""

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[str, object]] = {}
        self._by_storage: dict[object, list[tuple[object, str]]] = {}

    def first(self, name: str, parameter: nn.Parameter) -> str | None:
        """The first name of the tensor; None if this is it."""
        known = self._by_id.get(id(parameter))
        if known is not None:
            return known[0]
        first = self._same_numbers(name, parameter)
        self._by_id[id(parameter)] = (first or name, parameter)
        return first

    def _same_numbers(self, name: str, parameter: nn.Parameter) -> str | None:
        try:
            # data_ptr() is 0 for every tensor on meta.
            storage = parameter.untyped_storage()._cdata  # noqa: SLF001 - the only identity of a storage
        except (RuntimeError, NotImplementedError, ValueError):  # lazy parameters and exotic tensor classes
            return None
        sharing = self._by_storage.get(storage)
        if sharing is None:
            self._by_storage[storage] = [(parameter, name)]
            return None
        view = _view(parameter)
        for other, first in sharing:
            if _view(other) == view:
                return first
        sharing.append((parameter, name))
        return None


def _view(parameter: Any) -> object:
    """What part of its storage a tensor is, and whether it is trained.

    Of two that are the same numbers, but of which only one is trained, the optimizer moves one and the other follows.
    """
    return tuple(parameter.shape), parameter.storage_offset(), parameter.stride(), parameter.requires_grad


def _children(path: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    # Not named_children, which leaves out repeated ones.
    return iter(list(_members(module, "_modules", path)))


def _members(module: nn.Module, table: str, path: str) -> Iterator[tuple[str, Any]]:
    """What a module has in one of its tables; names must be text that can be told."""
    members: Any = getattr(module, table, None)
    wanted = _kinds()[table]
    if not hasattr(members, "items"):
        raise JobError(f"{_called(path, module)} was not set up: its __init__ must call super().__init__().")
    for name, member in members.items():
        if member is None:
            continue
        if not isinstance(name, str):
            raise JobError(f"In {_called(path, module)} something is called {name!r}, which is not text.")
        if not name.isascii() and clean(name) != name:
            raise JobError(f"In {_called(path, module)} the name {clean(name)!r} is not valid Unicode.")
        if not isinstance(member, wanted):
            raise JobError(
                f"{name!r} in {_called(path, module)} is a value of type {type(member).__name__}, where torch has a "
                f"{wanted.__name__}."
            )
        yield name, member


@functools.cache
def _kinds() -> dict[str, type]:
    """What the tables of a module hold."""
    import torch

    return {"_modules": torch.nn.Module, "_parameters": torch.Tensor, "_buffers": torch.Tensor}


def _called(path: str, module: object) -> str:
    return path or type(module).__name__


def _script_name(module: nn.Module) -> str:
    """The class that a TorchScript module was made of."""
    original = getattr(module, "original_name", None) if type(module).__name__.endswith("ScriptModule") else None
    return clean(original) if isinstance(original, str) else ""


def _row(name: str, parameter: nn.Parameter, tied_to: str | None) -> Row:
    from torch.nn.parameter import is_lazy

    lazy = is_lazy(parameter)
    row = {
        "name": name,
        "shape": [] if lazy else _shape(parameter),
        "dtype": _dtype(parameter),
        "numel": 0 if lazy else int(parameter.numel()),
        "trainable": bool(parameter.requires_grad),
        "tied_to": tied_to,
    }
    if lazy:
        row["lazy"] = True
    return row


def _shape(tensor: Any) -> list[int]:
    return [int(size) for size in tensor.shape]


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")

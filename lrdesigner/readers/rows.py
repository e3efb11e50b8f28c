"""Rows of the inventory from tensors under their names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeGuard

from lrdesigner.readers.contents import Limits, ReadError, Row, counted
from lrdesigner.readers.records import Tensor, shape_of

Named = tuple[str, Tensor]


class Budget:
    """Counts the rows and the text of their names: a small file can name the same module without end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rows = 0
        self._text = 0

    def take(self, name: str) -> None:
        """One more row; raises `ReadError` when there are too many."""
        self._rows += 1
        self._text += len(name)
        if self._rows > self._limits.tensors + self._limits.modules:
            raise ReadError(f"It holds more than {self._rows - 1:,} modules and tensors, which no model does.")
        if self._text > self._limits.text:
            raise ReadError("Its names are too long, or its modules are nested too deeply.")


def parameter_rows(named: Iterable[Named], trainable: bool | None = None) -> tuple[list[Row], list[str]]:
    """The rows, ties found by object and by storage, and the names of what no tensor can be.

    `trainable` None takes each tensor's own `requires_grad`. Two that share memory of which only one is trained stay
    two, as they are to an optimizer.
    """
    first_by_id: dict[int, str] = {}
    first_by_place: dict[object, str] = {}
    rows: list[Row] = []
    impossible: list[str] = []
    for name, tensor in named:
        shape = shape_of(tensor)
        if shape is None:
            impossible.append(name)
            continue
        trains = tensor.requires_grad is True if trainable is None else trainable
        first = first_by_id.setdefault(id(tensor), name)
        if first is name and not tensor.lazy:
            first = first_by_place.setdefault((tensor.place(shape), trains), name)
            first_by_id[id(tensor)] = first
        row = {
            "name": name,
            "shape": shape,
            "dtype": tensor.dtype_name,
            "numel": 0 if tensor.lazy else math.prod(shape),
            "trainable": trains,
            "tied_to": None if first is name else first,
        }
        if tensor.lazy:
            row["lazy"] = True
        rows.append(row)
    return rows, impossible


def buffer_rows(named: Iterable[Named]) -> tuple[list[Row], list[str]]:
    """The rows, a tensor that has several names once, and the names of what no tensor can be."""
    rows: list[Row] = []
    impossible: list[str] = []
    seen: set[int] = set()
    for name, tensor in named:
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        shape = shape_of(tensor)
        if shape is None:
            impossible.append(name)
        else:
            rows.append({"name": name, "shape": shape, "dtype": tensor.dtype_name})
    return rows, impossible


def module_rows(names: Iterable[str], types: dict[str, str], budget: Budget) -> list[Row]:
    """A row for every module that the names of tensors and the keys of `types` imply, parents before children."""
    rows = [{"path": "", "type": types.get("", "")}]
    seen = {""}
    parents = [name.rpartition(".")[0] for name in names]
    for path in (*parents, *types):
        new = []
        while path not in seen:
            budget.take(path)
            seen.add(path)
            new.append({"path": path, "type": types.get(path, "")})
            path = path.rpartition(".")[0]
        rows += reversed(new)
    return rows


def is_name(value: object) -> TypeGuard[str]:
    """Whether a key can be the name of a tensor: text, not empty, and without lone surrogates, which are no text."""
    if type(value) is not str or not value:
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def plain_text(text: str) -> str:
    """The text with question marks for lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def left_out(names: list[str], why: str) -> str:
    """A sentence about entries that are not shown, naming a few."""
    shown = ", ".join(short(name) for name in names[:3])
    more = ", ..." if len(names) > 3 else ""
    return f"{counted(len(names), 'entry', 'entries')} left out, {why}: {shown}{more}."


def short(text: object, longest: int = 60) -> str:
    """A name of the file as a sentence can show it: printable, and not endless."""
    if not isinstance(text, str):
        return f"a key of type {type(text).__name__}"
    plain = plain_text(text[: longest + 1])
    plain = "".join(character if character.isprintable() else "?" for character in plain)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"

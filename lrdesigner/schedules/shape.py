"""What every schedule shape declares, once: fields, formula, breakpoints, torch's class for it, words for people."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from lrdesigner.expressions import Formula, emit, evaluate, parse
from lrdesigner.schedules.length import Length, Span, resolve

Steps = NDArray[np.int64]
Factors = NDArray[np.float64]


class Node(Struct, frozen=True, tag_field="shape", forbid_unknown_fields=True):
    """Base of every schedule node: plain data, without behaviour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a shape or of an optimizer's options, as forms, files and help see it."""

    name: str
    title: str
    kind: typing.Literal["number", "integer", "switch", "length", "lengths", "formula", "segments"]
    help: str
    default: Any
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchForm:
    """The scheduler of `torch.optim.lr_scheduler` that a node equals, for steps 0 to `until` (None: for ever).

    `arguments` may depend on the base lr (an absolute floor), hence they are asked for with it.
    """

    name: str
    arguments: dict[str, Any]
    until: int | None = None


class Behaviour(Protocol):
    """How a kind of node is computed and written out."""

    def evaluate(self, node: Any, steps: Steps, span: Span) -> Factors:
        """Factor at each local step (int64, from 0)."""

    def write(self, node: Any, span: Span) -> list[str]:
        """Python statements that return the factor of the variable `step`, and may change `step`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One entry of the registry."""

    node: type[Node]
    title: str
    doc: str
    behaviour: Behaviour
    breakpoints: Callable[[Any, Span], Sequence[int]]
    describe: Callable[[Any, Span], str]
    torch_form: Callable[[Any, Span, float], TorchForm | None] = lambda node, span, base_lr: None

    @property
    def tag(self) -> str:
        """Its name in design files."""
        return str(self.node.__struct_config__.tag)


@dataclass(frozen=True, slots=True)
class FormulaBehaviour:
    """A shape given by one formula in `step` and the node's fields (lengths as whole steps).

    The same formula is computed with NumPy for the plot and written out for the export.
    """

    formula: Callable[[Any], str]

    def evaluate(self, node: Any, steps: Steps, span: Span) -> Factors:
        """Factor at each local step."""
        bindings = self._bindings(node, span)
        values = evaluate(self._parsed(node, bindings), {"step": steps, **bindings})
        return np.broadcast_to(values, steps.shape).astype(np.float64)

    def write(self, node: Any, span: Span) -> list[str]:
        """One return statement."""
        bindings = self._bindings(node, span)
        return [f"return {emit(self._parsed(node, bindings), bindings)}"]

    def _parsed(self, node: Any, bindings: dict[str, Any]) -> Formula:
        return parse(self.formula(node), ("step", *bindings), trusted=True)

    def _bindings(self, node: Any, span: Span) -> dict[str, Any]:
        bindings: dict[str, Any] = {}
        for name in node.__struct_fields__:
            value = getattr(node, name)
            if isinstance(value, Length):
                bindings[name] = max(resolve(value, span), 1)
            elif isinstance(value, tuple):
                bindings[name] = tuple(sorted(resolve(length, span) for length in value))
            elif isinstance(value, (int, float)):
                bindings[name] = value
        return bindings


_KINDS = {Length: "length", float: "number", int: "integer", bool: "switch", str: "formula"}


@cache
def fields_of(struct: type[Struct]) -> tuple[Field, ...]:
    """The fields of a struct, read from its annotations: `Annotated[float, Meta(title=..., ge=...)]`."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return tuple(_field(info, hints[info.name]) for info in msgspec.structs.fields(struct))


def _field(info: msgspec.structs.FieldInfo, hint: Any) -> Field:
    # An annotated alias that is annotated again carries several; the outermost one that says something counts.
    metas = [part for part in typing.get_args(hint)[1:] if isinstance(part, msgspec.Meta)]
    plain = typing.get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    kind = _KINDS.get(plain) or ("lengths" if Length in typing.get_args(plain) else "segments")

    def said(attribute: str) -> Any:
        return next((value for meta in reversed(metas) if (value := getattr(meta, attribute)) is not None), None)

    default = info.default if info.default is not msgspec.NODEFAULT else None
    if info.default_factory is not msgspec.NODEFAULT:
        default = info.default_factory()
    return Field(
        name=info.name,
        title=said("title") or info.name.replace("_", " ").capitalize(),
        kind=typing.cast("Any", kind),
        help=said("description") or "",
        default=default,
        minimum=said("ge"),
        above=said("gt"),
        maximum=said("le"),
        below=said("lt"),
    )

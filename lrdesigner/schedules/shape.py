"""What every schedule shape declares, once: fields, formula, breaks, handles, torch's class, words for people."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from lrdesigner.schedules.breaks import NO_BREAKS, Breaks
from lrdesigner.schedules.code_writer import CodeWriter
from lrdesigner.schedules.length import Span

Steps = NDArray[np.int64]
Factors = NDArray[np.float64]

Family = typing.Literal["constant", "ramp", "decay", "cycle", "free", "feedback", "composition"]


class Node(Struct, frozen=True, cache_hash=True, tag_field="shape", forbid_unknown_fields=True):
    """Base of every schedule node: plain data, without behaviour.

    Its hash is kept, since caches look whole trees up at every frame of a drag.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchForm:
    """The scheduler of torch that a node equals, for local steps 0 to `until` (None: for ever).

    `arguments` may depend on the base value of the span (an absolute floor). `module` is where the class lives.
    """

    name: str
    arguments: dict[str, Any]
    until: int | None = None
    module: str = "torch.optim.lr_scheduler"


class Behaviour(Protocol):
    """How a kind of node is computed and written out."""

    def evaluate(self, node: Any, steps: Steps, span: Span) -> Factors:
        """Factor at each local step (int64, from 0)."""

    def write(self, node: Any, span: Span, writer: CodeWriter) -> list[str]:
        """Python statements that return the factor of the variable `step`, and may change `step`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeHandle:
    """A point of a node's curve that can be dragged, and what a drag along either axis makes of the node.

    It sits on the curve at local step `at` (None: nowhere). `step` gives the fields that put it at another local step;
    `value` those that put the curve through a factor at a local step (none where no value of them would). The values
    are not rounded, and may lie out of bounds: `lrdesigner.handles` sees to that. `key`: the index of the key that
    it stands for, of a curve drawn by hand.
    """

    name: str
    title: str
    at: Callable[[Any, Span], int | None]
    step: Callable[[Any, Span, int], dict[str, Any]] | None = None
    value: Callable[[Any, Span, int, float], dict[str, Any]] | None = None
    key: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A child of a composite as it appears in it: its own step 0 is step `origin`; it acts from `first` to `end`.

    `factor` and `child_factor` map between the child's factor and the composite's at a step of the composite.
    """

    index: int
    schedule: Any
    span: Span
    origin: int
    first: int
    end: int
    factor: Callable[[float, float], float] = lambda step, factor: factor
    child_factor: Callable[[float, float], float] = lambda step, factor: factor


def _no_children(node: Any) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One entry of the registry.

    `differs` tells, in sentences, where torch's class of this name does something else than its documentation and
    this shape promise. A composite also tells its `children`, how to exchange one, and where they are in it.
    """

    node: type[Node]
    title: str
    family: Family
    behaviour: Behaviour
    describe: Callable[[Any, Span], str]
    breaks: Callable[[Any, Span], Breaks] = lambda node, span: NO_BREAKS
    handles: Callable[[Any], tuple[ShapeHandle, ...]] = lambda node: ()
    torch_form: Callable[[Any, Span], TorchForm | None] = lambda node, span: None
    differs: Callable[[Any, Span], tuple[str, ...]] = lambda node, span: ()
    children: Callable[[Any], tuple[Any, ...]] = _no_children
    with_child: Callable[[Any, int, Any], Any] = lambda node, index, child: node
    parts: Callable[[Any, Span], tuple[Part, ...]] = lambda node, span: ()

    @property
    def tag(self) -> str:
        """Its name in design files."""
        return str(self.node.__struct_config__.tag)

    @property
    def doc(self) -> str:
        """Meaning, formula, torch's class and source: the docstring of its node."""
        return inspect.cleandoc(self.node.__doc__ or "")

"""The design: everything a person decides, as frozen values. An edit makes a new one (`lrdesigner.edits`)."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError
from lrdesigner.inventory import EMPTY_INVENTORY, Inventory
from lrdesigner.optimizers import AdamWOptions, AnyOptions
from lrdesigner.schedules import AnySchedule, Constant, Span

if TYPE_CHECKING:
    import torch

LONGEST_NAME = 60
"""Characters in a group's name."""

COLOURS = 12
"""Number of group colours; what they look like is the theme's business."""


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """The length of training. A step is one optimizer update, counted from 0."""

    steps_per_epoch: Annotated[
        int,
        Meta(ge=1, le=10_000_000, title="Steps per epoch", description="Optimizer updates in one pass over the data."),
    ] = 100
    epochs: Annotated[int, Meta(ge=1, le=1_000_000, title="Epochs", description="Passes over the data.")] = 10

    @property
    def total_steps(self) -> int:
        """Optimizer updates of the whole run."""
        return self.steps_per_epoch * self.epochs

    @property
    def span(self) -> Span:
        """The whole run, as schedules see it."""
        return Span(self.total_steps, self.total_steps, self.steps_per_epoch)


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the model comes from and what was found in it.

    The inventory is kept with the design, so that a design can be shown, edited and exported without running the
    model's code again.
    """

    source: str = ""
    kwargs: dict[str, Any] = {}
    inventory: Inventory = EMPTY_INVENTORY

    def __post_init__(self) -> None:
        for name in self.kwargs:  # they are written into exported code
            if not name.isidentifier() or keyword.iskeyword(name):
                raise InvalidValueError(f"{name!r} cannot be the name of an argument.")
        fault = self.inventory.fault()
        if fault:
            raise InvalidValueError(fault)


class Track(Struct, frozen=True, forbid_unknown_fields=True):
    """One hyperparameter over time: value(step) = base x factor(step)."""

    base: Annotated[float, Meta(gt=0, le=1e6, title="Base lr", description="The rate where the factor is 1.")] = 1e-3
    schedule: AnySchedule = Constant()


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """A named, coloured set of parameters with one optimizer, its options and its lr over time."""

    id: int
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    colour: Annotated[int, Meta(ge=0, lt=COLOURS)] = 0
    options: AnyOptions = AdamWOptions()
    lr: Track = Track()


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """ "This module, or parameter, belongs to that group", made by hand."""

    path: str
    group: int


class Design(Struct, frozen=True, forbid_unknown_fields=True):
    """The document. `remainder` is the id of the group that takes what no pin assigns; there always is one.

    Groups are in the person's order; pins are sorted by path, at most one per path.
    """

    model: Model
    plan: Plan
    groups: tuple[Group, ...]
    remainder: int
    pins: tuple[Pin, ...] = ()

    def __post_init__(self) -> None:
        ids = [group.id for group in self.groups]
        if len(set(ids)) != len(ids):
            raise InvalidValueError("Two groups have the same id.")
        if self.remainder not in ids:
            raise InvalidValueError(f"The remainder group {self.remainder} is not among the groups.")
        names = [group.name for group in self.groups]
        if len(set(names)) != len(names):
            raise InvalidValueError("Two groups have the same name.")
        if any(pin.group not in ids for pin in self.pins):
            raise InvalidValueError("A pin names a group that does not exist.")
        if any(a.path >= b.path for a, b in zip(self.pins, self.pins[1:], strict=False)):
            raise InvalidValueError("Pins must be sorted by path, without repetition.")

    def group(self, group_id: int) -> Group:
        """The group with this id; raises KeyError."""
        for group in self.groups:
            if group.id == group_id:
                return group
        raise KeyError(group_id)

    def build(self, model: torch.nn.Module) -> tuple[Any, Any]:
        """Optimizer and scheduler for `model`, exactly as the exported file makes them (several: two tuples).

        Raises `UserError` when the design cannot be exported, and what the exported file raises when the model does
        not fit the design.
        """
        from lrdesigner.export.run_exported import build

        return build(self, model)


def new_design(model: Model, plan: Plan | None = None) -> Design:
    """A design with one group that takes everything."""
    return Design(model=model, plan=plan or Plan(), groups=(Group(id=1, name="everything"),), remainder=1)

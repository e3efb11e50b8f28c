"""The design: everything a person decides, as frozen values. An edit makes a new one (`lrdesigner.edits`)."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError
from lrdesigner.inventory import EMPTY_INVENTORY, Inventory
from lrdesigner.optimizers import AdamWOptions, AnyOptions
from lrdesigner.schedules import REST, AnySchedule, Constant, Greedy, Length, Plateau, Span

if TYPE_CHECKING:
    import torch

LONGEST_NAME = 60
"""Characters in a group's name."""

MOST_STEPS_PER_EPOCH = 10_000_000

MOST_FREEZES = 100
"""Stretches of time in a group's freeze lane."""

COLOURS = 12
"""Number of group colours; what they look like is the theme's business."""


class Batches(Struct, frozen=True, forbid_unknown_fields=True):
    """What one pass over the data consists of; the number of optimizer updates follows from it.

    >>> Batches(samples=50_000, batch_size=128, accumulation=2, devices=4).steps
    49
    """

    samples: Annotated[int, Meta(ge=1, le=10**12, title="Samples", description="Samples in the training set.")] = 50_000
    batch_size: Annotated[
        int, Meta(ge=1, le=10**9, title="Batch size", description="Samples in one forward pass of one device.")
    ] = 128
    accumulation: Annotated[
        int, Meta(ge=1, le=10**6, title="Accumulation", description="Batches whose gradients make one update.")
    ] = 1
    devices: Annotated[
        int, Meta(ge=1, le=10**6, title="Devices", description="Devices that share each pass over the data.")
    ] = 1
    drop_last: Annotated[
        bool, Meta(title="Drop last", description="Leave out the last batch where it is not full.")
    ] = False

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InvalidValueError("With Drop last, these samples do not fill a single batch; make the batch smaller.")
        if self.steps > MOST_STEPS_PER_EPOCH:
            raise InvalidValueError(f"One pass would take {self.steps:,} steps; at most {MOST_STEPS_PER_EPOCH:,} are.")

    @property
    def steps(self) -> int:
        """Optimizer updates in one pass: the sampler fills up the devices' shares, the last update may be short."""
        share = -(-self.samples // self.devices)
        batches = share // self.batch_size if self.drop_last else -(-share // self.batch_size)
        return -(-batches // self.accumulation)


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """The length of training. A step is one optimizer update, counted from 0.

    `epoch` is what one pass over the data takes: a number of steps, or the batches that it follows from.
    """

    epoch: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=MOST_STEPS_PER_EPOCH,
                title="Steps per epoch",
                description="Optimizer updates in one pass over the data.",
            ),
        ]
        | Batches
    ) = 100
    epochs: Annotated[int, Meta(ge=1, le=1_000_000, title="Epochs", description="Passes over the data.")] = 10

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer updates in one pass over the data."""
        return self.epoch.steps if isinstance(self.epoch, Batches) else self.epoch

    @property
    def total_steps(self) -> int:
        """Optimizer updates of the whole run."""
        return self.steps_per_epoch * self.epochs

    @property
    def span(self) -> Span:
        """The whole run, as schedules of a base value of 1 see it."""
        return self.span_for(1.0)

    def span_for(self, base: float) -> Span:
        """The whole run, as the schedule of a track with this base value sees it."""
        return Span(self.total_steps, self.total_steps, self.steps_per_epoch, base)


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


class Track(Struct, frozen=True, cache_hash=True, forbid_unknown_fields=True):
    """One hyperparameter over time: value(step) = base x factor(step)."""

    base: Annotated[float, Meta(gt=0, le=1e6, title="Base lr", description="The rate where the factor is 1.")] = 1e-3
    schedule: AnySchedule | Plateau | Greedy = Constant()


class Freeze(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of time in which a group does not train: its rate is 0 and its parameters need no gradient."""

    start: Annotated[Length, Meta(title="Frozen from", description="First frozen step.")] = Length(0.0, "steps")
    length: Annotated[Length, Meta(title="Frozen for", description="How long; rest: to the end of the run.")] = REST


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """A named, coloured set of parameters with one optimizer, its options and how these move over time.

    The schedules of weight decay, momentum (Adam's beta1) and beta2 multiply the option of that name; None: it stays.
    """

    id: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    colour: Annotated[int, Meta(ge=0, lt=COLOURS)] = 0
    options: AnyOptions = AdamWOptions()
    lr: Track = Track()
    weight_decay: AnySchedule | None = None
    momentum: AnySchedule | None = None
    beta2: AnySchedule | None = None
    freeze: Annotated[tuple[Freeze, ...], Meta(max_length=MOST_FREEZES, title="Frozen")] = ()


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

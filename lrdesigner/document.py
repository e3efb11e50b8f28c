"""The design: everything a person decides, as frozen values. An edit makes a new one (`lrdesigner.edits`)."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.inventory import EMPTY_INVENTORY, Inventory
from lrdesigner.model_inputs import Inputs, described_inputs
from lrdesigner.names import LONGEST_NAME as LONGEST_NAME
from lrdesigner.numbers import exact, scaled
from lrdesigner.optimizers import AdamWOptions, AnyOptions
from lrdesigner.queries.parse import parse
from lrdesigner.schedules import REST, AnySchedule, Constant, Greedy, Length, Plateau, Span

if TYPE_CHECKING:
    import torch

MOST_STEPS_PER_EPOCH = 10_000_000

MOST_FREEZES = 100
"""Stretches of time in a group's freeze lane."""

LONGEST_QUERY = 2000
"""Characters in a query or in a pattern of layers."""

MOST_RULES = 1000

HIGHEST_RATE = 1e6

COLOURS = 12
"""Number of group colours; what they look like is the theme's business."""


def check_query(text: str) -> None:
    """Raise `InvalidValueError` for a query that cannot be read."""
    try:
        parse(text)
    except UserError as error:
        raise InvalidValueError(str(error)) from None


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
    model's code again. `python` is the interpreter in which the model's packages are installed; "" is ours. `inputs`
    describe what a forward pass takes (`lrdesigner.model_inputs`), by which its order is found; empty: not known.
    """

    source: str = ""
    kwargs: dict[str, Any] = {}
    inventory: Inventory = EMPTY_INVENTORY
    python: str = ""
    inputs: Inputs = []

    def __post_init__(self) -> None:
        described_inputs(self.inputs)
        for name in self.kwargs:  # they are written into exported code
            if not name.isidentifier() or keyword.iskeyword(name):
                raise InvalidValueError(f"{name!r} cannot be the name of an argument.")
        fault = self.inventory.fault()
        if fault:
            raise InvalidValueError(fault)


class Track(Struct, frozen=True, cache_hash=True, forbid_unknown_fields=True):
    """One hyperparameter over time: value(step) = base x factor(step)."""

    base: Annotated[
        float, Meta(gt=0, le=HIGHEST_RATE, title="Base lr", description="The rate where the factor is 1.")
    ] = 1e-3
    schedule: AnySchedule | Plateau | Greedy = Constant()


class Freeze(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of time in which a group does not train: its rate is 0 and its parameters need no gradient."""

    start: Annotated[Length, Meta(title="Frozen from", description="First frozen step.")] = Length(0.0, "steps")
    length: Annotated[Length, Meta(title="Frozen for", description="How long; rest: to the end of the run.")] = REST


class LayerDecay(Struct, frozen=True, forbid_unknown_fields=True):
    """Layer-wise lr decay: the rate falls by `factor` from each layer of a group to the one below it.

    The topmost layer that the group holds has the group's own rate. `layers` says where the numbers of layers stand in
    names: `encoder.layer.#`, several patterns separated by `|`, the first that fits counts; "" finds them out.
    """

    factor: Annotated[
        float, Meta(gt=0, le=1, title="Layer decay", description="A layer's rate over that of the layer above it.")
    ] = 0.75
    minimum: Annotated[
        float, Meta(ge=0, le=1, title="Lowest scale", description="No layer's rate falls below this share.")
    ] = 0.0
    layers: Annotated[
        str,
        Meta(
            max_length=LONGEST_QUERY,
            title="Layers",
            description="Where names have the layer's number, as in blocks.#; empty: found out.",
            extra={"kind": "query"},
        ),
    ] = ""

    def __post_init__(self) -> None:
        if self.layers.strip() and not all("#" in part for part in self.layers.split("|")):
            raise InvalidValueError("Layers are told as in blocks.#, with # for the number.")
        # More could match a name in so many ways that looking for one takes for ever.
        if any(re.search(r"\*.*\*|##|#\*#|(?:#.*){3}", part) for part in re.split(r"[.|]", self.layers)):
            raise InvalidValueError("Between two dots, layers can have one * and two #, with something between them.")


class DecayExemption(Struct, frozen=True, forbid_unknown_fields=True):
    """What of a group has no weight decay. `where` is a query (`lrdesigner.queries`) for more."""

    bias: Annotated[bool, Meta(title="Biases", description="Parameters whose name ends in bias.")] = True
    norm: Annotated[bool, Meta(title="Norms", description="Everything in layers whose type is a norm.")] = True
    one_dimensional: Annotated[bool, Meta(title="1-D", description="Parameters with at most one dimension.")] = True
    embeddings: Annotated[bool, Meta(title="Embeddings", description="Everything in embedding layers.")] = False
    where: Annotated[
        str,
        Meta(
            max_length=LONGEST_QUERY,
            title="And",
            description="More of them, such as *.pos_embed|*.cls_token.",
            extra={"kind": "query"},
        ),
    ] = ""

    def __post_init__(self) -> None:
        check_query(self.where)


class Follow(Struct, frozen=True, forbid_unknown_fields=True):
    """A group has the same lr schedule as the group `leader`, and `scale` times its base lr."""

    leader: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    scale: Annotated[
        float,
        Meta(
            gt=0,
            le=1e6,
            title="Scale",
            description="Base lr over that of the group that is followed.",
            extra={"unit": "× its base lr"},
        ),
    ] = 1.0


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """A named, coloured set of parameters with one optimizer, its options and how these move over time.

    The schedules of weight decay, momentum (Adam's beta1) and beta2 multiply the option of that name; None: it stays.
    Torch sees more than one param group of it where layers or decay differ (`layer_decay`, `exempt`). With `follow`,
    `lr` is what follows from the leader's.
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
    layer_decay: LayerDecay | None = None
    exempt: DecayExemption | None = None
    follow: Follow | None = None


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """ "What fits this query belongs to that group", unless a pin says otherwise. `where` is a `lrdesigner.queries`."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    group: int
    where: Annotated[str, Meta(min_length=1, max_length=LONGEST_QUERY)]

    def __post_init__(self) -> None:
        check_query(self.where)


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """ "This module, or parameter, belongs to that group", made by hand."""

    path: str
    group: int


class Design(Struct, frozen=True, forbid_unknown_fields=True):
    """The document. `remainder` is the id of the group that takes what no pin assigns; there always is one.

    Groups are in the person's order; pins are sorted by path, at most one per path. Of the rules the first that fits
    a parameter counts, where no pin reaches it. A pin may name a path that the model has no more.
    """

    model: Model
    plan: Plan
    groups: tuple[Group, ...]
    remainder: int
    pins: tuple[Pin, ...] = ()
    rules: Annotated[tuple[Rule, ...], Meta(max_length=MOST_RULES)] = ()

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
        if any(rule.group not in ids for rule in self.rules):
            raise InvalidValueError("A rule names a group that does not exist.")
        rules = [rule.name for rule in self.rules]
        if len(set(rules)) != len(rules):
            raise InvalidValueError("Two rules have the same name.")
        self._check_followers()

    def _check_followers(self) -> None:
        for group in self.groups:
            if group.follow is None:
                continue
            leader = next((other for other in self.groups if other.id == group.follow.leader), None)
            if leader is None:
                raise InvalidValueError(f"{group.name!r} follows a group that does not exist.")
            if leader.follow is not None or leader is group:
                raise InvalidValueError(f"{group.name!r} follows {leader.name!r}, which itself follows a group.")
            base = scaled(leader.lr.base, group.follow.scale)
            if not 0 < base <= HIGHEST_RATE:
                raise InvalidValueError(
                    f"{group.name!r} follows {leader.name!r} at {exact(group.follow.scale)} times its rate: its base "
                    f"lr must be above 0 and at most {exact(HIGHEST_RATE)}, not {exact(base)}."
                )

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

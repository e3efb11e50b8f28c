"""Fields of a design by address, such as `head.lr` or `*.schedule.1.end`: what they hold, and setting them by text.

An address is GROUP.FIELD, where `*` stands for every group that has the field, or plan.FIELD. `*.lr` is a common factor
on all base rates. Of a schedule, numbers lead from a composite to its parts; `shape` is the shape of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from msgspec import Struct

from lrdesigner import edits
from lrdesigner.document import HIGHEST_RATE, Batches, Design, Group, LayerDecay, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.expansion_edits import set_layer_decay
from lrdesigner.field_text import is_text, read, written
from lrdesigner.numbers import scaled
from lrdesigner.optimizers import OPTIMIZERS, CustomOptions, movable_options, optimizer_of, option_value
from lrdesigner.schedule_edits import Path, node_at, set_node_field
from lrdesigner.schedules import SHAPES, Field, Segment, Sequence, fields_of, shape_of
from lrdesigner.schedules.feedback import FEEDBACK_TAGS
from lrdesigner.tracks import TRACK_KINDS, Slot, slots_of, track_of
from lrdesigner.tree_edits import set_segment, set_shape

EVERY = "*"
PLAN = "plan"
SHAPE = "shape"
FACTOR = Field(
    name="lr",
    title="Factor on every lr",
    kind="number",
    help="What each group's base lr is multiplied by.",
    default=1.0,
    above=0.0,
    maximum=HIGHEST_RATE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A field that an address names: what it is, what it holds (None where there is no one value), how to set it."""

    address: str
    field: Field
    value: Any
    put: Callable[[Design, Any], Design]

    @property
    def text(self) -> str:
        """What it holds, as a person would type it."""
        return written(self.field, self.value)


def places_at(design: Design, address: str) -> tuple[Place, ...]:
    """The fields that an address names: one, or with `*` one of each group; raises `UserError` for none.

    >>> from lrdesigner.demos import demo_design
    >>> [(place.address, place.text) for place in places_at(demo_design(), "*.weight_decay")]
    [('backbone.weight_decay', '0.01'), ('head.weight_decay', '0.01')]
    """
    address = address.strip()
    names = sorted((group.name for group in design.groups), key=len, reverse=True)
    owner = next((name for name in (*names, EVERY, PLAN) if address.startswith(f"{name}.")), None)
    if owner is None:
        raise _unknown(f"{address!r} names no field", (*(group.name for group in design.groups), EVERY, PLAN), address)
    words = tuple(address.removeprefix(f"{owner}.").split("."))
    if owner in names:
        group = next(group for group in design.groups if group.name == owner)
        return (_chosen(_fields_at(design, group, words), words[-1], owner, address),)
    if owner == PLAN:
        return (_chosen(_plan_fields(design), ".".join(words), "The plan", address),)
    if words == ("lr",):
        return (Place(address, FACTOR, 1.0, _multiplied),)
    return _of_every_group(design, words)


def changed(design: Design, address: str, text: str) -> Design:
    """The design with the fields at an address set to what a text means; raises `UserError` for what cannot be."""
    for place in places_at(design, address):
        try:
            design = place.put(design, read(place.field, text))
        except UserError as error:
            raise UserError(f"{address} cannot be {text.strip()}: {error}") from None
    return design


def addresses(design: Design) -> tuple[str, ...]:
    """Every address that names a field of the design, without those with `*`."""
    found = [f"{PLAN}.{name}" for name in _plan_fields(design)]
    for group in design.groups:
        found += [place.address for place in _fields_at(design, group, ("",)).values()]
        for slot in slots_of(group):
            start = "schedule" if slot == "lr" else f"{slot}.schedule"
            found += _below(design, group, start.split("."))
    return tuple(dict.fromkeys(found))


def _below(design: Design, group: Group, words: list[str]) -> list[str]:
    fields = _fields_at(design, group, (*words, ""))
    found = [place.address for place in fields.values()]
    node = node_at(track_of(group, _slot_of(group, words)).schedule, _path(words))
    for index, _ in enumerate(shape_of(node).children(node)):
        found += _below(design, group, [*words, str(index)])
    return found


def _of_every_group(design: Design, words: tuple[str, ...]) -> tuple[Place, ...]:
    found, refused = [], ""
    for group in design.groups:
        try:
            found.append(_chosen(_fields_at(design, group, words), words[-1], group.name, ".".join(words)))
        except UserError as error:
            refused = refused or str(error)
    if not found:
        raise UserError(f"No group has the field {'.'.join(words)}. {refused}")
    return tuple(found)


def _chosen(places: dict[str, Place], name: str, owner: str, address: str) -> Place:
    if name not in places:
        raise _unknown(f"{owner} has no field {name!r} (in {address})", places, name)
    return places[name]


def _unknown(what: str, known: Iterable[str], name: str) -> UserError:
    known = tuple(known)
    near = get_close_matches(name, known, 1) or get_close_matches(name.partition(".")[0], known, 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return UserError(f"{what}: there are {', '.join(known)}{hint}")


def _fields_at(design: Design, group: Group, words: tuple[str, ...]) -> dict[str, Place]:
    """What there is beside the last word: the fields of the group, of its layer decay, or of a node of a schedule."""
    match words[:-1]:
        case ():
            return _group_fields(design, group)
        case ("layer_decay",):
            return _layer_fields(design, group)
        case (*_,) if "schedule" in words[:-1][:2]:
            return _node_fields(design, group, list(words[:-1]))
    raise UserError(
        f"{group.name} has nothing at {'.'.join(words[:-1])}: fields are as in {group.name}.lr, "
        f"{group.name}.schedule.FIELD, {group.name}.schedule.0.FIELD or {group.name}.weight_decay.schedule.FIELD."
    )


def _group_fields(design: Design, group: Group) -> dict[str, Place]:
    rate = fields_of(Track)[0]
    names = tuple(name for name, entry in OPTIMIZERS.items() if entry.options is not CustomOptions)
    optimizer = Field(name="optimizer", title="Optimizer", kind="choice", help="", default="AdamW", choices=names)
    found = {
        "lr": Place(f"{group.name}.lr", rate, group.lr.base, _put(edits.set_base_lr, group.id)),
        "optimizer": Place(
            f"{group.name}.optimizer", optimizer, optimizer_of(group.options).name, _put(edits.set_optimizer, group.id)
        ),
    }
    for field in _option_fields(group):
        value = option_value(group.options, field.name)
        put = _put_named(edits.set_option, group.id, field.name)
        found[field.name] = Place(f"{group.name}.{field.name}", field, value, put)
    decay = _layer_fields(design, group)["factor"]
    found["layer_decay"] = Place(f"{group.name}.layer_decay", decay.field, decay.value, decay.put)
    return found


def _option_fields(group: Group) -> tuple[Field, ...]:
    if isinstance(group.options, CustomOptions):
        return tuple(
            Field(name=name, title=name, kind="number", help="", default=None)
            for name in movable_options(group.options)
        )
    return tuple(field for field in fields_of(type(group.options)) if is_text(field))


def _layer_fields(design: Design, group: Group) -> dict[str, Place]:
    def put(name: str, design: Design, value: Any) -> Design:
        return set_layer_decay(design, group.id, **{name: value})

    decay = group.layer_decay
    return {
        field.name: Place(
            f"{group.name}.layer_decay.{field.name}",
            field,
            getattr(decay, field.name) if decay else None,
            partial(put, field.name),
        )
        for field in fields_of(LayerDecay)
    }


def _node_fields(design: Design, group: Group, words: list[str]) -> dict[str, Place]:
    """Of the node of a schedule: its shape, its own fields, and of a segment how long it lasts and where it enters."""
    slot, path = _slot_of(group, words), _path(words)
    schedule = track_of(group, slot).schedule
    start, own = f"{group.name}.{'.'.join(words)}", words[-1] == SHAPE
    node: Any = _node(schedule, path, start)
    kind: type[Struct] = type(node)
    parent: Any = node_at(schedule, path[:-1]) if path else None
    segment = parent.segments[path[-1]] if isinstance(parent, Sequence) and not own else None
    found: dict[str, Place] = {}
    if not own:
        put = _put_shape(group.id, slot, path)
        found[SHAPE] = Place(f"{start}.{SHAPE}", _shape_field(), shape_of(node).tag, put)
    for field in fields_of(kind):
        if is_text(field):
            put = _put_node(group.id, slot, path, field.name)
            found[field.name] = Place(f"{start}.{field.name}", field, getattr(node, field.name), put)
    for field in fields_of(Segment) if segment is not None else ():
        if field.kind == "length":
            put = _put_segment(group.id, slot, path, field.name)
            found[field.name] = Place(f"{start}.{field.name}", field, getattr(segment, field.name), put)
    return found


def _slot_of(group: Group, words: list[str]) -> Slot:
    name = "lr" if words[0] == "schedule" else words[0]
    slot = "momentum" if name == "beta1" else name
    for kind in TRACK_KINDS.values():
        if kind.slot == slot and slot in slots_of(group):
            return kind.slot
    raise _unknown(f"{group.name} has no schedule of {name!r}", slots_of(group), name)


def _path(words: list[str]) -> Path:
    """The numbers after `schedule`."""
    after = words[words.index("schedule") + 1 :]
    numbers = after[:-1] if after and after[-1] == SHAPE else after
    if not all(word.isdecimal() for word in numbers):
        wrong = next(word for word in numbers if not word.isdecimal())
        raise UserError(f"{wrong!r} is no part of a schedule: parts are numbered from 0, as in head.schedule.0.end.")
    return tuple(int(word) for word in numbers)


def _node(schedule: Any, path: Path, address: str) -> Any:
    for depth, index in enumerate(path):
        count = len(shape_of(schedule).children(schedule))
        if index >= count:
            above = f"the {shape_of(schedule).title.lower()} there"
            parts = f"parts 0 to {count - 1}" if count else "no parts"
            raise UserError(f"{address} does not exist: {above} has {parts}, not {path[depth]}.")
        schedule = shape_of(schedule).children(schedule)[index]
    return schedule


def _shape_field() -> Field:
    tags = tuple(shape.tag for shape in SHAPES if shape.tag not in FEEDBACK_TAGS)
    return Field(name=SHAPE, title="Shape", kind="choice", help="The shape of a schedule.", default="", choices=tags)


def _plan_fields(design: Design) -> dict[str, Place]:
    def put(name: str, design: Design, value: Any) -> Design:
        return edits.set_plan(design, Plan(**{"epoch": design.plan.epoch, "epochs": design.plan.epochs, name: value}))

    def put_batches(name: str, design: Design, value: Any) -> Design:
        return edits.set_batches(design, **{name: value})

    epoch, epochs = fields_of(Plan)
    plan, found = design.plan, {"epochs": Place(f"{PLAN}.epochs", epochs, design.plan.epochs, partial(put, "epochs"))}
    if not isinstance(plan.epoch, Batches):
        return found | {"epoch": Place(f"{PLAN}.epoch", epoch, plan.epoch, partial(put, "epoch"))}
    for field in fields_of(Batches):
        value = getattr(plan.epoch, field.name)
        found[field.name] = Place(f"{PLAN}.{field.name}", field, value, partial(put_batches, field.name))
    return found


def _multiplied(design: Design, factor: float) -> Design:
    """Every base rate times a factor; followers follow."""
    for group in design.groups:
        if group.follow is None:
            design = edits.set_base_lr(design, group.id, scaled(group.lr.base, factor))
    return design


def _put(edit: Callable[..., Design], group: int) -> Callable[[Design, Any], Design]:
    return lambda design, value: edit(design, group, value)


def _put_named(edit: Callable[..., Design], group: int, name: str) -> Callable[[Design, Any], Design]:
    return lambda design, value: edit(design, group, name, value)


def _put_shape(group: int, slot: Slot, path: Path) -> Callable[[Design, Any], Design]:
    return lambda design, tag: set_shape(design, group, slot, path, tag)


def _put_node(group: int, slot: Slot, path: Path, name: str) -> Callable[[Design, Any], Design]:
    return lambda design, value: set_node_field(design, group, slot, path, name, value)


def _put_segment(group: int, slot: Slot, path: Path, name: str) -> Callable[[Design, Any], Design]:
    return lambda design, value: set_segment(design, group, slot, path, **{name: value})

"""Where two designs differ: what undo and redo show. Pure; parts that are the same object are never looked into."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from lrdesigner.document import Design, Group
from lrdesigner.places import Place
from lrdesigner.schedules import Keyframes, children_of, shape_of
from lrdesigner.tracks import Slot

_SLOTS: tuple[Slot, ...] = ("lr", "weight_decay", "momentum", "beta2")
_FIELDS = ("name", "colour", "freeze", "layer_decay", "exempt", "follow")


def place_of_difference(before: Design, after: Design) -> Place | None:
    """The most telling place of `after` that is not as in `before`; None where they are equal.

    Another model tells most, then groups that came or went, what changed inside one, rules, pins, and the run.
    A group that went has no place: the one that now stands where it stood is named.
    """
    if before == after:
        return None
    return (
        _in_model(before, after)
        or _in_list_of_groups(before, after)
        or _in_groups(before, after)
        or _in_rules(before, after)
        or _in_pins(before, after)
        or (Place(area="plan") if before.plan != after.plan else None)
        or Place(group=after.remainder)
    )


def _in_model(before: Design, after: Design) -> Place | None:
    return Place(area="model") if before.model is not after.model and before.model != after.model else None


def _in_list_of_groups(before: Design, after: Design) -> Place | None:
    then, now = [group.id for group in before.groups], [group.id for group in after.groups]
    if then == now:
        return None
    come = [name for name in now if name not in then]
    if come:
        return Place(group=come[0])
    place = next((n for n, pair in enumerate(zip_longest(then, now)) if pair[0] != pair[1]), 0)
    return Place(group=now[min(place, len(now) - 1)])


def _in_groups(before: Design, after: Design) -> Place | None:
    known = {group.id: group for group in before.groups}
    for group in after.groups:
        found = _in_group(known[group.id], group) if known[group.id] is not group else None
        if found is not None:
            return found
    return None


def _in_group(before: Group, after: Group) -> Place | None:
    for slot in _SLOTS:
        found = _in_track(getattr(before, slot), getattr(after, slot), after.id, slot)
        if found is not None:
            return found
    option = _field_that_differs(before.options, after.options)
    if option is not None:
        return Place(group=after.id, field=option)
    field = next((name for name in _FIELDS if getattr(before, name) != getattr(after, name)), None)
    return Place(group=after.id, field=field) if field is not None else None


def _in_track(before: Any, after: Any, group: int, slot: Slot) -> Place | None:
    """Of the lr, which has a base, or of another track, which is a schedule or None."""
    if before is after or before == after:
        return None
    if slot == "lr":
        if before.schedule == after.schedule:
            return Place(group=group, slot=slot, field="base")
        before, after = before.schedule, after.schedule
    if before is None or after is None:
        return Place(group=group, slot=slot, path=())
    path, old, new = _deepest(before, after, ())
    return Place(group=group, slot=slot, path=path, keys=_keys(old, new), field=_only_field(old, new))


def _deepest(before: Any, after: Any, path: tuple[int, ...]) -> tuple[tuple[int, ...], Any, Any]:
    """The node that holds all of the difference, as far down as it goes, as it was and as it is."""
    old, new = children_of(before), children_of(after)
    if type(before) is not type(after) or len(old) != len(new):
        return path, before, after
    other = [index for index, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    if len(other) != 1 or shape_of(before).with_child(before, other[0], new[other[0]]) != after:
        return path, before, after
    return _deepest(old[other[0]], new[other[0]], (*path, other[0]))


def _keys(before: Any, after: Any) -> tuple[int, ...]:
    """Which keys of `after` are not in `before`."""
    if not (isinstance(before, Keyframes) and isinstance(after, Keyframes)):
        return ()
    known = set(before.keys)
    return tuple(place for place, key in enumerate(after.keys) if key not in known)


def _only_field(before: Any, after: Any) -> str:
    return (_field_that_differs(before, after) or "") if type(before) is type(after) else ""


def _field_that_differs(before: Any, after: Any) -> str | None:
    """Of two structs; "" where they are of different kinds, None where they are equal."""
    if before == after:
        return None
    if type(before) is not type(after):
        return ""
    names: tuple[str, ...] = after.__struct_fields__
    return next(name for name in names if getattr(before, name) != getattr(after, name))


def _in_rules(before: Design, after: Design) -> Place | None:
    if before.rules == after.rules:
        return None
    pairs = zip_longest(before.rules, after.rules)
    place = next(n for n, (old, new) in enumerate(pairs) if old != new)
    return Place(area="rules", rule=min(place, len(after.rules) - 1) if after.rules else None)


def _in_pins(before: Design, after: Design) -> Place | None:
    if before.pins is after.pins or before.pins == after.pins:
        return None
    changed = set(before.pins) ^ set(after.pins)
    return Place(area="modules", modules=tuple(sorted({pin.path for pin in changed})))

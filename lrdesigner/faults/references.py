"""What several places of a design say about one another: ids, names, pins, ties. Mended on the plain values."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from msgspec import UNSET, Struct

from lrdesigner.document import Design, Group, Model
from lrdesigner.errors import UserError
from lrdesigner.faults.fault import Fault, Path
from lrdesigner.faults.hints import fault_of, hints_of
from lrdesigner.faults.place import Place
from lrdesigner.faults.sentences import expected, missing, reason
from lrdesigner.faults.values import shown
from lrdesigner.inventory import ModuleInfo, ParameterInfo
from lrdesigner.names import free_name
from lrdesigner.schedules import fields_of

Values = dict[str, Any]

_PARAMETERS: Path = ("model", "inventory", "parameters")


def identify(design: Values, faults: list[Fault]) -> Values:
    """Give every group an id and a name of its own, and the design a remainder that is one of them.

    Raises `UserError` when there is no model or no group to begin with.
    """
    for name, kind, wanted in (("model", dict, "an object"), ("groups", list, "a list of at least one group")):
        found = design.get(name)
        if name not in design:
            raise UserError(f"design: {missing(name)}")
        if not isinstance(found, kind) or (kind is list and not found):
            raise UserError(f"design: {name.capitalize()} must be {wanted}, not {shown(found)}.")
    groups = [dict(group) if isinstance(group, dict) else {} for group in design["groups"]]
    ids, names = _ids(design, groups), _names(groups)
    for index, found in enumerate(design["groups"]):
        identity = {"id": ids[index], "name": names[index]}
        faults += _identity_faults(index, found, identity)
        groups[index] |= identity
    mended = {**design, "groups": groups, "remainder": design.get("remainder")}
    if type(mended["remainder"]) is not int or mended["remainder"] not in ids:
        message = f"Remainder must be the id of a group, not {shown(mended['remainder'])}."
        if "remainder" not in design:
            message = missing("remainder")
        faults.append(Fault("design", message, design.get("remainder", UNSET), ids[0], ("remainder",)))
        mended["remainder"] = ids[0]
    return mended


def _ids(design: Values, groups: list[Values]) -> list[int]:
    """The group's own id, or, if it has none, one that is free: the one that pins speak of, if that is clear."""
    taken: set[int] = set()
    ids: list[int | None] = []
    for group in groups:
        own = group.get("id")
        usable = type(own) is int and own not in taken and fault_of(own, hints_of(Group)["id"]) is None
        ids.append(own if usable else None)
        if usable:
            taken.add(own)  # type: ignore[arg-type]
    meant = [design.get("remainder")]
    for kind in ("pins", "rules"):
        found = design.get(kind)
        meant += [one.get("group") for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    follows = [group["follow"] for group in groups if isinstance(group.get("follow"), dict)]
    meant += [follow.get("leader") for follow in follows]
    unknown = {number for number in meant if type(number) is int} - taken
    clear = ids.count(None) == 1 and len(unknown) == 1
    free = unknown.pop() if clear else max((*taken, *unknown, 0)) + 1
    given = []
    for own in ids:
        given.append(free if own is None else own)
        free += own is None
    return given


def _names(groups: list[Values]) -> list[str]:
    taken: set[str] = set()
    names = []
    for number, group in enumerate(groups, 1):
        own = group.get("name")
        name = free_name(own if isinstance(own, str) and own else f"group {number}", taken)
        taken.add(name)
        names.append(name)
    return names


def _identity_faults(index: int, found: Any, identity: Values) -> list[Fault]:
    fields = {field.name: field for field in fields_of(Group)}
    groups = Place().field(next(field for field in fields_of(Design) if field.name == "groups"))
    place = replace(groups.item(index + 1, found, index), group=identity["id"])
    if not isinstance(found, dict):
        message = f"Group {index + 1} must be {expected(Group)}, not {shown(found)}."
        return [Fault(place.outside, message, found, identity, place.path, place.group)]
    faults = []
    for name, used in identity.items():
        value, title = found.get(name, UNSET), fields[name].title
        if type(value) is type(used) and value == used:
            continue
        hint = hints_of(Group)[name]
        if value is UNSET:
            message = missing(name)
        elif fault_of(value, hint) is None:
            message = f"{title} cannot be {shown(value)}: another group has it already."
        else:
            message = f"{title} must be {expected(hint)}, not {shown(value)}."
        faults.append(Fault(place.inside, message, value, used, (*place.path, name), place.group))
    return faults


def mend_pins(design: Values, faults: list[Fault]) -> Values:
    """Sort the pins by path and leave out those that no group or an earlier pin stands for."""
    ids = {group["id"] for group in design["groups"]}
    pins, kept = design.get("pins", []), {}
    for pin in pins:
        message = ""
        if pin["group"] not in ids:
            message = f"Group must be the id of a group, not {shown(pin['group'])}."
        elif pin["path"] in kept:
            message = "There is another pin of this path."
        if message:
            faults.append(Fault(f"pin {pin['path']!r}", message, pin, UNSET, ("pins",)))
        else:
            kept[pin["path"]] = pin
    ordered = [kept[path] for path in sorted(kept)]
    if ordered != list(kept.values()):
        faults.append(Fault("design", "Pins must be sorted by path.", pins, ordered, ("pins",)))
    return {**design, "pins": ordered}


def mend_model(model: Values, faults: list[Fault]) -> Values:
    """Leave out arguments and inputs that cannot be any; straighten what the inventory says of itself."""
    if "inventory" in model:
        model = {**model, "inventory": _mended_inventory(model["inventory"], faults)}
    kept = {}
    for name, value in model.get("kwargs", {}).items():
        error = fault_of({"kwargs": {name: value}}, Model)
        if error is None:
            kept[name] = value
        else:
            faults.append(Fault("model", reason(error), value, UNSET, ("model", "kwargs")))
    inputs = model.get("inputs", [])
    error = fault_of({"inputs": inputs}, Model)
    if error is not None:
        faults.append(Fault("model", reason(error), inputs, [], ("model", "inputs")))
        inputs = []
    return {**model, "kwargs": kept, "inputs": inputs}


def _mended_inventory(inventory: Values, faults: list[Fault]) -> Values:
    """One parameter per name, tied only to one before it that agrees with it; and a module for the model itself."""
    modules = inventory["modules"]
    if not modules:
        modules, path = [{"path": "", "type": ""}], (*_PARAMETERS[:2], "modules")
        if all(fault.path != path for fault in faults):  # otherwise it is told why there is none
            message = "Modules must hold at least the model itself."
            faults.append(Fault("model", message, [], modules, path))
    seen: dict[str, Values] = {}
    for parameter in inventory["parameters"]:
        name, index = parameter["name"], len(seen)
        place = f"model, parameter {name!r}"
        if name in seen:
            faults.append(Fault(place, "There is another parameter of this name.", parameter, UNSET, _PARAMETERS))
            continue
        seen[name] = parameter
        found = _tie_fault(parameter, seen)
        if found is not None:
            field, message, used = found
            faults.append(Fault(place, message, parameter[field], used, (*_PARAMETERS, index, field)))
            seen[name] = {**parameter, field: used}
    return {**inventory, "modules": modules, "parameters": list(seen.values())}


def _tie_fault(parameter: Values, seen: dict[str, Values]) -> tuple[str, str, Any] | None:
    """The field of a tied parameter that contradicts the parameter it is tied to, why, and what to put there."""
    tied_to = parameter.get("tied_to")
    if tied_to is None:
        return None
    first = seen.get(tied_to)
    if first is None or first.get("tied_to") is not None or first is parameter:
        return "tied_to", f"Tied to must name a parameter before it, not {shown(tied_to)}.", None
    if first["trainable"] != parameter["trainable"]:
        message = f"Trainable cannot be {shown(parameter['trainable'])}: it is one tensor with {tied_to!r}."
        return "trainable", message, first["trainable"]
    return None


def likely(struct: type[Struct], name: str, value: Values) -> Any:
    """What a field of the inventory most likely is where the file does not say it; `UNSET` if there is no telling."""
    if struct is ModuleInfo and name == "type":
        return "Module"
    if struct is not ParameterInfo:
        return UNSET
    shape, numel = value.get("shape"), value.get("numel")
    if name == "numel" and fault_of(shape, tuple[int, ...]) is None:
        return math.prod(shape)  # type: ignore[arg-type]
    if name == "shape" and fault_of(numel, int) is None:
        return [numel]
    return {"dtype": "float32", "trainable": True}.get(name, UNSET)

"""Finding every fault in the plain values of a design file, and replacing it by what is declared as default.

The types themselves decide what is a fault: each value is decoded, and only what fails is looked into, field by field
and item by item. So the work grows with the size of the file, not with the number of its faults, and shapes and
fields that are added need nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from lrdesigner.document import Design, Model
from lrdesigner.errors import UserError
from lrdesigner.faults import references, rules
from lrdesigner.faults.fault import Fault, Opened
from lrdesigner.faults.hints import (
    defaults_of,
    fault_of,
    hints_of,
    item_of,
    item_spare,
    members,
    metas,
    spare_of,
    struct_for,
    structs,
    tag_of,
)
from lrdesigner.faults.place import Place
from lrdesigner.faults.sentences import impossible, missing, reason, unknown_field, wrong_value
from lrdesigner.schedules import fields_of

DEEPEST = 90
"""Levels of the file that are looked into: more than any design has, fewer than Python can follow."""

Values = dict[str, Any]

# What the types cannot say for themselves, before and after the fields of a struct are mended.
_BEFORE: MappingProxyType[type[Struct], Callable[[Values, list[Fault]], Values]] = MappingProxyType(
    {Design: lambda design, faults: rules.name_rules(references.identify(design, faults), faults)}
)
_AFTER: MappingProxyType[type[Struct], Callable[[Values, list[Fault]], Values]] = MappingProxyType(
    {Design: lambda design, faults: _mend_design(design, faults), Model: references.mend_model}
)


def _mend_design(design: Values, faults: list[Fault]) -> Values:
    for mended in (references.mend_pins, rules.mend_rules, rules.mend_followers):
        design = mended(design, faults)
    return design


def mend(raw: Values, file: type[Struct]) -> Opened:
    """The design in the plain values of a file, with every fault replaced.

    Raises `UserError` when too little of it is a design.
    """
    mender = _Mender()
    for name in raw:
        if name in hints_of(file):
            continue
        mender.faults.append(Fault("file", unknown_field(name, file), raw[name]))
    if "design" not in raw:
        raise UserError(f"file: {missing('design')}")
    try:
        mended = mender.mended(raw["design"], Design, Place())
        return Opened(msgspec.convert(mended, Design), tuple(mender.faults))
    except (_UnusableError, msgspec.ValidationError, RecursionError) as error:
        told = mender.faults[-1].sentence if mender.faults else f"design: {reason(error)}"
        raise UserError(told) from None


class _UnusableError(Exception):
    """Nothing can stand here; what is around it has to be replaced. The fault is told already."""


class _Mender:
    """One pass over one file."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def mended(self, value: Any, hint: Any, place: Place, spare: Any = UNSET) -> Any:
        """`value` with its faults replaced, or `spare` when nothing of it can be kept."""
        error = fault_of(value, hint)
        if error is None:
            return value
        began = len(self.faults)
        try:
            return self._looked_into(value, hint, place, error)
        except _UnusableError:
            if spare is UNSET:
                raise
        self._settle(began, place, spare)
        return spare

    def _looked_into(self, value: Any, hint: Any, place: Place, error: Exception) -> Any:
        struct, item = struct_for(value, hint), item_of(hint)
        if place.depth > DEEPEST:
            self._tell(place, f"{place.title} is nested too deeply.", value)
        elif struct is not None:
            return self._struct(value, struct, place)
        elif item is not None and isinstance(value, list):
            return self._items(value, hint, item, place)
        else:
            self._tell(place, wrong_value(place.title, place.declared, value, hint, error), value)
        raise _UnusableError

    def _struct(self, value: Values, struct: type[Struct], place: Place) -> Values:
        if struct in _BEFORE:
            value = _BEFORE[struct](value, self.faults)
        kept, known = tag_of(struct), hints_of(struct)
        for name in value:
            if name not in known and name not in kept:
                self._tell(place, unknown_field(name, struct), value[name], inside=True)
        for field in fields_of(struct):
            spare, child = _spare(struct, field.name, value), place.field(field)
            if field.name in value:
                kept[field.name] = self.mended(value[field.name], known[field.name], child, spare)
            elif defaults_of(struct)[field.name] is UNSET:
                self._tell(child, missing(field.name), UNSET, used=spare)
                if spare is UNSET:
                    raise _UnusableError
                kept[field.name] = spare
        if struct in _AFTER:
            kept = _AFTER[struct](kept, self.faults)
        error = fault_of(kept, struct)
        return kept if error is None else self._reset(kept, struct, place, error)

    def _reset(self, kept: Values, struct: type[Struct], place: Place, error: Exception) -> Values:
        """Every field is fine by itself but not together: the last one whose default mends it gets its default."""
        defaults = defaults_of(struct)
        for field in reversed(fields_of(struct)):
            name, default = field.name, defaults[field.name]
            if default is UNSET or name not in kept or kept[name] == default:
                continue
            trial = {**kept, name: default}
            if fault_of(trial, struct) is None:
                self._tell(place.field(field), impossible(field.title, kept[name], error), kept[name], used=default)
                return trial
        whole = tag_of(struct)
        fine = fault_of(whole, struct) is None
        self._tell(place, f"{place.title}: {reason(error)}", kept, used=whole if fine else UNSET)
        if not fine:
            raise _UnusableError
        return whole

    def _items(self, value: list[Any], hint: Any, item: Any, place: Place) -> list[Any]:
        kept: list[Any] = []
        spare, before = item_spare(item), len(self.faults)
        for number, element in enumerate(value, 1):
            began = len(self.faults)
            try:
                kept.append(self.mended(element, item, place.item(number, element, len(kept)), spare))
            except _UnusableError:
                if not structs(item):  # one number of a row means nothing without the others
                    raise
                self._settle(began, place, UNSET)
        most = max((meta.max_length or 0 for member in members(hint) for meta in metas(member)), default=0)
        if most and len(kept) > most:
            self._tell(place, f"{place.title} must have at most {most} items, not {len(kept)}.", kept, used=kept[:most])
            kept = kept[:most]
        error = fault_of(kept, hint)
        if error is None:
            return kept
        if len(self.faults) == before:  # otherwise it is too short for what was left out, which is told
            self._tell(place, wrong_value(place.title, place.declared, value, hint, error), value)
        raise _UnusableError

    def _tell(self, place: Place, message: str, found: Any, *, used: Any = UNSET, inside: bool = False) -> None:
        where = place.inside if inside else place.outside
        self.faults.append(Fault(where, message, found, used, place.path, place.group))

    def _settle(self, began: int, place: Place, used: Any) -> None:
        """What was told since `began` is mended by `used` at `place`."""
        settled = [replace(fault, path=place.path, used=used) for fault in self.faults[began:]]
        self.faults[began:] = settled


def _spare(struct: type[Struct], name: str, value: Values) -> Any:
    """What to put in the place of a field: its default, or what else is known to serve."""
    default = defaults_of(struct)[name]
    if default is UNSET:
        default = spare_of(hints_of(struct)[name])
    return references.likely(struct, name, value) if default is UNSET else default

"""The param groups of one group as code: its layers as a table, what is exempt from decay as a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from lrdesigner.document import DecayExemption, Design, Group
from lrdesigner.expansion import exempt_queries, exempt_types
from lrdesigner.export.python_text import all_of, quoted, statement
from lrdesigner.export.query_code import Conditions
from lrdesigner.export.written import Function, function, wrapped_call
from lrdesigner.inventory import Inventory, ParameterInfo
from lrdesigner.membership import ancestors
from lrdesigner.param_groups import ParamGroup
from lrdesigner.pin_compression import compressed

SUFFIX = ".no_decay"


@dataclass(frozen=True, slots=True)
class Parts:
    """A group of which torch sees several param groups, or one under another name.

    `layers` has the nearest module or parameter of each layer with the name of its param group, {} where layers do not
    differ. `renamed` has the param groups without decay that are not called after the one with decay.
    """

    group: Group
    layers: Mapping[str, str] = field(default_factory=dict)
    exemption: DecayExemption | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)


def parts_of(design: Design, groups: Sequence[ParamGroup]) -> list[Parts]:
    """The groups whose param groups are called otherwise than they, in design order."""
    by_group: dict[int, list[ParamGroup]] = {}
    for part in groups:
        by_group.setdefault(part.group.id, []).append(part)
    order = [group for group in design.groups if group.id in by_group]
    return [
        _parts(design, group, by_group[group.id])
        for group in order
        if [part.name for part in by_group[group.id]] != [group.name]
    ]


def _parts(design: Design, group: Group, found: Sequence[ParamGroup]) -> Parts:
    exempt = any(part.exempt for part in found)
    stems = _stems(group, found)
    renamed = {}
    for part in found:
        stem = stems[part.layers]
        if part.exempt and part.name != stem + SUFFIX:
            renamed[stem] = part.name
    layers = _layers(design, found, stems) if len(stems) > 1 else {}
    return Parts(group, layers, group.exempt if exempt else None, renamed)


def _stems(group: Group, found: Sequence[ParamGroup]) -> dict[tuple[int, int] | None, str]:
    """For each layer, what the file calls it before it asks for decay."""
    with_decay = {part.layers: part.name for part in found if not part.exempt}
    free = {part.layers: part.name.removesuffix(SUFFIX) for part in found}
    return free | with_decay | ({None: group.name} if None in free else {})


def _layers(design: Design, found: Sequence[ParamGroup], stems: Mapping[tuple[int, int] | None, str]) -> dict[str, str]:
    """The fewest modules and parameters that tell layers apart; the nearest to a parameter decides."""
    names, numbers = list(stems.values()), {span: number for number, span in enumerate(stems)}
    inventory = design.model.inventory
    members = tuple(replace(info, tied_to=None) for part in found for info in part.parameters)
    layer_of = {info.name: numbers[part.layers] for part in found for info in part.parameters}
    pinning = compressed(replace(inventory, parameters=members), layer_of, range(len(names)))
    table = {"": names[pinning.remainder]} | {pin.path: names[pin.group] for pin in pinning.pins}
    return _narrowed(table, [info.name for info in sorted(members, key=_place_in(inventory))])


def _place_in(inventory: Inventory) -> Callable[[ParameterInfo], int]:
    places = {info.name: place for place, info in enumerate(inventory.parameters)}
    return lambda info: places[info.name]


def _narrowed(table: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The same table in the order of names, each entry as near to what it decides as a module can be."""
    decided: dict[str, list[str]] = {path: [] for path in table}
    for name in names:
        decided[next(path for path in ancestors(name) if path in table)].append(name)
    found = {"": table[""]}
    for path, held in decided.items():
        if path and held:
            found[_common(held) if len(held) > 1 else path] = table[path]
    firsts = {path: place for place, name in reversed(list(enumerate(names))) for path in ancestors(name) if path}
    return {path: found[path] for path in sorted(found, key=lambda path: firsts.get(path, -1))}


def _common(names: Sequence[str]) -> str:
    """The innermost module around all of these."""
    shared = set(ancestors(names[0])).intersection(*(ancestors(name) for name in names[1:]))
    return max(shared, key=len)


def exemption_functions(parts: Sequence[Parts], conditions: Conditions) -> dict[DecayExemption, Function]:
    """A function for each exemption; groups that free the same share it."""
    found: dict[DecayExemption, Function] = {}
    for part in parts:
        if part.exemption is None or part.exemption in found:
            continue
        name = "_is_exempt" if not found else f"_is_exempt_{len(found) + 1}"
        lines = [all_of("return", _exempting(part.exemption, conditions), 4, joint="or")]
        found[part.exemption] = function(name, "bool", "Whether a parameter has no weight decay.", lines)
    return found


def _exempting(exemption: DecayExemption, conditions: Conditions) -> list[str]:
    found = []
    if exemption.bias:
        found.append('name.endswith("bias")')
    if exemption.one_dimensional:
        found.append("tensor.ndim <= 1")
    for word, types in exempt_types(conditions.inventory, exemption):
        if types:
            found.append(conditions.kinds(types, word, of="own"))
    for query in exempt_queries(conditions.inventory, exemption):
        terms = conditions.query(query, "exempt", as_bool=True)
        if terms is not None:
            found.append(terms[0] if len(terms) == 1 else f"({' and '.join(terms)})")
    return _joined(found)


def _joined(conditions: list[str]) -> list[str]:
    """Conditions of which one must hold, with the ends of names in one of them."""
    ends = [found[1] for one in conditions if (found := re.fullmatch(r"name\.endswith\(\(?(\".*\")\)?\)", one))]
    if len(ends) < 2:
        return conditions
    rest = [one for one in conditions if not re.fullmatch(r"name\.endswith\(\(?\".*\"\)?\)", one)]
    return [f"name.endswith(({', '.join(ends)}))", *rest]


def param_group_function(parts: Sequence[Parts], exempt: Mapping[DecayExemption, Function]) -> Function | None:
    """The function from a group to the param group, by layer and decay; None where no group has several."""
    if not parts:
        return None
    lines = []
    if any(part.layers for part in parts):
        lines += ["    part = _layer(group, names[0]) if group in LAYERS else group"]
    else:
        lines += ["    part = group"]
    for exemption, free in exempt.items():
        names = [part.group.name for part in parts if part.exemption == exemption]
        among = f"group == {quoted(names[0])}" if len(names) == 1 else f"group in ({', '.join(map(quoted, names))})"
        if free.by_name:
            lines += wrapped_call("exempt = any", f"{free.for_name()} for name in names", 4)
        else:
            lines += [f"    exempt = {free.call()}"]
        lines += [statement(f"if exempt and {among}:", 4)]
        renamed = any(part.renamed for part in parts if part.exemption == exemption)
        ending = f'f"{{part}}{SUFFIX}"'
        lines += [f"        return NO_DECAY.get(part, {ending})" if renamed else f"        return {ending}"]
    words = "Give the param group of a tensor in a group: by its layer, and whether it decays."
    return function("_param_group", "str", words, [*lines, "    return part"])

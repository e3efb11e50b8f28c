"""Which param group each parameter of a live model belongs to, as code that a person reads: pins, rules, layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lrdesigner.document import Design, Group
from lrdesigner.export.layer_code import exemption_functions, param_group_function, parts_of
from lrdesigner.export.python_text import all_of, quoted
from lrdesigner.export.query_code import Conditions, conditions_for
from lrdesigner.export.written import Function, comment, function, wrapped_call
from lrdesigner.membership import membership, wished
from lrdesigner.model_rows import rows_of
from lrdesigner.optimizers import optimizer_of, refuses
from lrdesigner.param_groups import ParamGroup
from lrdesigner.queries.find import matching_parameters

EMBEDDINGS = ("Embedding", "EmbeddingBag")

# Constants of the file itself; those of conditions are called otherwise.
_TAKEN = frozenset({"pins", "remainder", "wrappers", "layers", "no_decay", "frozen", "never_trained", "matrices_only"})


def is_by_pins_alone(design: Design, groups: Sequence[ParamGroup], exported: Mapping[int, str]) -> bool:
    """Whether a table of pins and the remainder say it all: no rules that matter, no layers, nothing passed over."""
    return not (parts_of(design, groups) or _rules(design, exported) or _passes_over(design))


def membership_code(design: Design, groups: Sequence[ParamGroup], exported: Mapping[int, str]) -> dict[str, Any]:
    """What the template shows of it; `exported` has the names of the file's groups by their ids."""
    conditions, parts = conditions_for(design), parts_of(design, groups)
    conditions.taken |= _TAKEN
    choosy = [group for group in design.groups if group.id in exported and _is_choosy(group)]
    # A group that takes nothing needs no word of what it would not take.
    refusing = _refusing(design, choosy, conditions) if choosy and _passes_over(design) else None
    rule = _rule(design, exported, {group.id for group in choosy} if refusing else set(), conditions)
    exempt = exemption_functions(parts, conditions)
    of_group, of_part = _group_of(refusing, rule), param_group_function(parts, exempt)
    callers = [one for one in (of_part, of_group) if one is not None]
    functions = [*callers, *exempt.values(), *(one for one in (refusing, rule) if one is not None)]
    return {
        "functions": functions,
        "group_call": of_group.call(tensor="parameter"),
        "norm_call": of_group.call(tensor="mean", names="[name]"),
        "part_call": of_part.call(tensor="parameter") if of_part else None,
        "layers": {part.group.name: part.layers for part in parts if part.layers},
        "no_decay": {stem: name for part in parts for stem, name in part.renamed.items()},
        "matrices_only": tuple(group.name for group in choosy) if refusing else (),
        "norm_typed": "classes" in of_group.takes,
        "typed": any("classes" in one.takes for one in callers),
        "looks_around": any("_around(" in one.source for one in callers),
        "looks_at_own": any("_own(" in one.source for one in callers),
        "own_classes": conditions.own_classes,
        "needs_regex": conditions.needs_regex,
        "needs_paths": conditions.needs_paths,
        "name_sets": conditions.constants,
    }


def _rules(design: Design, exported: Mapping[int, str]) -> list[tuple[str, int, str]]:
    """(rule, group, query) of the rules that fit something, in order."""
    inventory = design.model.inventory
    return [
        (rule.name, rule.group, rule.where)
        for rule in design.rules
        if rule.group in exported and bool(matching_parameters(inventory, rule.where).any())
    ]


def _is_choosy(group: Group) -> bool:
    return refuses(group.options, 1, ()) is not None


def _passes_over(design: Design) -> bool:
    """Whether anything would be elsewhere if every optimizer took everything."""
    return not np.array_equal(membership(design).owners, wished(design).owners)


def _refusing(design: Design, choosy: Sequence[Group], conditions: Conditions) -> Function:
    inventory, rows = design.model.inventory, rows_of(design.model.inventory)
    owners = {rows.types[rows.parents[row]] for row in rows.parameter_rows.tolist()} - {""}
    embeddings = {
        kind for kind in owners if any(name.endswith(EMBEDDINGS) for name in (kind, *inventory.bases.get(kind, ())))
    }
    titles = " and ".join(sorted({optimizer_of(group.options).name for group in choosy}))
    lines = ["    if tensor.ndim != 2:"]
    if embeddings:
        lines = [
            '    owners = [classes.get(name.rpartition(".")[0], set()) for name in names]',
            *wrapped_call("embeds = any", f"{conditions.kinds(embeddings, 'embedding', 'own')} for own in owners", 4),
            "    if embeds or tensor.ndim != 2:",
        ]
    lines += ["        return MATRICES_ONLY", "    return frozenset()"]
    words = f"Give the groups that do not take a tensor: {titles} is for hidden matrices."
    return function("_refusing", "frozenset[str]", words, lines)


def _rule(design: Design, exported: Mapping[int, str], choosy: set[int], conditions: Conditions) -> Function | None:
    """The rules in order; a name that fits none is the remainder's."""
    lines, place = list[str](), 0
    for name, group, where in _rules(design, exported):
        found = conditions.query(where, name)
        if found is None:
            continue
        if group in choosy:
            found = [f"{quoted(exported[group])} not in refusing", *(one for one in found if one != "True")]
        lines += [
            *comment(where if where.startswith(name.removesuffix("…")) else f"{name}: {where}", 4),
            all_of("if", found, 4, ":"),
            f"        return {place}, {quoted(exported[group])}",
        ]
        place += 1
    if not place:
        return None
    words = "Give the place, in their order, and the group of the first rule that fits."
    return function("_rule", "tuple[int, str | None]", words, [*lines, f"    return {place}, REMAINDER"])


def _group_of(refusing: Function | None, rule: Function | None) -> Function:
    """Pins, then rules, then the remainder."""
    lines = [f"    refusing = {refusing.call()}"] if refusing else []
    pin = "_nearest_pin(name, refusing)" if refusing else "_nearest_pin(name)"
    distance = "distance" if rule else "_"
    lines += [f"    pins = [{pin} for name in names]", f"    {distance}, group = min(pins, key=lambda pin: pin[0])"]
    if rule:
        lines += ["    if distance == NO_PIN:"]
        if rule.by_name:
            lines += wrapped_call("_, group = min", f"{rule.for_name()} for name in names", 8)
        else:
            lines += [f"        _, group = {rule.call()}"]
    words = f"Give the group of a tensor: by the nearest pin{', else by the first rule' if rule else ''}."
    return function("_group_of", "str | None", words, [*lines, "    return group"])

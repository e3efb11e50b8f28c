"""What a group's optimizer refuses of what is put into the group, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from msgspec.structs import replace

from lrdesigner.document import Design
from lrdesigner.membership import Membership, membership, refused_parameters
from lrdesigner.model_rows import Bools, rows_of
from lrdesigner.optimizers import AdamWOptions, optimizer_name, refuses


def why_refused(design: Design, paths: Iterable[str], group: int) -> str:
    """Why a group would take nothing of these modules and tensors; "" when it would take some.

    >>> from lrdesigner.document import Model, new_design
    >>> why_refused(new_design(Model()), ("head",), 1)
    ''
    """
    if not is_choosy(design, group):
        return ""
    inside = _below(design, paths) & _firsts(design)
    refused = refused_parameters(design.model.inventory, design.group(group).options)
    if not inside.any() or (inside & ~refused).any():
        return ""
    return f"{optimizer_name(design.group(group).options)} takes hidden matrices only; none are in it"


def acceptable(design: Design, paths: Iterable[str], group: int) -> tuple[str, ...]:
    """Those of the paths that can be assigned to a group: without single tensors that its optimizer refuses."""
    wanted = tuple(paths)
    if not is_choosy(design, group):
        return wanted
    refused = refused_parameters(design.model.inventory, design.group(group).options)
    infos = design.model.inventory.parameters
    names = {infos[place].name for place in np.flatnonzero(refused).tolist()}
    return tuple(path for path in wanted if path not in names)


def refusal_text(design: Design, paths: Iterable[str], group: int) -> str:
    """Of what was just put into a group, what went elsewhere: "14 of 40 tensors went to everything: Muon takes ..."."""
    if not is_choosy(design, group):
        return ""
    inside = _below(design, paths) & _firsts(design)
    found, options = membership(design), design.group(group).options
    elsewhere = inside & refused_parameters(design.model.inventory, options)
    if not elsewhere.any():
        return ""
    number, of = int(elsewhere.sum()), int(inside.sum())
    takers = _takers(design, found, elsewhere)
    return f"{number:,} of {of:,} tensors went to {takers}: {optimizer_name(options)} takes hidden matrices only"


def passed_over(design: Design, group: int) -> str:
    """Of what pins and rules name a group for, how much its optimizer refuses: "14 tensors are refused ..."."""
    if not is_choosy(design, group):
        return ""
    groups = tuple(replace(g, options=AdamWOptions()) if g.id == group else g for g in design.groups)
    wanted, found = membership(replace(design, groups=groups)), membership(design)
    place = found.groups.index(group)
    elsewhere = (wanted.owners == place) & (found.owners != place) & _firsts(design)
    if not elsewhere.any():
        return ""
    number = int(elsewhere.sum())
    verb = "1 tensor is" if number == 1 else f"{number:,} tensors are"
    return f"{verb} in {_takers(design, found, elsewhere)}: {optimizer_name(design.group(group).options)} refuses them"


def is_choosy(design: Design, group: int) -> bool:
    """Whether the group's optimizer refuses anything."""
    return refuses(design.group(group).options, 1, ()) is not None


def _takers(design: Design, found: Membership, marked: Bools) -> str:
    """The groups that marked parameters are in, those with most first."""
    counted = Counter(found.owners[marked].tolist())
    names = [design.group(found.groups[place]).name for place, _ in counted.most_common()]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} others"


def _below(design: Design, paths: Iterable[str]) -> Bools:
    """For each parameter, whether it is one of the paths or inside of one."""
    rows = rows_of(design.model.inventory)
    marked = np.zeros(len(rows), dtype=np.bool_)
    for path in paths:
        row = rows.ids.get(path)
        if row is not None:
            marked[row : int(rows.ends[row])] = True
    found: Bools = marked[rows.parameter_rows]
    return found


def _firsts(design: Design) -> Bools:
    rows = rows_of(design.model.inventory)
    found: Bools = rows.firsts == np.arange(len(rows.firsts))
    return found

"""Why a parameter or module is in its group, layer and param group, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from lrdesigner.document import DecayExemption, Design
from lrdesigner.errors import UserError
from lrdesigner.expansion import ParamGroup, exempt_parameters, layer_scales
from lrdesigner.membership import Placement, ancestors, membership, refusal
from lrdesigner.model_rows import rows_of
from lrdesigner.numbers import rate
from lrdesigner.param_groups import trained_groups
from lrdesigner.queries.find import matching_parameters

NEVER_TRAINS = "never trains: requires_grad is False"
MOST_TOLD = 6
"""Names or reasons that are listed; of more there is their number."""


def why(design: Design, path: str) -> str:
    """Why a parameter or module is where it is, one fact a line; raises `UserError` for a path that there is not.

    >>> from lrdesigner.demos import demo_design
    >>> print(why(demo_design(), "classifier.5.bias"))
    in head: pinned by classifier.5
    """
    rows = rows_of(design.model.inventory)
    row = rows.ids.get(path)
    if row is None:
        raise UserError(f"The model has no module or parameter {path!r}.")
    if rows.parameters[row] is not None:
        place = int(np.flatnonzero(rows.parameter_rows == row)[0])
        return "\n".join(_of_parameter(design, place))
    below = np.flatnonzero((rows.parameter_rows >= row) & (rows.parameter_rows < rows.ends[row]))
    if not len(below):
        return "in no group: it holds no parameters"
    return "\n".join(_of_module(design, path, below.tolist()))


def reason_of(design: Design, placement: Placement, path: str | None = None) -> str:
    """What put something there: `pinned by features`, `rule 2, norms (type:norm)`, or the remainder.

    `path` is what is asked about, for which its own pin is `pinned here`.
    """
    if placement.pinned_by is not None:
        where = placement.pinned_by or "the whole model"
        return "pinned here" if placement.pinned_by == path else f"pinned by {where}"
    if placement.rule is None:
        return f"the remainder takes what no pin {'or rule ' if design.rules else ''}reaches"
    number, rule = next((n, rule) for n, rule in enumerate(design.rules, 1) if rule.name == placement.rule)
    return f"rule {number}, {rule.name}" + ("" if rule.name == rule.where else f" ({rule.where})")


def ties(names: Sequence[str]) -> str:
    """That a parameter has other names, too."""
    more = f" and {len(names) - MOST_TOLD:,} more" if len(names) > MOST_TOLD else ""
    return f"one tensor with {', '.join(names[:MOST_TOLD])}{more}: of all its names the nearest pin decides"


def _of_module(design: Design, path: str, places: list[int]) -> Iterator[str]:
    members = membership(design)
    found = Counter(members.placement(place) for place in places)
    if len(found) == 1:
        placement = next(iter(found))
        yield f"in {design.group(placement.group).name}: {reason_of(design, placement, path)}"
        return
    groups = dict.fromkeys(design.group(placement.group).name for placement in found)
    yield f"in {len(groups)} groups: {', '.join(groups)}" if len(groups) > 1 else f"in {next(iter(groups))}"
    for placement, number in found.most_common(MOST_TOLD):
        name, tensors = design.group(placement.group).name, "tensor" if number == 1 else "tensors"
        yield f"{number:,} {tensors} in {name}: {reason_of(design, placement, path)}"
    if len(found) > MOST_TOLD:
        yield f"and {len(found) - MOST_TOLD:,} more reasons"


def _of_parameter(design: Design, place: int) -> Iterator[str]:
    inventory, rows = design.model.inventory, rows_of(design.model.inventory)
    info, first = inventory.parameters[place], inventory.parameters[int(rows.firsts[place])]
    placement = membership(design).placement(place)
    yield f"in {design.group(placement.group).name}: {reason_of(design, placement, info.name)}"
    yield from _refusals(design, place, placement)
    names = [inventory.parameters[other].name for other in np.flatnonzero(rows.firsts == rows.firsts[place]).tolist()]
    others = [name for name in names if name != info.name]
    if others:
        yield ties(others)
    if not info.trainable:
        yield NEVER_TRAINS
        return
    for part in trained_groups(design):
        if part.group.id == placement.group and any(member.name == first.name for member in part.parameters):
            yield from _of_part(design, part, first.name)


def _refusals(design: Design, place: int, placement: Placement) -> Iterator[str]:
    """Whose pins and rules would come first, but whose optimizer is not for this tensor."""
    inventory, rows = design.model.inventory, rows_of(design.model.inventory)
    names = np.flatnonzero(rows.firsts == rows.firsts[place]).tolist()
    pins = {pin.path: pin.group for pin in design.pins}
    near = [
        (distance, path)
        for name in names
        for distance, path in enumerate(ancestors(inventory.parameters[name].name))
        if path in pins
    ]
    asked = [Placement(pins[path], pinned_by=path) for _, path in sorted(near, key=lambda one: one[0])]
    asked += [
        Placement(rule.group, rule=rule.name)
        for rule in design.rules
        if bool(matching_parameters(inventory, rule.where)[place])
    ]
    for wish in dict.fromkeys(asked):
        if wish == placement:
            return
        name, group = inventory.parameters[place].name, design.group(wish.group)
        refused = refusal(inventory, group.options, name)
        if refused is not None:
            yield f"not in {group.name} ({reason_of(design, wish, name)}): {refused}"


def _of_part(design: Design, part: ParamGroup, name: str) -> Iterator[str]:
    """The layer and the decay of a parameter in its param group."""
    group = design.group(part.group.id)
    if part.name == group.name:
        return
    yield f"param group {part.name}"
    if part.layers is not None:
        members = membership(design).trainable(group.id)
        layers, scales = layer_scales(group, members)
        layer = layers.of[[member.name for member in members].index(name)]
        where = f" ({layers.pattern})" if layers.pattern else ""
        scaled = f"{scales[layer]:.4g} x the group's rate, base lr {rate(part.group.lr.base)}"
        yield f"layer {layer} of 0 to {layers.count - 1}{where}: {scaled}"
    if part.exempt and group.exempt is not None:
        yield f"no weight decay: {', '.join(_exempt_by(design, group.exempt, name))}"


def _exempt_by(design: Design, exemption: DecayExemption, name: str) -> list[str]:
    """The conditions of an exemption that free a tensor."""
    inventory = design.model.inventory
    place = next(place for place, info in enumerate(inventory.parameters) if info.name == name)
    told = {
        "bias": "a bias",
        "norm": "in a norm",
        "one_dimensional": "at most one dimension",
        "embeddings": "in an embedding",
        "where": f"fits {exemption.where}",
    }
    found = []
    for field, words in told.items():
        value = getattr(exemption, field)
        if value and bool(exempt_parameters(inventory, _only(field, value))[place]):
            found.append(words)
    return found


def _only(field: str, value: bool | str) -> DecayExemption:
    fields: dict[str, bool | str] = {"bias": False, "norm": False, "one_dimensional": False, field: value}
    return DecayExemption(**fields)  # type: ignore[arg-type]

"""Options of a live param group as the table of optimizers has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from lrdesigner.capturing.description import LiveGroup, LiveOptimizer
from lrdesigner.errors import UserError
from lrdesigner.optimizers import OPTIMIZERS, AnyOptions, CustomOptions
from lrdesigner.optimizers.custom import NOT_OPTIONS
from lrdesigner.optimizers.options import TUPLES

_OF_TUPLES = MappingProxyType(
    {part: (whole, place) for whole, parts in TUPLES.items() for place, part in enumerate(parts)}
)


def captured_options(optimizer: LiveOptimizer, group: LiveGroup, moving: Mapping[str, float]) -> AnyOptions:
    """The options of a group; `moving` has the base values of those that schedules move.

    Raises `UserError` for values out of the bounds that a design has.
    """
    entry = OPTIMIZERS.get(optimizer.type) if optimizer.in_torch else None
    if entry is None:
        return _custom(optimizer, group, moving)
    found: dict[str, Any] = {"optimizer": entry.name}
    for name in entry.options.__struct_fields__:
        whole, place = _OF_TUPLES.get(name, ("", 0))
        if name in moving:
            found[name] = moving[name]
        elif name in group.options:
            found[name] = group.options[name]
        elif isinstance(values := group.options.get(whole), list) and place < len(values):
            found[name] = values[place]
    try:
        options: AnyOptions = msgspec.convert(found, AnyOptions)
    except msgspec.ValidationError as error:
        raise UserError(f"The options of a group of {optimizer.type} cannot be in a design: {error}.") from None
    return options


def _custom(optimizer: LiveOptimizer, group: LiveGroup, moving: Mapping[str, float]) -> AnyOptions:
    """What the constructor takes, of plain values; infinities, which are told as text, are left out."""
    path = f"torch.optim.{optimizer.type}" if optimizer.in_torch else optimizer.type
    names = [name for name in optimizer.arguments if name in group.options and name not in NOT_OPTIONS]
    options = {name: moving.get(name, group.options[name]) for name in names}
    if "betas" in options and {"beta1", "beta2"} & moving.keys():
        both = zip(TUPLES["betas"], options["betas"], strict=True)
        options["betas"] = [moving.get(name, value) for name, value in both]
    plain = {name: value for name, value in options.items() if not isinstance(value, dict)}
    try:
        return msgspec.convert({"optimizer": "custom", "path": path, "options": plain}, CustomOptions)
    except (msgspec.ValidationError, UserError) as error:
        raise UserError(f"The options of {path} cannot be in a design: {error}.") from None


def movable(optimizer: LiveOptimizer, group: LiveGroup) -> tuple[str, ...]:
    """The options that a design can move: of weight_decay, momentum, beta1 and beta2 those that there are."""
    entry = OPTIMIZERS.get(optimizer.type) if optimizer.in_torch else None
    known = group.lanes.keys() if entry is None else entry.options.__struct_fields__
    return tuple(name for name in ("weight_decay", "momentum", "beta1", "beta2") if name in known)
